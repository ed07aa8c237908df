import assert from "node:assert/strict";
import { afterAll, describe, it, vi } from "vitest";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import { engineProcesses, releaseStaleLocks } from "../../src/provisioning/state-locks.ts";
import { startRun } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
eachBeginsEmpty({ pool });
const backend = new StateBackend(url, "user-vps");
const processes = engineProcesses(pool);
const root = `${new URL(url).pathname.slice(1)}/.pulumi`;

async function put(path: string, content: unknown): Promise<string> {
  await pool.query("CREATE TABLE IF NOT EXISTS pulumi_state (key TEXT PRIMARY KEY, data JSONB NOT NULL, updated_at TIMESTAMPTZ NOT NULL DEFAULT now())");
  const key = `${root}/${path}`;
  await pool.query("INSERT INTO pulumi_state VALUES ($1, $2)", [key, { data: Buffer.from(JSON.stringify(content)).toString("base64") }]);
  return key;
}

const lockOf = (stack: string, pid: number, at = new Date()) =>
  put(`locks/organization/user-vps/${stack}/${pid}.json`, { pid, username: "root", hostname: "host-1", timestamp: at.toISOString() });
const release = (stackName: string) => releaseStaleLocks({ backend, processes, stackName });

/** A run of ours, and its engine. */
async function runs(runId: string, username: string, pid: number): Promise<void> {
  await startRun(pool, { runId, userId: `u-${username}`, username, operation: "up", workerId: "w", hostId: "host-1", pid: 1 });
  await processes.add({ runId, hostId: "host-1", pid });
}

describe("releaseStaleLocks", () => {
  afterAll(() => backend.close());

  it("finds nothing where Pulumi has never been", async () => {
    assert.deepEqual(await backend.readLocks("alice"), []);
    assert.equal(await backend.readStack("alice"), undefined);
  });

  it("removes the lock of a process of ours, and not that of a stack with a longer name", async () => {
    await runs("run-1", "alice", 4711);
    await lockOf("alice", 4711);
    await lockOf("alice2", 4711);
    await release("alice");
    assert.deepEqual(await backend.readLocks("alice"), []);
    assert.equal((await backend.readLocks("alice2")).length, 1);
  });

  it("knows a process of ours whatever time PostgreSQL's clock tells", async () => {
    await startRun(pool, { runId: "run-2", userId: "u2", username: "dan", operation: "up", workerId: "w", hostId: "host-1", pid: 1 });
    const atMs = Date.now() + 3_600_000;
    {
      using _ = vi.spyOn(Date, "now").mockReturnValue(atMs);
      await processes.add({ runId: "run-2", hostId: "host-1", pid: 4712 });
    }
    await lockOf("dan", 4712, new Date(atMs + 1_000));
    await release("dan");
    assert.deepEqual(await backend.readLocks("dan"), []);
  });

  it("knows a process of ours that took the lock after the machine had stood still for hours, with its run", async () => {
    await runs("run-3", "eve", 4713);
    const later = new Date(Date.now() + 7_200_000);
    await lockOf("eve", 4713, later);
    await assert.rejects(release("eve"), /STACK_LOCKED/, "its run has not been seen to end so late");
    await pool.query("UPDATE vps_runs SET outcome = 'lost', ended_at = $1 WHERE run_id = 'run-3'", [new Date(later.getTime() + 10_000)]);
    await release("eve");
    assert.deepEqual(await backend.readLocks("eve"), []);
  });

  it("does not take the lock of another stack for one of that run", async () => {
    await runs("run-3", "eve", 4713);
    await lockOf("finn", 4713);
    await assert.rejects(release("finn"), /STACK_LOCKED/);
  });

  it("leaves anybody else's lock, and says whose it is", async () => {
    await lockOf("bea", 12);
    await assert.rejects(release("bea"), (error: Error & { code?: string }) => error.code === "STACK_LOCKED" && /root@host-1 \(process 12\)/.test(error.message));
    assert.equal((await backend.readLocks("bea")).length, 1);
  });

  it("does not take a person's process for ours that later got the same id", async () => {
    await runs("run-1", "alice", 4711);
    await lockOf("alice", 4711, new Date(Date.now() + 3_600_000));
    await assert.rejects(release("alice"), /STACK_LOCKED/);
  });
});

describe("StateBackend", () => {
  it("reads how secrets are encrypted, the resources and what was interrupted", async () => {
    const latest = { secrets_providers: { type: "passphrase", state: { salt: "v1:x" } }, resources: [{ urn: "u", type: "t" }], pending_operations: [{ type: "creating", resource: { urn: "v", type: "t" } }] };
    await put("stacks/user-vps/dora.json", { version: 3, checkpoint: { latest } });
    const own = new StateBackend(url, "user-vps");
    try {
      assert.deepEqual(await own.readStack("dora"), { secretsSettings: { encryptionSalt: "v1:x" }, resources: latest.resources, pendingOperations: latest.pending_operations });
    } finally {
      await own.close();
    }
  });
});
