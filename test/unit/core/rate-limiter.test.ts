import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, vi } from "vitest";

import { RateLimiter, RateLimiterWaitError, sharedRateLimiter, USUAL_RATE } from "../../../providers/core/rate-limiter.ts";
import { monotonicMs } from "../../../providers/core/time.ts";

const soon = () => monotonicMs() + 2_000;

beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0.5));
afterEach(() => void vi.restoreAllMocks());

describe("RateLimiter", () => {
  it("lets no more run at once than it was told, and the next when one ends", async () => {
    const limiter = new RateLimiter({ ...USUAL_RATE, maxParallel: 2 });
    const releases = await Promise.all([limiter.acquire(soon()), limiter.acquire(soon())]);
    let third = false;
    const waiting = limiter.acquire(soon()).then((release) => {
      third = true;
      return release;
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(third, false);
    releases[0]?.();
    (await waiting)();
    assert.equal(third, true);
  });

  it("gives a slot back once, however often its release is called", async () => {
    const limiter = new RateLimiter({ ...USUAL_RATE, maxParallel: 1 });
    const release = await limiter.acquire(soon());
    release();
    release();
    await limiter.acquire(soon());
    await assert.rejects(limiter.acquire(monotonicMs() + 20), RateLimiterWaitError);
  });

  it("makes all wait when one is told to", async () => {
    const limiter = new RateLimiter({ ...USUAL_RATE, spacingMs: 0 });
    limiter.hold(60);
    const startedMs = Date.now();
    const waits = await Promise.all([1, 2, 3].map(() => limiter.acquire(soon()).then(() => Date.now() - startedMs)));
    for (const waitedMs of waits) assert.ok(waitedMs >= 59, `started after ${waitedMs} ms`);
  });

  it("keeps the longest of several holds", () => {
    const limiter = new RateLimiter(USUAL_RATE);
    limiter.hold(500);
    limiter.hold(10);
    assert.ok(limiter.heldMs > 400);
  });

  it("spreads the starts of those that waited", async () => {
    const limiter = new RateLimiter({ ...USUAL_RATE, spacingMs: 20 });
    limiter.hold(10);
    const starts = await Promise.all([1, 2, 3].map(() => limiter.acquire(soon()).then(() => Date.now())));
    const [first = 0, second = 0, third = 0] = starts;
    assert.ok(second - first >= 18 && third - second >= 18, starts.join(" "));
  });

  it("does not space starts after the queue has drained", async () => {
    const limiter = new RateLimiter({ ...USUAL_RATE, spacingMs: 10_000 });
    limiter.hold(10);
    await limiter.acquire(soon());
    const startedMs = Date.now();
    await Promise.all([limiter.acquire(soon()), limiter.acquire(soon())]);
    assert.ok(Date.now() - startedMs < 1_000);
  });

  it("refuses at once when the hold lasts longer than the caller can wait", async () => {
    const limiter = new RateLimiter(USUAL_RATE);
    limiter.hold(60_000);
    const startedMs = Date.now();
    await assert.rejects(limiter.acquire(soon()), (error) => error instanceof RateLimiterWaitError && error.heldMs > 50_000);
    assert.ok(Date.now() - startedMs < 1_000);
  });

  it("lets a waiter leave by its signal, with the signal's reason, and keeps no slot for it", async () => {
    const limiter = new RateLimiter({ ...USUAL_RATE, maxParallel: 1 });
    const release = await limiter.acquire(soon());
    const cancel = new AbortController();
    const waiting = limiter.acquire(soon(), cancel.signal);
    cancel.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    release();
    (await limiter.acquire(soon()))();
  });

  it("is one for a base URL and a token, and another for another token", () => {
    const limiter = sharedRateLimiter("https://api.example.com", "fake-token-a");
    assert.equal(sharedRateLimiter("https://api.example.com/", "fake-token-a"), limiter);
    assert.notEqual(sharedRateLimiter("https://api.example.com", "fake-token-b"), limiter);
  });
});
