/** How the process ends, for scripts. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import type { CliCommand } from "./command.ts";
import { ServiceRefusal } from "./service-client/refusal.ts";

export const EXIT = {
  done: 0,
  failed: 1,
  /** Of a command that has `answers`: it was looked, and something was found. */
  found: 2,
  usedWrongly: 2,
  notConfirmed: 3,
  tryAgainLater: 4,
  interrupted: 130,
} as const;

export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    failed, or doctor found something
  2    used wrongly, or a setting is missing or malformed
  3    not confirmed: nothing was done
  4    failed for now; the same command may succeed later
  130  interrupted by Ctrl-C
drift and sweep answer by theirs: see their --help.`;

export function answersHelp(answers: NonNullable<CliCommand["answers"]>): string {
  return `Exit codes of this command:
  0    ${answers[0]}
  2    ${answers[2]}
  1    anything that went wrong, wrong use too
  130  interrupted by Ctrl-C`;
}

const USED_WRONGLY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["CONFIG_INVALID", "INPUT_INVALID", "USERNAME_INVALID"]);

/** Somebody was asked, or would have to be, and did not say yes. */
export class NotConfirmed extends UserVpsError {
  constructor(message: string, next: string) {
    super("CANCELLED", message, { next });
  }
}

/** @param command the one that was asked for, if it is known */
export function exitCodeOf(error: unknown, command?: Pick<CliCommand, "answers">): number {
  const code = usualExitCodeOf(error);
  return command?.answers && code !== EXIT.interrupted ? EXIT.failed : code;
}

function usualExitCodeOf(error: unknown): number {
  if (error instanceof NotConfirmed) return EXIT.notConfirmed;
  if (error instanceof ServiceRefusal) return exitCodeOfRefusal(error);
  if (!(error instanceof UserVpsError)) return EXIT.failed;
  if (error.code === "CANCELLED") return EXIT.interrupted;
  if (USED_WRONGLY.has(error.code)) return EXIT.usedWrongly;
  // Whatever the engine failed with, such as a refusal, it may well fail with again.
  if (error.code === "ENGINE_FAILED") return EXIT.failed;
  return error.retry === "backoff" ? EXIT.tryAgainLater : EXIT.failed;
}

function exitCodeOfRefusal({ code, status }: ServiceRefusal): number {
  if (code === "CONFIRMATION_WRONG") return EXIT.notConfirmed;
  if (status === 400 || status === 401 || status === 403 || status === 422) return EXIT.usedWrongly;
  return status === 429 || status === 503 ? EXIT.tryAgainLater : EXIT.failed;
}
