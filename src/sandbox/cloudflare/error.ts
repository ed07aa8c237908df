import type { ApiAnswer } from "../http/router.ts";

export interface Problem {
  code: number;
  message: string;
}

/** One problem in Cloudflare's numbering, and the status it comes with. */
export class CloudflareError extends Error {
  readonly status: number;
  readonly code: number;
  /** What is behind a general one: 6111 behind 6003. */
  readonly chain: Problem[];

  constructor(status: number, code: number, message: string, chain: Problem[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.chain = chain;
  }
}

/** A record that cannot be: the reason itself is the error. */
export function invalidRecord(code: number, message: string): CloudflareError {
  return new CloudflareError(400, code, message);
}

/** `{success: false, errors, messages, result: null}` */
export function errorAnswer({ status, code, message, chain }: CloudflareError): ApiAnswer {
  const error_chain = chain.length === 0 ? {} : { error_chain: chain };
  return { status, body: { success: false, errors: [{ code, message, ...error_chain }], messages: [], result: null } };
}

/** `{success: true, …, result}` */
export function success(result: unknown, more: Record<string, unknown> = {}): ApiAnswer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...more } };
}
