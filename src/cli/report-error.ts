/** An error as people and programs see it. */
import { wordsOf } from "../../providers/core/errors.ts";
import type { ErrorWords } from "../../providers/core/errors.ts";
import { ServiceRefusal } from "./service-client/refusal.ts";

export interface ErrorView {
  readonly error: ErrorWords;
}

/** For `--json`. */
export function errorView(error: unknown): ErrorView {
  if (error instanceof ServiceRefusal) return { error: { code: error.code, message: error.message, next: error.next } };
  return { error: wordsOf(error) };
}

export function errorText(error: unknown, { verbose = false } = {}): string {
  const { code, message, next } = errorView(error).error;
  const lines = [`${code}: ${message}`, `Next: ${next}`];
  if (verbose && error instanceof Error) lines.push("", ...stacksOf(error));
  return lines.join("\n");
}

function* stacksOf(error: Error): Generator<string> {
  for (let one: unknown = error; one instanceof Error; one = one.cause) yield one.stack ?? one.message;
}
