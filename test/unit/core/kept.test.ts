import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { kept } from "../../../providers/core/kept.ts";

const HOUR_MS = 3_600_000;

describe("what is kept", () => {
  it("is asked for once, for all who want to know", async () => {
    let times = 0;
    const ask = kept({ keptMs: HOUR_MS }, async (step: number) => (times += step));
    assert.deepEqual(await Promise.all([ask(1), ask(1)]), [1, 1]);
    assert.equal(await ask(1), 1);
  });

  it("is asked for again when its time is over", async () => {
    let times = 0;
    const ask = kept({ keptMs: 0 }, async () => (times += 1));
    assert.deepEqual([await ask(), await ask()], [1, 2]);
  });

  it("is no failure, unless for a time of its own", async () => {
    for (const [failureKeptMs, timesAsked] of [[undefined, 2], [HOUR_MS, 1]] as const) {
      let times = 0;
      const ask = kept({ keptMs: HOUR_MS, ...(failureKeptMs !== undefined && { failureKeptMs }) }, async () => {
        times += 1;
        throw new Error("away");
      });
      await assert.rejects(ask(), /away/);
      await assert.rejects(ask(), /away/);
      assert.equal(times, timesAsked);
    }
  });
});
