/** What HTTP itself can refuse; what the rest of the service refuses has its code from ERROR_CATALOGUE. */

interface HttpErrorEntry {
  /** What happened, in general. */
  readonly meaning: string;
  readonly status: number;
  readonly next: string;
}

export const HTTP_ERRORS = {
  REQUEST_INVALID: { meaning: "The request is malformed, or has fields that are not known.", status: 400, next: "Correct what `details` names; /docs describes every request." },
  UNAUTHENTICATED: { meaning: "There is no token, or none that is valid here.", status: 401, next: "Send a valid token: `Authorization: Bearer …`." },
  SCOPE_MISSING: { meaning: "The token is valid, but not for this.", status: 403, next: "Use a token with the scope that the message names." },
  ACTION_NOT_ALLOWED: { meaning: "The service does not let users do this themselves.", status: 403, next: "Ask an operator; the setting USER_ACTIONS allows it." },
  HAND_OVER_USED: { meaning: "The code is not good (any more): it was used, or its time is over.", status: 401, next: "Have the backend ask for a new one: POST /api/vps/hand-over." },
  CSRF_TOKEN_WRONG: { meaning: "A change that is signed in by the page's cookie lacks the session's CSRF token.", status: 403, next: "Load the page again; a program sends its token in the header Authorization." },
  VPS_NOT_FOUND: { meaning: "The caller has not asked for a VPS.", status: 404, next: "Ask for a VPS first: POST /api/vps/provision." },
  USER_NOT_FOUND: { meaning: "There is no user of this name.", status: 404, next: "List the users: GET /api/admin/vps." },
  RUN_NOT_FOUND: { meaning: "There is no run with this id.", status: 404, next: "List the user's runs: GET /api/admin/vps/{username}/runs." },
  FINDING_NOT_FOUND: { meaning: "There is no finding with this id.", status: 404, next: "List the findings: GET /api/admin/findings." },
  POOL_NOT_FOUND: { meaning: "There is no pool with this id.", status: 404, next: "List the pools: GET /api/admin/pools." },
  NOTIFICATION_NOT_FOUND: { meaning: "There is no notification with this id, or no target with this name.", status: 404, next: "List them: GET /api/admin/notifications, GET /api/admin/notification-targets." },
  ROLL_OUT_NOT_FOUND: { meaning: "There is no roll-out with this id.", status: 404, next: "List the roll-outs: GET /api/admin/roll-outs." },
  ROUTE_NOT_FOUND: { meaning: "There is nothing at this address.", status: 404, next: "See /docs for what there is." },
  METHOD_NOT_ALLOWED: { meaning: "The address is there, but not for this method.", status: 405, next: "Use one of the methods of the header Allow." },
  REQUEST_TIMEOUT: { meaning: "The request did not come to its end in time.", status: 408, next: "Send the whole request at once." },
  CREDENTIALS_NOT_READY: { meaning: "There are no credentials to show yet.", status: 409, next: "Wait until GET /api/vps/status says `credentials: available`." },
  CREDENTIALS_ALREADY_SHOWN: { meaning: "The credentials have been shown, and are deleted since.", status: 409, next: "Make new ones: POST /api/vps/rotate-credentials, if USER_ACTIONS allows it; else ask an operator to." },
  CREDENTIALS_REPLACED: { meaning: "The credentials that were named have been replaced by new ones since, and are good for nothing any more.", status: 409, next: "Forget them, and ask for those that are good now: POST /api/vps/credentials." },
  STATUS_CONFLICT: { meaning: "It does not fit the present status.", status: 409, next: "Look at the status, and do what fits it." },
  BODY_TOO_LARGE: { meaning: "The body is longer than BODY_LIMIT_BYTES.", status: 413, next: "Send a shorter body." },
  CONTENT_TYPE_UNSUPPORTED: { meaning: "The body is not JSON.", status: 415, next: "Send JSON: `Content-Type: application/json`." },
  CONFIRMATION_WRONG: { meaning: "What cannot be undone was not confirmed by its name, typed again.", status: 422, next: "Repeat what the message names exactly as `confirm`." },
  RATE_LIMITED: { meaning: "Too many requests came within a minute, or too many streams are open.", status: 429, next: "Wait as long as the header Retry-After says." },
  HEADERS_TOO_LARGE: { meaning: "The request's headers are too long.", status: 431, next: "Send shorter headers." },
  INTERNAL: { meaning: "Something went wrong in the service; its log holds the reason.", status: 500, next: "Try again; if it recurs, tell an operator the requestId." },
  SIGN_IN_UNAVAILABLE: { meaning: "The keys that tokens are verified with cannot be fetched.", status: 503, next: "Try again in a moment." },
  NOT_READY: { meaning: "The service, or a worker that is needed for the answer, is not there for the moment.", status: 503, next: "Wait, and see the log of the service." },
  HOSTINGER_FAILED: { meaning: "A worker asked Hostinger for what was wanted, and that failed.", status: 503, next: "Read the message; then try again." },
  PREVIEW_FAILED: { meaning: "A worker tried the preview that was asked for, and it failed.", status: 503, next: "Read the message; then try again." },
  SHUTTING_DOWN: { meaning: "This process is ending.", status: 503, next: "Try again at once: another process answers." },
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
