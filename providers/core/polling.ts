/** Waiting for something by looking again and again: adaptive, limited, cancellable, and it says what for. */

import { UserVpsError, type ErrorCode } from "./errors.ts";
import { inSeconds, monotonicMs, sleep } from "./time.ts";

export interface PollOptions<T> {
  /** What is waited for, for messages: `VM 42 to reach 'running'`. */
  readonly what: string;
  /** Looks once; undefined means not yet. What it throws ends the wait. */
  readonly check: () => Promise<T | undefined>;
  readonly initialIntervalMs: number;
  readonly maxIntervalMs: number;
  /** By which the interval grows from look to look; 1 keeps it. */
  readonly factor: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Before every wait. */
  readonly onWait?: (wait: PollWait) => void;
  /** The code at the limit; `API_TIMEOUT` unless told. */
  readonly timeoutCode?: ErrorCode;
}

export interface PollWait {
  readonly what: string;
  readonly looks: number;
  readonly waitedMs: number;
  readonly nextLookInMs: number;
}

/** Resolves with the first value that `check` finds; looks at least once, and once more at the limit. */
export async function poll<T>(options: PollOptions<T>): Promise<T> {
  const { what, signal, timeoutMs } = options;
  const startedMs = monotonicMs();
  let intervalMs = options.initialIntervalMs;
  for (let looks = 1; ; looks++) {
    throwIfCancelled(what, signal);
    const found = await options.check();
    if (found !== undefined) return found;
    const waitedMs = monotonicMs() - startedMs;
    if (waitedMs >= timeoutMs) {
      throw new UserVpsError(options.timeoutCode ?? "API_TIMEOUT", `Waited ${inSeconds(waitedMs)} for ${what}; looked ${looks} times.`);
    }
    const nextLookInMs = Math.min(intervalMs, timeoutMs - waitedMs);
    options.onWait?.({ what, looks, waitedMs, nextLookInMs });
    await sleep(nextLookInMs, signal).catch(() => throwIfCancelled(what, signal));
    intervalMs = Math.min(options.maxIntervalMs, intervalMs * options.factor);
  }
}

/** The signal's own reason if it is a telling error, else CANCELLED. */
export function cancellationOf(what: string, signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  const telling = reason instanceof Error && reason.name !== "AbortError";
  return telling ? reason : new UserVpsError("CANCELLED", `Cancelled while waiting for ${what}.`);
}

function throwIfCancelled(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancellationOf(what, signal);
}
