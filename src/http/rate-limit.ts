/** How often something may be asked for. Each process counts for itself, so several of them together let more through. */
import type { FastifyRateLimitStore } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpError } from "./http-error.ts";
import { networkOf } from "./networks.ts";

/** So many windows are kept at most. */
const MOST_WINDOWS = 20_000;
/** How many of them make room for others. */
const FORGOTTEN_AT_ONCE = 2_000;

export interface RateLimit {
  readonly perMinute: number;
  /** Who or what is counted. */
  readonly keyOf: (request: FastifyRequest) => string;
  /** What is told to whoever comes too often. */
  readonly refusal: string;
}

/** For limits of what anybody may do. */
export const byAddress = ({ ip }: FastifyRequest): string => networkOf(ip);

/** Each limit counts by itself. @returns counts a request; throws HttpError RATE_LIMITED beyond the limit */
export function rateLimit(app: FastifyInstance, { perMinute, keyOf, refusal }: RateLimit): (request: FastifyRequest) => Promise<void> {
  const count = app.createRateLimit({ max: perMinute, timeWindow: "1 minute", keyGenerator: keyOf });
  return async (request) => {
    const result = await count(request);
    if (result.isAllowed || !result.isExceeded) return;
    throw new HttpError("RATE_LIMITED", refusal, { headers: { "retry-after": String(result.ttlInSeconds) } });
  };
}

/** Windows by a clock that nobody sets: by the time of day, one that is set back would lock everybody out for as long. */
export class MonotonicStore implements FastifyRateLimitStore {
  /** In the order in which they began, which is the order in which they end: all are of the same length. */
  readonly #windows = new Map<string, { count: number; readonly endsMs: number }>();

  incr(key: string, done: (error: Error | null, result?: { current: number; ttl: number }) => void, lengthMs: number): void {
    const nowMs = performance.now();
    this.#forgetEnded(nowMs);
    let window = this.#windows.get(key);
    if (!window) {
      if (this.#windows.size >= MOST_WINDOWS) this.#makeRoom();
      this.#windows.set(key, (window = { count: 0, endsMs: nowMs + lengthMs }));
    }
    window.count += 1;
    done(null, { current: window.count, ttl: window.endsMs - nowMs });
  }

  child(): MonotonicStore {
    return new MonotonicStore();
  }

  #forgetEnded(nowMs: number): void {
    for (const [key, { endsMs }] of this.#windows) {
      if (endsMs > nowMs) return;
      this.#windows.delete(key);
    }
  }

  /** Whoever came often stays, so that nobody gets rid of a count by coming from many places; of equals, those that began first go. */
  #makeRoom(): void {
    const fewestFirst = [...this.#windows].sort(([, one], [, other]) => one.count - other.count);
    for (const [key] of fewestFirst.slice(0, FORGOTTEN_AT_ONCE)) this.#windows.delete(key);
  }
}
