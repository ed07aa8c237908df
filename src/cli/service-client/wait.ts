/** Waiting for something that the service does. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { poll } from "../../../providers/core/polling.ts";
import { inSeconds, SECOND_MS } from "../../../providers/core/time.ts";
import type { Invocation, OptionDescription } from "../command.ts";
import { EXIT, exitCodeOf } from "../exit-codes.ts";
import type { Progress } from "../progress.ts";
import { wholeNumber } from "../argument-values.ts";

/** Two questions each: well below the service's RATE_LIMIT_PER_MINUTE. */
const INTERVAL_MS = 1.5 * SECOND_MS;

export interface Wait<T> {
  /** For messages: `sweep 7 to end`. */
  readonly what: string;
  readonly timeoutSeconds: number;
  /** undefined: not yet. */
  readonly check: () => Promise<T | undefined>;
}

export function timeoutOption(what: string, defaultSeconds: number): OptionDescription {
  return { flags: "--timeout <seconds>", description: `how long to wait for ${what} (default: ${defaultSeconds})`, parse: wholeNumber };
}

/** A service that does not answer for the moment is asked again. Errors: API_TIMEOUT at the limit. */
export async function waitFor<T>({ progress, signal }: Pick<Invocation, "progress" | "signal">, { what, timeoutSeconds, check }: Wait<T>): Promise<T> {
  const timeoutMs = timeoutSeconds * SECOND_MS;
  try {
    return await poll({ what, signal, timeoutMs, initialIntervalMs: INTERVAL_MS / 3, maxIntervalMs: INTERVAL_MS, factor: 1.5, check: () => patiently(check, progress) });
  } catch (error) {
    if (!(error instanceof UserVpsError && error.code === "API_TIMEOUT")) throw error;
    throw new UserVpsError("API_TIMEOUT", `Waited ${inSeconds(timeoutMs)} in vain for ${what}.`, { next: "The service goes on with it all the same; --timeout waits longer." });
  }
}

async function patiently<T>(check: () => Promise<T | undefined>, progress: Progress): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (exitCodeOf(error) !== EXIT.tryAgainLater) throw error;
    progress.say("the service does not answer; asking again");
    return undefined;
  }
}
