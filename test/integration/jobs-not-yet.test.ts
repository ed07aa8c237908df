/** A run that ends because Hostinger still boots: what is recorded, and that nothing is held meanwhile. The engine is a stub, PostgreSQL is real. */
import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it } from "vitest";
import type { Awaited } from "../../providers/core/patience.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { notYet } from "../../providers/core/patience.ts";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { QUEUE_SCHEMA, send, sendAgain } from "../../src/jobs/queue.ts";
import { tryLockUser } from "../../src/jobs/user-lock.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { findLastPurchase } from "../../src/purchases/index.ts";
import { beginWait, listRuns, noteWaitTime, queueWait, saveVpsResult, setVpsStatus, watchedWaits } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { untilNoJobIsLeft } from "../support/jobs-left.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { until } from "../support/until.ts";

const LIMIT_MS = 60_000;
const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
const engine = new StubEngine();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
const account = { read: async () => ({ state: "none" as const }), withdrawIntents: async () => undefined, resolve: async () => undefined };
const worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account });
afterAll(async () => {
  await worker.stop(0);
  await Promise.all([boss.stop({ graceful: false }), vms.close(), world.close()]);
  await sandbox.close();
});
beforeEach(async () => {
  engine.stacks.clear();
  for (const table of ["vps_waits", "vps_wait_times", "vps_purchases", "user_vps", "user_vps_jobs.job", "vps_runs"]) await pool.query(`DELETE FROM ${table}`);
});

const enqueueUp = (username: string) => inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId: `u-${username}` }));
const watched = async (what: Awaited) => (await watchedWaits(pool)).waits.filter((wait) => wait.what === what);
const outcomes = async (username: string) => (await listRuns(pool, `u-${username}`)).items.map(({ outcome }) => outcome);

/** The VM is bought, and not there yet. */
function boots(vmId: number, what: "running" | "health", seen: string): void {
  engine.onUp = ({ stackName }) => {
    engine.stacks.set(stackName, [{ ...vmOf(vmId), ...(what === "health" && { address: "127.0.0.9" }) }]);
    throw notYet(what, `${stackName}.spoq.dev`, seen);
  };
}

describe("a run that ends with NOT_YET", () => {
  it("is no failure: the user waits since then, with what it usually takes, and no job is left", async () => {
    for (const seconds of [40, 50, 90]) await noteWaitTime(pool, "running", seconds);
    boots(21, "running", "creating");
    await world.signUp("alice");
    await enqueueUp("alice");
    const { status, phase, waitingFor, waitingSince, waitingUsualSeconds, hostingerVmId, errorCode } = await world.until("alice", "a wait", ({ waitingKind }) => waitingKind === "running");
    assert.deepEqual([status, phase, waitingFor, waitingUsualSeconds, hostingerVmId, errorCode], ["provisioning", "vm", "VM 21 to run: creating", 50, 21, null]);
    assert.ok(waitingSince! > new Date(Date.now() - LIMIT_MS));
    assert.deepEqual(await outcomes("alice"), ["waiting"]);
    assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "bought");
    assert.deepEqual((await watched("running")).map(({ vmId, seen }) => [vmId, seen]), [[21, "creating"]]);
    await untilNoJobIsLeft(pool);
  });

  it("waits for health afterwards, and the next run that succeeds ends the wait", async () => {
    boots(22, "health", "TLS: no certificate yet");
    await world.signUp("bob");
    await enqueueUp("bob");
    const waiting = await world.until("bob", "a wait", ({ waitingKind }) => waitingKind === "health");
    assert.deepEqual([waiting.phase, waiting.waitingFor, waiting.waitingUsualSeconds], ["health", "bob.spoq.dev to be healthy: TLS: no certificate yet", null]);
    engine.onUp = () => 22;
    await enqueueUp("bob");
    const { waitingKind, waitingSince, waitingUsualSeconds } = await world.until("bob", "ready", ({ status }) => status === "ready");
    assert.deepEqual([waitingKind, waitingSince, waitingUsualSeconds], [null, null, null]);
    assert.deepEqual(await outcomes("bob"), ["succeeded", "waiting"]);
    assert.deepEqual(await watched("health"), []);
  });

  it("is a failure like others if nobody can tell which VM is waited for", async () => {
    engine.onUp = ({ stackName }) => { throw notYet("running", `${stackName}.spoq.dev`, "creating"); };
    await world.signUp("carl");
    await enqueueUp("carl");
    await world.until("carl", "another try", ({ errorCode }) => errorCode === "NOT_YET");
    assert.deepEqual((await outcomes("carl"))[0], "failed");
    assert.deepEqual(await watched("running"), []);
  });
});

describe("a user who was never ready", () => {
  it("has what is there looked at only after a run that failed: the VM may be gone", async () => {
    engine.refreshes.length = 0;
    let ups = 0;
    engine.onUp = ({ stackName }) => {
      engine.stacks.set(stackName, [{ ...vmOf(31), address: "127.0.0.9" }]);
      ups++;
      if (ups <= 2) throw notYet("health", `${stackName}.spoq.dev`, "TLS: no certificate yet");
      if (ups === 3) throw new UserVpsError("HEALTH_CHECK_FAILED", "as the test says");
      return 31;
    };
    await world.signUp("carol");
    for (const waits of [1, 2]) {
      await enqueueUp("carol");
      await world.until("carol", "a wait", ({ waitingKind }) => waitingKind === "health" && ups === waits);
    }
    await enqueueUp("carol");
    await world.until("carol", "ready", ({ status }) => status === "ready");
    assert.deepEqual(engine.refreshes, [false, false, false, true]);
  });
});

describe("what is overdue", () => {
  const overdueRun = async (username: string, vmId: number) => {
    engine.patiences.length = 0;
    const { userId, hostname } = await world.signUp(username);
    await setVpsStatus(pool, userId, { status: "provisioning" });
    await saveVpsResult(pool, userId, { hostingerVmId: vmId });
    await beginWait(pool, { userId, username, hostname, what: "running", vmId, address: null, seen: "creating", limitSeconds: 0 });
    const [wait] = await watched("running");
    assert.ok(await inTransaction(pool, (db) => queueWait(db, wait!)));
    return userId;
  };

  it("is that one thing, through all tries: what comes after it has its own time", async () => {
    const userId = await overdueRun("alice", 51);
    let tries = 0;
    engine.onUp = ({ stackName }) => {
      engine.stacks.set(stackName, [{ ...vmOf(51), address: "127.0.0.9" }]);
      if (++tries === 1) throw new UserVpsError("VM_NOT_RUNNING", "as the test says");
      throw notYet("health", `${stackName}.spoq.dev`, "TLS: no certificate yet");
    };
    await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId, overdue: "running" }));
    await world.until("alice", "a wait for health", ({ waitingKind }) => waitingKind === "health");
    assert.deepEqual(engine.patiences, ["over:running", "over:running"]);
    const [wait] = await watched("health");
    assert.ok(wait!.until.getTime() - wait!.since.getTime() > 60_000, "with a limit of its own");
  });

  it("is found again where an earlier version has sent the job: the run waits on within the limit that is over", async () => {
    const userId = await overdueRun("bob", 52);
    boots(52, "running", "creating");
    await send(boss, pool, { operation: "up", userId, isOverdue: true } as never);
    await world.until("bob", "a wait", ({ waitingKind }) => waitingKind === "running");
    assert.deepEqual(engine.patiences, ["none"]);
    const [wait] = await watched("running");
    assert.ok(wait!.until.getTime() <= Date.now(), "so that the watcher sends what is overdue at once");
  });
});

describe("jobs of users whom somebody else works for", () => {
  it("come back later, and are not all run through as fast as the database answers", async () => {
    const busy = Array.from({ length: 8 }, (_, number) => `busy-${number}`);
    const locks = await Promise.all(busy.map((userId) => tryLockUser(url, userId)));
    try {
      for (const userId of busy) await sendAgain(boss, pool, { operation: "up", userId }, 0);
      const taken = async () => (await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${QUEUE_SCHEMA}.job WHERE singleton_key LIKE 'up:busy-%' AND state = 'completed'`)).rows[0]!.count;
      const from = async (least: number) => {
        await until(`${least} to be taken`, async () => (await taken()) >= least);
        return performance.now();
      };
      const [first, last] = [await from(1), await from(busy.length)];
      assert.ok(last - first > 1_000, `all were taken within ${Math.round(last - first)} ms`);
    } finally {
      for (const lock of locks) await lock?.release();
      await pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job WHERE singleton_key LIKE 'up:busy-%'`);
    }
  });
});
