/** What HTTP itself can refuse; what the rest of the service refuses has its code from ERROR_CATALOGUE. */

interface HttpErrorEntry {
  readonly status: number;
  readonly next: string;
}

export const HTTP_ERRORS = {
  REQUEST_INVALID: { status: 400, next: "Correct what `details` names; /docs describes every request." },
  UNAUTHENTICATED: { status: 401, next: "Send a valid token: `Authorization: Bearer …`." },
  SCOPE_MISSING: { status: 403, next: "Use a token with the scope that the message names." },
  CSRF_TOKEN_WRONG: { status: 403, next: "Load the page again; a program sends its token in the header Authorization." },
  VPS_NOT_FOUND: { status: 404, next: "Ask for a VPS first: POST /api/vps/provision." },
  USER_NOT_FOUND: { status: 404, next: "List the users: GET /api/admin/vps." },
  RUN_NOT_FOUND: { status: 404, next: "List the user's runs: GET /api/admin/vps/{username}/runs." },
  FINDING_NOT_FOUND: { status: 404, next: "List the findings: GET /api/admin/findings." },
  ROLL_OUT_NOT_FOUND: { status: 404, next: "List the roll-outs: GET /api/admin/roll-outs." },
  ROUTE_NOT_FOUND: { status: 404, next: "See /docs for what there is." },
  METHOD_NOT_ALLOWED: { status: 405, next: "Use one of the methods of the header Allow." },
  REQUEST_TIMEOUT: { status: 408, next: "Send the whole request at once." },
  CREDENTIALS_NOT_READY: { status: 409, next: "Wait until GET /api/vps/status says `credentials: available`." },
  CREDENTIALS_ALREADY_SHOWN: { status: 409, next: "Ask an operator to rotate them." },
  STATUS_CONFLICT: { status: 409, next: "Look at the status, and do what fits it." },
  BODY_TOO_LARGE: { status: 413, next: "Send a shorter body." },
  CONTENT_TYPE_UNSUPPORTED: { status: 415, next: "Send JSON: `Content-Type: application/json`." },
  CONFIRMATION_WRONG: { status: 422, next: "Repeat what the message names exactly as `confirm`." },
  RATE_LIMITED: { status: 429, next: "Wait as long as the header Retry-After says." },
  HEADERS_TOO_LARGE: { status: 431, next: "Send shorter headers." },
  INTERNAL: { status: 500, next: "Try again; if it recurs, tell an operator the requestId." },
  SIGN_IN_UNAVAILABLE: { status: 503, next: "Try again in a moment." },
  NOT_READY: { status: 503, next: "Wait, and see the log of the service." },
  PREVIEW_FAILED: { status: 503, next: "Read the message; then try again." },
  SHUTTING_DOWN: { status: 503, next: "Try again at once: another process answers." },
} as const satisfies Record<string, HttpErrorEntry>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

export interface ErrorDetail {
  /** Where: `body.plan`, `query.limit`, or the name of a check. */
  readonly path: string;
  readonly message: string;
}

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;
  readonly details: readonly ErrorDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpErrorCode, message: string, more: { details?: readonly ErrorDetail[]; headers?: Record<string, string>; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.details = more.details;
    this.headers = more.headers ?? {};
  }
}
