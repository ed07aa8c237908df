import { ERROR_CATALOGUE } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";

export type Decision =
  | { readonly kind: "again"; readonly delayMs: number }
  /** Somebody has to do something first, or it has been tried often enough. */
  | { readonly kind: "park"; readonly exhausted: boolean };

interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly attempts: number;
}

/** Twelve tries, spread over about an hour. */
const USUAL: Backoff = { baseMs: 2 * SECOND_MS, maxMs: 10 * MINUTE_MS, attempts: 12 };

const PARTICULAR: Partial<Record<ErrorCode, Backoff>> = {
  // Costs nothing to try, and ends by itself.
  RUN_LOST: { baseMs: SECOND_MS / 2, maxMs: 15 * SECOND_MS, attempts: 20 },
  DATABASE_FAILED: { baseMs: SECOND_MS / 2, maxMs: 15 * SECOND_MS, attempts: 1_000 },
  // A payment takes as long as it takes: it is asked for again, without an end.
  AWAITING_PAYMENT: { baseMs: 15 * SECOND_MS, maxMs: 10 * MINUTE_MS, attempts: Number.POSITIVE_INFINITY },
  // An API may ask for an hour's rest, of which nobody is at fault: so long, no call of this process is sent.
  API_RATE_LIMITED: { baseMs: 2 * SECOND_MS, maxMs: 10 * MINUTE_MS, attempts: 24 },
  // Somebody has to mend it on the VPS, and its script may take all of its time with each try.
  CONFIGURATION_FAILED: { baseMs: 1 * MINUTE_MS, maxMs: 10 * MINUTE_MS, attempts: 5 },
  RELEASE_TIMED_OUT: { baseMs: 1 * MINUTE_MS, maxMs: 10 * MINUTE_MS, attempts: 3 },
  // A person's `pulumi up` may take an hour.
  STACK_LOCKED: { baseMs: 2 * SECOND_MS, maxMs: 20 * SECOND_MS, attempts: 500 },
};

/** After so many tries somebody has to look; null: without an end. */
export function triesOf(code: ErrorCode): number | null {
  const { attempts } = PARTICULAR[code] ?? USUAL;
  return Number.isFinite(attempts) ? attempts : null;
}

/**
 * What to do after the try number `attempt` (from 1) failed: exponential backoff, at least half of
 * which is kept, so that a fleet's tries spread.
 */
export function decide(code: ErrorCode, attempt: number): Decision {
  if (ERROR_CATALOGUE[code].retry === "park") return { kind: "park", exhausted: false };
  const { baseMs, maxMs, attempts } = PARTICULAR[code] ?? USUAL;
  if (attempt >= attempts) return { kind: "park", exhausted: true };
  const fullMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return { kind: "again", delayMs: Math.round(fullMs * (0.5 + 0.5 * Math.random())) };
}
