import type { ApiAnswer } from "../http/router.ts";

/** One problem in Cloudflare's numbering, and the status it comes with. */
export class CloudflareError extends Error {
  readonly status: number;
  readonly code: number;
  /** The precise reason behind a general one, for example 9005 behind 1004. */
  readonly reason: { code: number; message: string } | undefined;

  constructor(status: number, code: number, message: string, cause?: { code: number; message: string }) {
    super(message);
    this.status = status;
    this.code = code;
    this.reason = cause;
  }
}

/** 1004, the answer to every record that cannot be: what exactly is wrong stands in `error_chain`. */
export function invalidRecord(code: number, message: string): CloudflareError {
  return new CloudflareError(400, 1004, "DNS Validation Error", { code, message });
}

/** `{success: false, errors, messages, result: null}` */
export function errorAnswer({ status, code, message, reason }: CloudflareError): ApiAnswer {
  const chain = reason === undefined ? {} : { error_chain: [reason] };
  return { status, body: { success: false, errors: [{ code, message, ...chain }], messages: [], result: null } };
}

/** `{success: true, …, result}` */
export function success(result: unknown, more: Record<string, unknown> = {}): ApiAnswer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...more } };
}
