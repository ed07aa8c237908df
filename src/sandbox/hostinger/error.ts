import { randomUUID } from "node:crypto";
import type { ApiAnswer } from "../http/router.ts";

/** An answer of the Hostinger API that is no success. */
export class HostingerError extends Error {
  readonly status: number;
  readonly errors: Record<string, string[]> | undefined;

  constructor(status: number, message: string, errors?: Record<string, string[]>) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** `{message, errors?, correlation_id}`, as every error of the API (Common.Response.* in the contract). */
export function errorAnswer({ status, message, errors }: HostingerError): ApiAnswer {
  return { status, body: { message, ...(errors === undefined ? {} : { errors }), correlation_id: randomUUID() } };
}

export function notFound(what: string): HostingerError {
  return new HostingerError(404, `${what} not found`);
}

/** What the API says while another action of the VM is under way. */
export function locked(): HostingerError {
  return new HostingerError(422, "Virtual machine actions are locked: another action is in progress");
}
