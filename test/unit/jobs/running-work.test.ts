import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { RunningWork } from "../../../src/jobs/running-work.ts";

describe("RunningWork", () => {
  it("returns what the work returns, and throws what it throws", async () => {
    const running = new RunningWork();
    assert.equal(await running.track(Promise.resolve(7)), 7);
    await assert.rejects(running.track(Promise.reject(new Error("an example"))), /an example/);
    assert.equal(running.size, 0);
  });

  it("is waited for, also what fails and what begins meanwhile, but no longer than said", async () => {
    const running = new RunningWork();
    let go = (): void => undefined;
    const first = running.track(new Promise<void>((_, failed) => { go = () => failed(new Error("an example")); })).catch(() => running.track(Promise.resolve()));
    assert.equal(await running.endedWithin(20), false);
    go();
    assert.equal(await running.endedWithin(5_000), true);
    await first;
    assert.equal(await new RunningWork().endedWithin(0), true);
  });
});
