/** A worker that is to end while it fetches a job. The engine is a stub. */
import assert from "node:assert/strict";
import { afterAll, afterEach, it } from "vitest";
import { inTransaction, createPool } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { QUEUE, QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { RunningWork } from "../../src/jobs/running-work.ts";
import { stopWork } from "../../src/jobs/stop-work.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { listRuns } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { until } from "../support/until.ts";

const GRACE_MS = 60_000;
const rest = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
const account = { read: async () => ({ state: "none" as const }), withdrawIntents: async () => undefined, resolve: async () => undefined };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close(); });
afterAll(async () => {
  await Promise.all([vms.close(), world.close()]);
  await sandbox.close();
});

async function openWorker(engine: StubEngine) {
  const own = createPool({ url, name: "test worker", max: 4 });
  const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
  closers.push(() => own.end(), () => boss.stop({ graceful: false }));
  return { boss, start: () => startStubWorker({ boss, pool: own, databaseUrl: url, engine, vms, world, account }) };
}

/** Nobody reads or writes jobs until `open` is called, or the test has ended. */
async function closeQueue(): Promise<{ open(): Promise<void> }> {
  const client = await pool.connect();
  await client.query(`BEGIN; LOCK TABLE ${QUEUE_SCHEMA}.job`);
  let opened: Promise<void> | undefined;
  const open = () => (opened ??= client.query("ROLLBACK").then(() => client.release()));
  atEnd(open);
  return { open };
}

/** Not by the session that holds the lock: within a transaction PostgreSQL goes on showing what it has shown first. */
const isFetchedFrom = async () => (await pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%SKIP LOCKED%'")).rowCount! > 0;

/** Returns a worker whose fetch of a new user's job is under way. */
async function fetchingFor(name: string, engine: StubEngine) {
  const { boss, start } = await openWorker(engine);
  const { userId } = await world.signUp(newName(name));
  await inTransaction(pool, (db) => pgBossJobs(boss, pool).enqueue(db, { operation: "up", userId }));
  const queue = await closeQueue();
  const worker = await start();
  await until("the fetch", isFetchedFrom);
  return { userId, queue, worker };
}

it("does what it was just fetching to its end before it has ended, within its grace", async () => {
  const engine = new StubEngine();
  let isDone = false;
  engine.onUp = async () => {
    await rest(300);
    isDone = true;
    return 61;
  };
  const { userId, queue, worker } = await fetchingFor("alice", engine);
  const ends = worker.stop(GRACE_MS);
  await rest(100);
  await queue.open();
  await ends;
  assert.equal(isDone, true);
  assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome }) => outcome), ["succeeded"]);
});

it("begins nothing of what it was just fetching once its grace is over: it is left to another", async () => {
  const engine = new StubEngine();
  const { userId, queue, worker } = await fetchingFor("bob", engine);
  await worker.stop(50);
  await queue.open();
  const jobs = async () => (await pool.query<{ state: string }>(`SELECT state FROM ${QUEUE_SCHEMA}.job WHERE data->>'userId' = $1 ORDER BY state`, [userId])).rows.map(({ state }) => state);
  for (const endMs = performance.now() + GRACE_MS; (await jobs()).join() !== "created,completed"; await rest(20)) assert.ok(performance.now() < endMs, "the late job is not handed over");
  assert.deepEqual([engine.ups, (await listRuns(pool, userId)).items], [[], []]);
});

it("ends at once when it has nothing to do, not after its next look", async () => {
  const { boss } = await openWorker(new StubEngine());
  await pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job`);
  await boss.work(QUEUE, { pollingIntervalSeconds: 600 }, async () => undefined);
  await rest(300);
  assert.equal(await new RunningWork().endedWithin(GRACE_MS, stopWork(boss, QUEUE, () => undefined)), true);
}, 2 * GRACE_MS);
