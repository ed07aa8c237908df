import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { wantsRun } from "../../../src/waits/watcher.ts";

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
