import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it, vi } from "vitest";
import { reportProgress, startWaiting } from "../../../providers/core/progress.ts";

describe("reportProgress", () => {
  it("prints one line, whatever the text", () => {
    using log = vi.spyOn(console, "log").mockReturnValue();
    reportProgress("one\n  two");
    assert.deepEqual(log.mock.calls, [["one two"]]);
  });
});

describe("startWaiting", () => {
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

  it("repeats the state while it lasts, and no more after the end", async () => {
    const lines: string[] = [];
    const waiting = startWaiting("x", { report: (text) => lines.push(text), repeatIntervalMs: 5 });
    waiting.now("state");
    await delay(40);
    waiting.end();
    const said = lines.length;
    assert.ok(said >= 3, `expected repetitions, got ${said} lines`);
    await delay(20);
    assert.equal(lines.length, said);
  });

  it("says nothing before there is a state", async () => {
    const lines: string[] = [];
    const waiting = startWaiting("x", { report: (text) => lines.push(text), repeatIntervalMs: 2 });
    await delay(15);
    waiting.end();
    assert.deepEqual(lines, []);
  });
});
