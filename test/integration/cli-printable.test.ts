/** What a VPS or an API wrote reaches an operator's terminal as text, never as a command to it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { appendRunLog, finishRun, requestVps, startRun } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
const EVIL = "release 1.4.2: \u001b]0;owned\u0007\u001b[2J\u001b[1;1H\u009b31m all is well\r\u202e";
const COMMANDS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

const run = (...args: string[]) => promisify(execFile)(join(import.meta.dirname, "..", "..", "bin", "user-vps"), args, { env: { ...process.env, DATABASE_URL: url } });

describe("user-vps logs", () => {
  it("shows control sequences in what was logged and in what failed, on both ways out, as people and as programs read it", async () => {
    await requestVps(pool, { userId: "u1", username: "alice", hostname: "alice.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await startRun(pool, { runId: "r1", userId: "u1", username: "alice", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await appendRunLog(pool, "r1", [EVIL]);
    await finishRun(pool, "r1", { outcome: "failed", errorCode: "RELEASE_FAILED", message: EVIL, seconds: 1 });
    for (const args of [["logs", "alice"], ["logs", "alice", "--json"]]) {
      const { stdout, stderr } = await run(...args);
      assert.doesNotMatch(stdout, COMMANDS);
      assert.doesNotMatch(stderr, COMMANDS);
      assert.match(stdout, /\\u001b\]0;owned\\u0007\\u001b\[2J/);
      assert.match(stdout, /all is well/);
      if (args.includes("--json")) for (const line of stdout.trim().split("\n")) assert.doesNotThrow(() => JSON.parse(line));
    }
  });
});
