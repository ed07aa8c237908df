import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { Wake } from "../../../src/waits/wake.ts";

const LONG_MS = 600_000;
const never = new AbortController().signal;

describe("a pause that can be woken", () => {
  it("ends when its time is over, when something has happened, and when all is to end", async () => {
    const wake = new Wake();
    await wake.pause(1, never);
    const woken = wake.pause(LONG_MS, never);
    wake.now();
    await woken;
    const ending = new AbortController();
    const ended = wake.pause(LONG_MS, ending.signal);
    ending.abort();
    await ended;
    await wake.pause(LONG_MS, ending.signal);
  });

  it("ends at once for what happened between two pauses, and only once", async () => {
    const wake = new Wake();
    wake.now();
    wake.now();
    await wake.pause(LONG_MS, never);
    let isOver = false;
    const second = wake.pause(LONG_MS, never).then(() => { isOver = true; });
    await new Promise((resume) => setTimeout(resume, 20));
    assert.equal(isOver, false);
    wake.now();
    await second;
  });
});
