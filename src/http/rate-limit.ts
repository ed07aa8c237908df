/** How often something may be asked for. Each process counts for itself, so several of them together let more through. */
import type { FastifyRateLimitStore } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpError } from "./http-error.ts";

/** So many windows are kept at most; of more, those that began first are forgotten. */
const MOST_WINDOWS = 20_000;

export interface RateLimit {
  readonly perMinute: number;
  /** Who or what is counted. */
  readonly keyOf: (request: FastifyRequest) => string;
  /** What is told to whoever comes too often. */
  readonly refusal: string;
}

/** @returns counts a request; throws HttpError RATE_LIMITED beyond the limit */
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
    this.#forget(nowMs);
    let window = this.#windows.get(key);
    if (!window) this.#windows.set(key, (window = { count: 0, endsMs: nowMs + lengthMs }));
    window.count += 1;
    done(null, { current: window.count, ttl: window.endsMs - nowMs });
  }

  child(): MonotonicStore {
    return new MonotonicStore();
  }

  #forget(nowMs: number): void {
    for (const [key, { endsMs }] of this.#windows) {
      if (endsMs > nowMs && this.#windows.size < MOST_WINDOWS) return;
      this.#windows.delete(key);
    }
  }
}
