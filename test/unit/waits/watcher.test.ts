import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { wantsRun } from "../../../src/waits/watcher.ts";

describe("a wait that is late", () => {
  it("is looked at by a run after 90 s, then less often the longer it takes", () => {
    const since = new Date(0);
    const wanted: number[] = [];
    let ranAt = since;
    for (let nowMs = 0; nowMs <= 900_000; nowMs += 1_000) {
      if (!wantsRun({ since, ranAt }, nowMs)) continue;
      wanted.push(nowMs / 1_000);
      ranAt = new Date(nowMs);
    }
    assert.deepEqual(wanted, [91, 182, 274, 412, 619]);
  });
});
