/** What the service refused, with its own code: see src/http/http-error.ts and ERROR_CATALOGUE. */
import type { HttpErrorCode } from "../../http/http-error.ts";

/** The service advises whoever asks it by HTTP; at the command line the same is a command. */
const BY_COMMAND: Partial<Record<HttpErrorCode, string>> = {
  USER_NOT_FOUND: "`user-vps list` shows the users.",
  RUN_NOT_FOUND: "`user-vps logs USER --runs` lists a user's runs.",
  FINDING_NOT_FOUND: "`user-vps findings --all` lists them.",
  POOL_NOT_FOUND: "`user-vps pool list` shows the pools.",
  NOTIFICATION_NOT_FOUND: "`user-vps notification list` and `user-vps notification targets` show what there is.",
  ROLL_OUT_NOT_FOUND: "`user-vps release list --roll-outs` lists the roll-outs.",
  STATUS_CONFLICT: "Look at `user-vps status USER`, and do what fits it.",
  CONFIRMATION_WRONG: "Repeat what the message names exactly, with --confirm.",
  UNAUTHENTICATED: "Log in by `user-vps login URL`, or set USER_VPS_TOKEN to a valid token; JWT_SECRET signs one only if it is the service's own.",
  CSRF_TOKEN_WRONG: "Log in again by `user-vps login URL`.",
  REQUEST_INVALID: "Correct the values that the message names; --help tells what the command takes.",
  ROUTE_NOT_FOUND: "Check USER_VPS_URL: it is to be the service's own address, and the service as new as this command.",
};

export class ServiceRefusal extends Error {
  override readonly name = "ServiceRefusal";
  readonly code: string;
  /** For whoever sits at the command line. */
  readonly next: string;
  /** HTTP status. */
  readonly status: number;

  constructor(code: string, message: string, next: string, status: number) {
    super(message);
    this.code = code;
    this.next = BY_COMMAND[code as HttpErrorCode] ?? next;
    this.status = status;
  }
}
