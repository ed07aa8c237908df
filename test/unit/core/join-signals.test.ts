import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { joinSignals } from "../../../providers/core/join-signals.ts";
import { sleep } from "../../../providers/core/time.ts";
import { leftWith } from "../../support/left-with.ts";

const HOUR_MS = 3_600_000;

describe("joined signals", () => {
  it("are aborted with the first of them, for its reason", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal, leave } = joinSignals({ signals: [one.signal, undefined, other.signal], limitMs: HOUR_MS });
    assert.equal(signal.aborted, false);
    other.abort(new Error("the other"));
    one.abort(new Error("the one"));
    assert.match(String(signal.reason), /the other/);
    leave();
    const { signal: late, leave: leaveLate } = joinSignals({ signals: [one.signal] });
    assert.match(String(late.reason), /the one/);
    leaveLate();
  });

  it("are aborted when the limit is over, with the error that tells so", async () => {
    const { signal, leave } = joinSignals({ signals: [], limitMs: 0.5, late: () => new Error("too late") });
    await assert.rejects(sleep(HOUR_MS, signal), /too late/);
    leave();
    const unnamed = joinSignals({ signals: [], limitMs: 0.5 });
    await assert.rejects(sleep(HOUR_MS, unnamed.signal), { name: "TimeoutError" });
    unnamed.leave();
  });

  it("leave nothing with those that live on", () => {
    const outer = new AbortController();
    // What the tests count by does count.
    AbortSignal.any([outer.signal]);
    const before = leftWith(outer.signal);
    assert.equal(before, 1);
    for (let times = 0; times < 100; times++) joinSignals({ signals: [outer.signal], limitMs: HOUR_MS }).leave();
    assert.equal(leftWith(outer.signal), before);
    const { signal } = joinSignals({ signals: [outer.signal] });
    outer.abort();
    assert.equal(signal.aborted, true);
  });
});
