import { shortened as cut } from "../../providers/core/cut-text.ts";
import { codeInText, UserVpsError } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import { operatorsAdvice } from "./operators-advice.ts";

/** What a failed run of the engine left to judge by. */
export interface FailedRun {
  readonly stackName: string;
  /** Messages of severity `error`, in their order. */
  readonly errors: readonly string[];
  /** Everything that the command line printed. */
  readonly output: string;
  /** Of the process: `exit code 255`, `killed by SIGKILL`. */
  readonly end: string;
  /** Takes secrets out, before a text is cut where one may stand. */
  readonly redact?: ((text: string) => string) | undefined;
  /** Of the service's: who is told of it does not set the stack's settings. */
  readonly isOfService?: boolean;
}

/** The engine's words for what has a code here. */
const KNOWN: readonly [RegExp, ErrorCode][] = [
  [/the stack is currently locked/i, "STACK_LOCKED"],
  [/failed to ping PostgreSQL|failed to connect to PostgreSQL|\bpq: |\bdriver: bad connection|dial tcp \S+: connect: connection refused.*sql/i, "DATABASE_FAILED"],
];

/** The command line's own errors stand at the edge, and those that they list behind a tab; what a resource says, be it a user's VPS that says it, is indented by blanks. */
const ENGINES_OWN = /^(error: |\t)/;

/** What to look at where the engine cannot read a state, by its words (pulumi/pkg/secrets). */
const ADVICE: readonly [RegExp, string][] = [
  [/passphrase/i, "Set PULUMI_CONFIG_PASSPHRASE, or what PULUMI_CONFIG_PASSPHRASE_FILE names, to what the stack was made with: a stack keeps the way its secrets are encrypted by, whatever SECRETS_PROVIDER says."],
  [/\bsecrets \(code=/i, "See that the key service in SECRETS_PROVIDER answers, and that workers may encrypt and decrypt with its key."],
];

/** Cloudflare's own words, of the engine's plugin: https://developers.cloudflare.com/dns/troubleshooting/ */
const ZONE_FULL = /\b81045\b|record quota exceeded/i;

const LONGEST_MESSAGE = 2_000;
const NEXT = " Next: ";

/** The failure as a UserVpsError: by the code that a provider put into its message, else by the engine's own words. */
export function failureOf({ redact = (text) => text, ...given }: FailedRun): UserVpsError {
  const run = { ...given, errors: given.errors.map(redact), output: redact(given.output) };
  const telling = run.errors.filter((text) => !/^(update|preview|refresh|destroy) failed$/.test(text.trim()));
  // What a provider of ours says may quote a user's VPS, which is not to be taken for the engine's own words.
  const others = telling.filter((text) => !codeInText(text));
  const ours = telling.filter((text) => !others.includes(text));
  const quoted = ours.flatMap((text) => text.split("\n"));
  const ownLines = run.output.split("\n").filter((line) => ENGINES_OWN.test(line));
  for (const [pattern, code] of KNOWN) {
    const words = quoted.filter((text) => pattern.test(text)).map((text) => text.trim());
    const line = [...ownLines, ...others].find((text) => pattern.test(text) && !words.some((part) => text.includes(part)));
    if (line) return new UserVpsError(code, `The engine could not work on the stack ${run.stackName}: ${shortened(line)}`);
  }
  const full = others.find((text) => ZONE_FULL.test(text));
  if (full) return new UserVpsError("ZONE_FULL", `The DNS record of the stack ${run.stackName} cannot be made: ${shortened(full)}`);
  const [text = ""] = ours;
  const code = codeInText(text);
  if (code) return new UserVpsError(code, withoutFrame(text, code), nextIn(text, (advised) => (given.isOfService ? operatorsAdvice(run.stackName, code, advised) : undefined)));
  const reason = telling[0] ?? lastWords(run.output);
  const [, next] = ADVICE.find(([pattern]) => pattern.test(reason)) ?? [];
  return new UserVpsError("ENGINE_FAILED", `The engine stopped on the stack ${run.stackName} (${run.end})${reason ? `: ${shortened(reason)}` : "."}`, next ? { next } : {});
}

/** Between the code and the advice is what happened; before it, the engine's own words. What is quoted within may hold another code or advice: the first code and the last advice are the provider's. */
function withoutFrame(text: string, code: ErrorCode): string {
  const advice = text.lastIndexOf(NEXT);
  return shortened(text.slice(text.indexOf(`${code}:`) + code.length + 1, advice < 0 ? undefined : advice));
}

/** @param better than what is advised, or undefined */
function nextIn(text: string, better: (advised: string) => string | undefined): { next?: string } {
  const advice = text.lastIndexOf(NEXT);
  const next = advice < 0 ? undefined : text.slice(advice + NEXT.length).split("\n")[0]?.trim();
  return next ? { next: better(next) ?? next } : {};
}

/** What a server said may be lines of its own after the engine's `error: `. */
function lastWords(output: string): string {
  const lines = output.trim().split("\n");
  return lines.slice(lines.findLastIndex((line) => line.startsWith("error: "))).join("\n").trim();
}

function shortened(text: string): string {
  return cut(text.replaceAll(/\s+/g, " ").trim(), LONGEST_MESSAGE);
}
