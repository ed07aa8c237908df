import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { reportProgress, startWaiting } from "../../../providers/core/progress.ts";

describe("reportProgress", () => {
  it("prints one line, whatever the text", () => {
    using log = vi.spyOn(console, "log").mockReturnValue();
    reportProgress("one\n  two");
    assert.deepEqual(log.mock.calls, [["one two"]]);
  });
});

describe("startWaiting", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  it("says a new state at once, with the time since the wait began, and the same state only once", () => {
    const lines: string[] = [];
    const waiting = startWaiting("alice.spoq.dev", { report: (text) => lines.push(text) });
    waiting.now("DNS: no address");
    waiting.now("DNS: no address");
    waiting.now("TCP: refused");
    waiting.end();
    assert.deepEqual(lines.map((line) => line.replace(/[\d.]+ s/, "N s")), [
      "waiting for alice.spoq.dev: DNS: no address (N s)",
      "waiting for alice.spoq.dev: TCP: refused (N s)",
    ]);
  });

  it("repeats the state while it lasts, and no more after the end", () => {
    const lines: string[] = [];
    const waiting = startWaiting("x", { report: (text) => lines.push(text), repeatIntervalMs: 5_000 });
    waiting.now("state");
    vi.advanceTimersByTime(14_999);
    assert.equal(lines.length, 3);
    waiting.end();
    vi.advanceTimersByTime(60_000);
    assert.equal(lines.length, 3);
  });

  it("says nothing before there is a state", () => {
    const lines: string[] = [];
    const waiting = startWaiting("x", { report: (text) => lines.push(text), repeatIntervalMs: 2_000 });
    vi.advanceTimersByTime(15_000);
    waiting.end();
    assert.deepEqual(lines, []);
  });
});
