import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";

import { backoffMs, isLastAllowed, waitAskedMs, waitBeforeRepetitionMs } from "../../../providers/core/retry.ts";

const NOW_MS = Date.parse("2026-01-05T07:00:00Z");

afterEach(() => void vi.restoreAllMocks());

describe("backoffMs", () => {
  it("is uniform below a bound that doubles with every attempt", () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(1);
    assert.deepEqual([1, 2, 3, 4].map(backoffMs), [500, 1_000, 2_000, 4_000]);
    random.mockReturnValue(0);
    assert.equal(backoffMs(3), 0);
  });

  it("never exceeds its maximum", () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    assert.equal(backoffMs(50), 15_000);
  });
});

describe("waitAskedMs", () => {
  const cases: [string, Record<string, string>, number | undefined][] = [
    ["Retry-After in seconds", { "retry-after": "7" }, 7_000],
    ["Retry-After of 0", { "retry-after": "0" }, 0],
    ["Retry-After as an HTTP date", { "retry-after": "Mon, 05 Jan 2026 07:00:09 GMT" }, 9_000],
    ["Retry-After as a date that has passed", { "retry-after": "Mon, 05 Jan 2026 06:00:00 GMT" }, 0],
    ["X-RateLimit-Reset as an epoch in seconds", { "x-ratelimit-reset": String(NOW_MS / 1_000 + 12) }, 12_000],
    ["X-RateLimit-Reset as an epoch in milliseconds", { "x-ratelimit-reset": String(NOW_MS + 3_500) }, 3_500],
    ["X-RateLimit-Reset in seconds from now", { "x-ratelimit-reset": "31" }, 31_000],
    ["RateLimit-Reset in seconds from now", { "ratelimit-reset": "5" }, 5_000],
    ["Retry-After before X-RateLimit-Reset", { "retry-after": "2", "x-ratelimit-reset": "60" }, 2_000],
    ["X-RateLimit-Reset when Retry-After is unreadable", { "retry-after": "soon", "x-ratelimit-reset": "4" }, 4_000],
    ["nothing without headers", {}, undefined],
    ["nothing with an empty header", { "retry-after": " " }, undefined],
  ];
  for (const [what, headers, expected] of cases) {
    it(`reads ${what}`, () => assert.equal(waitAskedMs(headers, NOW_MS), expected));
  }

  it("measures moments by the server's clock, not by the local one", () => {
    const headers = { date: "Mon, 05 Jan 2026 09:00:00 GMT", "retry-after": "Mon, 05 Jan 2026 09:00:03 GMT" };
    assert.equal(waitAskedMs(headers, NOW_MS), 3_000);
  });
});

describe("waitBeforeRepetitionMs", () => {
  it("is what the answer asks for, but never less than the backoff", () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    assert.equal(waitBeforeRepetitionMs(3), 1_000);
    assert.equal(waitBeforeRepetitionMs(3, { "retry-after": "7" }), 7_000);
    for (const headers of [{ "retry-after": "0" }, { "retry-after": "Mon, 05 Jan 2015 06:00:00 GMT" }, { "x-ratelimit-reset": "0" }, { "retry-after": "0.5" }]) {
      assert.equal(waitBeforeRepetitionMs(3, headers), 1_000, JSON.stringify(headers));
    }
  });

  it("is an hour at most", () => {
    assert.equal(waitBeforeRepetitionMs(1, { "x-ratelimit-reset": String(Date.now() * 1_000) }), 3_600_000);
  });
});

describe("isLastAllowed", () => {
  it("is true only when nothing remains", () => {
    assert.equal(isLastAllowed({ "x-ratelimit-remaining": "0" }), true);
    assert.equal(isLastAllowed({ "x-ratelimit-remaining": "10" }), false);
    assert.equal(isLastAllowed({}), false);
  });
});
