import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { once } from "../../../providers/core/once.ts";

describe("once", () => {
  it("does the work once for all who ask, and keeps what came of it", async () => {
    let times = 0;
    const work = once(async () => (times += 1));
    assert.deepEqual(await Promise.all([work(), work()]), [1, 1]);
    assert.equal(await work(), 1);
  });

  it("keeps no failure: whoever asks next has it tried again", async () => {
    let times = 0;
    const work = once(async () => {
      times += 1;
      if (times === 1) throw new Error("the disk is full");
      return "done";
    });
    await Promise.all([assert.rejects(work(), /full/), assert.rejects(work(), /full/)]);
    assert.equal(times, 1);
    assert.equal(await work(), "done");
  });
});
