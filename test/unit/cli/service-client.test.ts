import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { rollOutText, statusText } from "../../../src/cli/service-client/roll-out.ts";
import type { RollOutWithMembersView } from "../../../src/http/roll-out-view.ts";

const member = { wave: 1, runId: null, errorCode: null, message: null, snapshotAt: null, startedAt: null, endedAt: null };
const ROLL_OUT: RollOutWithMembersView = {
  rollOutId: "r1", version: "1.4.2", requestedBy: "operator_1", reason: "a test", concurrency: 2, maxFailures: 1, snapshot: true,
  createdAt: "2026-01-31T12:00:00.000Z", endedAt: null, outcome: null, cancelledBy: null,
  counts: { waiting: 1, running: 0, succeeded: 0, failed: 1, skipped: 0 },
  members: [
    { ...member, username: "anna", status: "failed", runId: "run-1", errorCode: "RELEASE_FAILED", message: "rolled back", startedAt: "2026-01-31T12:00:00.000Z", endedAt: "2026-01-31T12:00:12.400Z" },
    { ...member, username: "bert", wave: 2, status: "waiting" },
  ],
};

describe("a roll-out on the command line", () => {
  it("tells how many VPSs are where, and leaves out what there is none of", () => {
    assert.equal(statusText(ROLL_OUT), "goes on: 1 failed, 1 waiting");
    assert.equal(statusText({ ...ROLL_OUT, outcome: "stopped", counts: { ...ROLL_OUT.counts, waiting: 0, skipped: 1 } }), "stopped: 1 failed, 1 skipped");
  });

  it("tells who, why and when, each VPS's turn, and what went wrong", () => {
    assert.equal(rollOutText(ROLL_OUT), [
      "roll-out      r1",
      "version       1.4.2",
      "status        goes on: 1 failed, 1 waiting",
      "asked for by  operator_1",
      "reason        a test",
      "snapshots     yes",
      "begun (UTC)   2026-01-31 12:00:00",
      "",
      "WAVE  USER  STATUS   SECONDS  ERROR           RUN",
      "1     anna  failed   12       RELEASE_FAILED  run-1",
      "2     bert  waiting  -        -               -",
      "",
      "anna: rolled back",
    ].join("\n"));
  });
});
