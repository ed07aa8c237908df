/** What an HTTP library's error means: which kind of failure, and whether the server can have got the request. */

import { inSeconds } from "./time.ts";

/** `too-large`: the answer is longer than what is read. */
export type HttpFailureKind = "timeout" | "unreachable" | "certificate" | "cancelled" | "too-large";

/** No complete answer came. Holds neither headers nor body, so that no token leaks with it. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  readonly kind: HttpFailureKind;
  /** False only when it is certain that the server did not get the request. */
  readonly maybeSent: boolean;

  constructor(kind: HttpFailureKind, maybeSent: boolean, message: string) {
    super(message);
    this.kind = kind;
    this.maybeSent = maybeSent;
  }
}

const CERTIFICATE_CODE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_)/;
/** Of Node and of undici, for arguments that nothing could be done with, and a client that was closed before. */
const MISTAKE_CODE = /^(ERR_INVALID_|ERR_HTTP_|UND_ERR_INVALID_ARG$|UND_ERR_(NOT_SUPPORTED|CLOSED|DESTROYED)$)/;

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** An error of whoever wrote the program, not of the network: it must not be taken for one that passes. */
export function isMistake(error: unknown): boolean {
  if (!(error instanceof Error) || MISTAKE_CODE.test(codeOf(error))) return true;
  return codeOf(error) === "" && [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
}

/** DNS failed, nobody listens, no route, connect time-out, or a certificate that is not trusted. */
export function isBeforeConnection(error: unknown): boolean {
  const { syscall, errors } = error as { syscall?: string; errors?: unknown[] };
  return (
    syscall === "connect" ||
    syscall === "getaddrinfo" ||
    codeOf(error) === "UND_ERR_CONNECT_TIMEOUT" ||
    CERTIFICATE_CODE.test(codeOf(error)) ||
    (Array.isArray(errors) && errors.length > 0 && errors.every(isBeforeConnection))
  );
}

export function failureOf(error: unknown, attempt: AbortSignal, timeoutMs: number, maybeSent: boolean): HttpFailure {
  if (attempt.aborted && attempt.reason === "cancelled") return new HttpFailure("cancelled", maybeSent, "cancelled");
  if (attempt.aborted) return new HttpFailure("timeout", maybeSent, `no complete answer within ${inSeconds(timeoutMs)}`);
  const code = codeOf(error) || "no code";
  if (CERTIFICATE_CODE.test(code)) return new HttpFailure("certificate", maybeSent, `the server's certificate is not trusted (${code})`);
  if (code === "UND_ERR_CONNECT_TIMEOUT") return new HttpFailure("timeout", maybeSent, "no connection within the time limit");
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return new HttpFailure("too-large", maybeSent, "the answer is longer than what is read of one");
  return new HttpFailure("unreachable", maybeSent, maybeSent ? `the connection broke (${code})` : `no connection (${code})`);
}
