/** An error as people and programs see it. */
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { ServiceRefusal } from "./service-client/refusal.ts";

export interface ErrorView {
  readonly error: { readonly code: string; readonly message: string; readonly next: string };
}

const UNKNOWN_NEXT = "Run it again with --verbose, and report what it says.";

/** For `--json`. */
export function errorView(error: unknown): ErrorView {
  if (error instanceof ServiceRefusal) return { error: { code: error.code, message: error.message, next: error.next } };
  if (!(error instanceof UserVpsError)) return { error: { code: "UNEXPECTED", message: reasonOf(error), next: UNKNOWN_NEXT } };
  const { code, next } = error;
  return { error: { code, message: error.message.replace(`${code}: `, "").replace(` Next: ${next}`, "").trim(), next } };
}

export function errorText(error: unknown, { verbose = false } = {}): string {
  const { code, message, next } = errorView(error).error;
  const lines = [`${code}: ${message}`, `Next: ${next}`];
  if (verbose && error instanceof Error) lines.push("", ...stacksOf(error));
  return lines.join("\n");
}

/** An AggregateError, as of a refused connection, has no message of its own. */
export function reasonOf(error: unknown): string {
  return messageOf(error) || ((error as { code?: string }).code ?? "unknown error");
}

function* stacksOf(error: Error): Generator<string> {
  for (let one: unknown = error; one instanceof Error; one = one.cause) yield one.stack ?? one.message;
}
