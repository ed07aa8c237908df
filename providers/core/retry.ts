/** How long to wait before a repetition: by the answer's headers, else by backoff with full jitter. */

import { HOUR_MS, SECOND_MS } from "./time.ts";

const BACKOFF_BASE_MS = SECOND_MS / 2;
const BACKOFF_MAX_MS = 15 * SECOND_MS;

/** Full jitter: uniform below a bound that doubles with every attempt; `attempt` counts from 1. */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (attempt - 1));
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Nobody means more: a moment in another unit reads as thousands of years. */
const LONGEST_WAIT_MS = HOUR_MS;

/**
 * How long to wait before the repetition after attempt number `attempt`: what the answer asks for,
 * but never less than the backoff. `Retry-After: 0` and a moment that has passed ask for nothing.
 */
export function waitBeforeRepetitionMs(attempt: number, headers: Headers = {}): number {
  return Math.max(backoffMs(attempt), waitAskedMs(headers) ?? 0);
}

/**
 * How long an answer asks to wait, in ms; undefined if it does not say. Read are `Retry-After`
 * (seconds or an HTTP date), else `X-RateLimit-Reset` or `RateLimit-Reset` (seconds from now, or
 * an epoch in seconds or milliseconds), an hour at most. Moments are measured by the server's own
 * `Date`.
 */
export function waitAskedMs(headers: Headers, nowMs: number = Date.now()): number | undefined {
  const serverNowMs = Date.parse(headers["date"] ?? "") || nowMs;
  const askedMs =
    asDurationMs(headers["retry-after"], serverNowMs) ??
    asDurationMs(headers["x-ratelimit-reset"], serverNowMs) ??
    asDurationMs(headers["ratelimit-reset"], serverNowMs);
  return askedMs === undefined ? undefined : Math.min(askedMs, LONGEST_WAIT_MS);
}

function asDurationMs(value: string | undefined, serverNowMs: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= 1e12) return Math.max(0, number - serverNowMs);
    if (number >= 1e9) return Math.max(0, number * SECOND_MS - serverNowMs);
    return number * SECOND_MS;
  }
  const momentMs = Date.parse(text);
  return Number.isNaN(momentMs) ? undefined : Math.max(0, momentMs - serverNowMs);
}

/** True when the answer says that the next request would be one too many. */
export function isLastAllowed(headers: Headers): boolean {
  return (headers["x-ratelimit-remaining"] ?? headers["ratelimit-remaining"])?.trim() === "0";
}
