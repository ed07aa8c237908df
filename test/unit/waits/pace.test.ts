import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { listIntervalMs, pauseMs, wantsRun } from "../../../src/waits/pace.ts";

describe("the pause between two looks", () => {
  it("is short for the first minutes while the usual time is not known, then longer", () => {
    assert.equal(pauseMs(0, undefined), 500);
    assert.equal(pauseMs(179_000, undefined), 500);
    assert.equal(pauseMs(181_000, undefined), 5_000);
  });

  it("shrinks towards the usual time, is short around it, and grows after it", () => {
    const pauses = [0, 30_000, 55_000, 60_000, 100_000, 199_000, 240_000, 1_000_000].map((waitedMs) => pauseMs(waitedMs, 100_000));
    assert.deepEqual(pauses, [10_000, 10_000, 2_500, 500, 500, 500, 10_000, 10_000]);
  });

  it("never looks past the time from which on it may be there", () => {
    for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 500) assert.ok(waitedMs + pauseMs(waitedMs, 100_000) <= 60_500);
  });
});

describe("the interval between two lists", () => {
  it("is short while nobody has waited for long, and two seconds after that, however many wait", () => {
    assert.deepEqual([-Infinity, 0, 1_000, 4_000, 8_000, 600_000].map(listIntervalMs), [500, 500, 500, 1_000, 2_000, 2_000]);
  });
});

describe("a wait that is late", () => {
  /** The seconds at which a run looks, in a quarter of an hour. */
  function looks(usualMs: number | undefined): number[] {
    const since = new Date(0);
    const wanted: number[] = [];
    let ranAt = since;
    for (let nowMs = 0; nowMs <= 900_000; nowMs += 1_000) {
      if (!wantsRun({ since, ranAt }, usualMs, nowMs)) continue;
      wanted.push(nowMs / 1_000);
      ranAt = new Date(nowMs);
    }
    return wanted;
  }

  it("is looked at by a run after 90 s, then less often the longer it takes", () => {
    for (const usualMs of [undefined, 20_000]) assert.deepEqual(looks(usualMs), [91, 182, 274, 412, 619]);
  });

  it("is not late before half as much again as is usual", () => {
    assert.deepEqual(looks(200_000), [300, 451, 677]);
  });
});
