/** A worker that stood still while another one took its user over; the engine is a stub, PostgreSQL and the sandbox's APIs are real. */
import assert from "node:assert/strict";
import { afterAll, describe, it } from "vitest";
import { startQueue } from "../../src/jobs/index.ts";
import { endLostRuns } from "../../src/jobs/close-run.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { findLastPurchase } from "../../src/purchases/index.ts";
import { createCredentialsCipher, listRuns, setVpsStatus } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine } from "../support/stub-engine.ts";

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const engine = new StubEngine();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
afterAll(async () => {
  await Promise.all([boss.stop({ graceful: false }), vms.close(), world.close()]);
  await sandbox.close();
});

const context = {
  boss, pool, databaseUrl: url, engine, vms, settings: world.guard.settings, purchases: world, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
  cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), handOver: new AbortController().signal,
} as never;

describe("a worker that stood still at the end of a run, and was taken over", () => {
  it("writes no result: neither the status, nor a VM that may be another user's by now", async () => {
    const { userId } = await world.signUp("alice");
    engine.onUp = async () => {
      await endLostRuns(pool, userId);
      await setVpsStatus(pool, userId, { status: "deprovisioned" });
      return 101;
    };
    await performJob(context, { operation: "up", userId }, 0);
    const { status, hostingerVmId, readyAt } = await world.record("alice");
    assert.deepEqual([status, hostingerVmId, readyAt], ["deprovisioned", null, null]);
    assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => [outcome, errorCode]), [["lost", "RUN_LOST"]]);
    assert.equal((await findLastPurchase(pool, userId))?.state, "reserved", "what became of it, whoever has the user now finds out");
    assert.equal((await pool.query("SELECT FROM user_vps_jobs.job")).rowCount, 0, "and it asks for no run of its own");
  });
});
