import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { readyAtOf, type WaySoFar } from "../../../src/records/ready-estimate.ts";

const NOW = new Date("2026-11-26T12:00:00Z");
const USUAL = { run: 10, running: 100, health: 200, runsAtOnce: 2 };
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const NOT_BEGUN: WaySoFar = { what: null, isWatched: false, since: null, hasVm: false };

const secondsLeft = (way: WaySoFar, place?: { position: number; total: number }) => (readyAtOf(way, USUAL, place, NOW).getTime() - NOW.getTime()) / 1_000;

describe("readyAtOf", () => {
  it("adds up what is to come: three runs, the boot and the health check", () => {
    assert.equal(secondsLeft(NOT_BEGUN), 10 + 100 + 10 + 200 + 10);
  });

  it("counts who stands before in the queue, by how many runs go at once", () => {
    assert.equal(secondsLeft(NOT_BEGUN, { position: 4, total: 9 }), 4 * 10 / 2 + 330);
  });

  it("takes off what a wait has lasted", () => {
    assert.equal(secondsLeft({ what: "running", isWatched: true, since: ago(30), hasVm: true }), 70 + 10 + 200 + 10);
    assert.equal(secondsLeft({ what: "health", isWatched: true, since: ago(150), hasVm: true }), 50 + 10);
  });

  it("puts off what comes after a late wait, but not the last wait itself", () => {
    assert.equal(secondsLeft({ what: "running", isWatched: true, since: ago(500), hasVm: true }), 10 + 200 + 10);
    assert.equal(secondsLeft({ what: "health", isWatched: true, since: ago(500), hasVm: true }), -290);
  });

  it("goes on from the run after a wait", () => {
    assert.equal(secondsLeft({ what: "running", isWatched: false, since: ago(100), hasVm: true }), 10 + 200 + 10);
    assert.equal(secondsLeft({ what: "health", isWatched: false, since: ago(900), hasVm: true }), 10);
    assert.equal(secondsLeft({ ...NOT_BEGUN, hasVm: true }), 10 + 200 + 10);
  });
});
