/** What a worker's slots are for; the engine is a stub, PostgreSQL and the sandbox's APIs are real. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeEach, describe, it } from "vitest";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import type { Worker } from "../../src/jobs/index.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
const vms = hostingerPower(sandbox.env);
let engine: StubEngine;
let world: PurchaseWorld;
let worker: Worker;
/** Has every `up` that is held come to its end. */
let letGo: () => void;

async function work(workerConcurrency: number): Promise<void> {
  world = openPurchaseWorld(pool, sandbox, { WORKER_CONCURRENCY: String(workerConcurrency) });
  worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account: { read: async () => ({ state: "none" }), withdrawIntents: async () => undefined, resolve: async () => undefined } });
}

beforeEach(async () => {
  for (const table of ["vps_purchases", "vps_waits", "user_vps_jobs.job", "user_vps", "vps_runs"]) await pool.query(`DELETE FROM ${table}`);
  engine = new StubEngine();
  const held = Promise.withResolvers<void>();
  letGo = held.resolve;
  engine.onUp = async ({ stackName }) => {
    if (stackName.startsWith("ready")) await held.promise;
    return 17_000 + engine.ups.length;
  };
});
afterEach(async () => {
  letGo();
  await worker.stop(0);
  await world.close();
});
afterAll(async () => {
  await Promise.all([boss.stop({ graceful: false }), vms.close()]);
  await sandbox.close();
});

/** Users who have had a VPS ready, and something is to be done for each again. */
async function askForReady(...usernames: string[]): Promise<void> {
  for (const username of usernames) {
    const { userId } = await world.signUp(username);
    await saveVpsResult(pool, userId, { hostingerVmId: 1 });
    await setVpsStatus(pool, userId, { status: "ready" });
    engine.stacks.set(username, [vmOf(1)]);
    await jobs.enqueue(pool, { operation: "up", userId });
  }
}
async function signUp(username: string): Promise<void> {
  const { userId } = await world.signUp(username);
  await jobs.enqueue(pool, { operation: "up", userId });
}
const begun = () => engine.ups.map(({ stackName }) => stackName);

describe("a worker", () => {
  it("keeps one slot for signups: those who had a VPS ready do not take the last one, however many wait", async () => {
    await work(2);
    await askForReady("ready-1", "ready-2", "ready-3");
    await until("the first of them to be begun", () => begun().length === 1);
    await signUp("alice");
    await until("the signup to be ready", async () => (await world.record("alice")).status === "ready");
    assert.deepEqual(begun(), ["ready-1", "alice"]);
    letGo();
    await until("the others to be done", () => begun().length === 4);
    assert.deepEqual(begun().toSorted(), ["alice", "ready-1", "ready-2", "ready-3"]);
  });

  it("with one slot does all that comes", async () => {
    await work(1);
    await askForReady("ready-1");
    await until("it to be begun", () => begun().length === 1);
    await signUp("alice");
    letGo();
    await until("the signup to be ready", async () => (await world.record("alice")).status === "ready");
    assert.deepEqual(begun(), ["ready-1", "alice"]);
  });
});
