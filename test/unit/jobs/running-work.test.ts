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

  it("is not over before its source is: what that still brings is waited for as well", async () => {
    const running = new RunningWork();
    const source = Promise.withResolvers<void>();
    assert.equal(await running.endedWithin(20, source.promise), false);
    let go = (): void => undefined;
    const ends = running.endedWithin(5_000, source.promise);
    const late = running.track(new Promise<void>((done) => { go = done; }));
    source.resolve();
    assert.equal(await running.endedWithin(20, source.promise), false);
    go();
    assert.equal(await ends, true);
    await late;
  });
});
