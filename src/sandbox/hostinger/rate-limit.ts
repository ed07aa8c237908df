import type { ApiAnswer } from "../http/router.ts";
import { errorAnswer, HostingerError } from "./error.ts";

const WINDOW_MS = 60_000;
/** What the headers say while there is no limit. */
const NOMINAL_LIMIT = 1_000;

/** Counts the requests of each minute; a limit of 0 lets all through. */
export class RateLimit {
  readonly #limitPerMinute: () => number;
  #windowStartMs = 0;
  #used = 0;

  constructor(limitPerMinute: () => number) {
    this.#limitPerMinute = limitPerMinute;
  }

  /** Counts one request; a 429 if it is one too many. */
  refuse(): ApiAnswer | undefined {
    if (Date.now() - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = Date.now();
      this.#used = 0;
    }
    this.#used += 1;
    const limit = this.#limitPerMinute();
    if (limit === 0 || this.#used <= limit) return undefined;
    const waitSeconds = Math.max(1, Math.ceil((this.#windowStartMs + WINDOW_MS - Date.now()) / 1_000));
    const refused = errorAnswer(new HostingerError(429, "Too Many Requests"));
    return { ...refused, headers: { "retry-after": String(waitSeconds) } };
  }

  headers(): Record<string, string> {
    const limit = this.#limitPerMinute();
    const remaining = limit === 0 ? NOMINAL_LIMIT - 1 : Math.max(0, limit - this.#used);
    return { "x-ratelimit-limit": String(limit === 0 ? NOMINAL_LIMIT : limit), "x-ratelimit-remaining": String(remaining) };
  }
}
