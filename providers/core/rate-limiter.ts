/** One gate for all calls that share a rate limit: bounded parallelism, and one wait for all. */

import { createHash } from "node:crypto";

import { monotonicMs } from "./time.ts";

export interface RateLimiterOptions {
  readonly maxParallel: number;
  /** Mean distance of the starts while those drain that had to wait for a hold. */
  readonly spacingMs: number;
}
export const USUAL_RATE: RateLimiterOptions = { maxParallel: 8, spacingMs: 100 };

interface Waiter {
  readonly start: () => void;
}

/** The gate would not have opened before the caller's limit. */
export class RateLimiterWaitError extends Error {
  override readonly name = "RateLimiterWaitError";
  /** How long the API asked everybody to wait, from now on; 0 if only the parallelism is in the way. */
  readonly heldMs: number;

  constructor(heldMs: number) {
    super(heldMs > 0 ? `the rate limit holds for another ${heldMs} ms` : "no free slot within the time limit");
    this.heldMs = heldMs;
  }
}

export class RateLimiter {
  readonly #maxParallel: number;
  readonly #spacingMs: number;
  readonly #waiting: Waiter[] = [];
  #active = 0;
  #heldUntilMs = 0;
  #nextStartMs = 0;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxParallel, spacingMs }: RateLimiterOptions) {
    this.#maxParallel = maxParallel;
    this.#spacingMs = spacingMs;
  }

  /** How long nothing starts from now on, in ms. */
  get heldMs(): number {
    return Math.max(0, this.#heldUntilMs - monotonicMs());
  }

  /**
   * Waits for a slot and answers with the function that gives it back. Ends early with the signal's
   * reason, or with a `RateLimiterWaitError` at `untilMs` (by `monotonicMs`), at once if a hold lasts longer.
   */
  acquire(untilMs: number, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      if (this.#heldUntilMs > untilMs) return reject(new RateLimiterWaitError(this.heldMs));
      const settle = () => {
        clearTimeout(limit);
        signal?.removeEventListener("abort", onAbort);
      };
      const leave = (error: Error) => {
        settle();
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(error);
        this.#pump();
      };
      const onAbort = () => leave(signal?.reason as Error);
      const waiter: Waiter = {
        start: () => {
          settle();
          resolve(this.#slot());
        },
      };
      // setTimeout fires at once beyond 2^31 ms, and warns of what is over already.
      const limit = setTimeout(() => leave(new RateLimiterWaitError(this.heldMs)), Math.max(0, Math.min(untilMs - monotonicMs(), 2 ** 31 - 1)));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiter);
      this.#pump();
    });
  }

  /** The API said to wait: nothing starts for `waitMs` and up to a tenth more, so that processes spread too. */
  hold(waitMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, monotonicMs() + waitMs * (1 + 0.1 * Math.random()));
    this.#draining = true;
    this.#pump();
  }

  #slot(): () => void {
    this.#active += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#active -= 1;
      this.#pump();
    };
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#active < this.#maxParallel) {
      const next = this.#waiting[0];
      const now = monotonicMs();
      if (!next) {
        if (now >= this.#heldUntilMs) this.#draining = false;
        return;
      }
      const startMs = Math.max(this.#heldUntilMs, this.#draining ? this.#nextStartMs : 0);
      if (startMs > now) {
        this.#timer = setTimeout(() => this.#pump(), startMs - now);
        return;
      }
      this.#nextStartMs = now + this.#spacingMs * 2 * Math.random();
      this.#waiting.shift();
      next.start();
    }
  }
}

const shared = new Map<string, RateLimiter>();

/** The process's one limiter of an API and a token. */
export function sharedRateLimiter(baseUrl: string, apiKey: string): RateLimiter {
  const key = createHash("sha256").update(`${new URL(baseUrl).href}\n${apiKey}`).digest("base64");
  const limiter = shared.get(key) ?? new RateLimiter(USUAL_RATE);
  shared.set(key, limiter);
  return limiter;
}
