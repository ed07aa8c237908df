/** A cancel that was accepted comes to its end, whatever became of the run's worker. The engine is a stub, PostgreSQL is real. */
import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { notYet } from "../../providers/core/patience.ts";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { closeRun, recordCancelled } from "../../src/jobs/close-run.ts";
import { recordWait } from "../../src/jobs/end-run.ts";
import { queueMissingJobs } from "../../src/jobs/missing-jobs.ts";
import { send } from "../../src/jobs/queue.ts";
import { up } from "../../src/provisioning/up.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { findLastPurchase, findOpenPurchase, goOn, wishFor } from "../../src/purchases/index.ts";
import type { AccountPurchase } from "../../src/purchases/index.ts";
import { beginWait, listRuns, lockVps, setVpsStatus, startRun } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { untilNoJobIsLeft } from "../support/jobs-left.ts";
import { untilLocksAreWaitedFor } from "../support/lock-waits.ts";
import { withDatabase } from "../support/postgres.ts";
import { KVM1, openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";


/** After its `up`, the stack's VMs are asked for: a run is past its engine then, and has not ended yet. */
class WatchedEngine extends StubEngine {
  onEnd: () => Promise<void> = async () => undefined;

  override async vms(stackName: string) {
    if (this.ups.length > 0) await this.onEnd();
    return await super.vms(stackName);
  }
}

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
const engine = new WatchedEngine();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
const account = { said: { state: "none" } as AccountPurchase, read: async () => account.said, withdrawIntents: async () => undefined, resolve: async () => undefined };
const worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account });
afterAll(async () => {
  await worker.stop(0);
  await Promise.all([boss.stop({ graceful: false }), vms.close(), world.close()]);
  await sandbox.close();
});
beforeEach(async () => {
  engine.ups.length = 0;
  engine.stacks.clear();
  engine.onEnd = async () => undefined;
  await pool.query("UPDATE vps_purchase_breaker SET state = 'closed', refusals = 0, reason = NULL, opened_at = NULL, next_probe_at = NULL, probe_purchase_id = NULL");
  for (const table of ["vps_waits", "vps_purchases", "user_vps", "user_vps_jobs.job", "vps_runs"]) await pool.query(`DELETE FROM ${table}`);
});

const signUp = async (username: string) => {
  const record = await world.signUp(username);
  await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId: record.userId }));
};
const outcomes = async (username: string) => (await listRuns(pool, `u-${username}`)).items.map(({ outcome, errorCode }) => [outcome, errorCode]);
const nothingWaits = async () => assert.equal((await pool.query("SELECT FROM vps_waits")).rowCount, 0);

/** Nothing goes on: neither a job nor a wait is left, and no record without a job gets one. */
async function isCancelled(username: string): Promise<void> {
  const { errorCode, nextStep } = await world.until(username, "failed", ({ status }) => status === "failed");
  assert.equal(errorCode, "CANCELLED");
  assert.ok(nextStep);
  await untilNoJobIsLeft(pool);
  await nothingWaits();
  assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), []);
}

describe("a cancel of a run whose worker is gone", () => {
  /** As a killed worker leaves it: the record in the midst of it, the run open. */
  const leftBehind = async (username: string) => {
    const { userId } = await world.signUp(username);
    await startRun(pool, { runId: `lost-${username}`, userId, username, operation: "up", workerId: "gone", hostId: "host", pid: 1 });
    await setVpsStatus(pool, userId, { status: "provisioning" });
    return userId;
  };

  it("ends as failed by whoever takes its job over, and nothing is run or bought", async () => {
    const userId = await leftBehind("alice");
    await jobs.cancel(userId);
    await send(boss, pool, { operation: "up", userId });
    await isCancelled("alice");
    assert.deepEqual([await outcomes("alice"), engine.ups.length], [[["cancelled", "CANCELLED"]], 0]);
  });

  it("ends as failed where its job waited and was dropped", async () => {
    const userId = await leftBehind("bob");
    await jobs.cancel(userId);
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), [userId]);
    await isCancelled("bob");
    assert.equal(engine.ups.length, 0);
  });

  it("withdraws a wish to buy and ends a wait; a purchase that may have been made stays in the books", async () => {
    const wish = { username: "alice", hostname: `alice.${sandbox.domain}`, plan: KVM1, changeId: null, askedAt: new Date() };
    const alice = await leftBehind("alice");
    await wishFor(pool, { ...wish, userId: alice });
    await beginWait(pool, { userId: alice, username: "alice", hostname: wish.hostname, what: "running", vmId: 7, address: null, seen: "creating", limitSeconds: 900 });
    const bob = await leftBehind("bob");
    await wishFor(pool, { ...wish, userId: bob, username: "bob", hostname: `bob.${sandbox.domain}` });
    await pool.query("UPDATE vps_purchases SET state = 'reserved', waits_for = NULL, reserved_at = clock_timestamp() WHERE user_id = $1", [bob]);
    for (const userId of [alice, bob]) {
      await jobs.cancel(userId);
      await send(boss, pool, { operation: "up", userId });
    }
    await isCancelled("alice");
    await isCancelled("bob");
    assert.deepEqual([(await findLastPurchase(pool, alice))?.state, (await findOpenPurchase(pool, bob))?.state], ["released", "reserved"]);
  });

  it("is over with that run: a retry goes on", async () => {
    const userId = await leftBehind("alice");
    await jobs.cancel(userId);
    await send(boss, pool, { operation: "up", userId });
    await isCancelled("alice");
    engine.onUp = () => 31;
    await setVpsStatus(pool, userId, { status: "queued" });
    await send(boss, pool, { operation: "up", userId });
    await world.until("alice", "ready", ({ status }) => status === "ready");
  });
});

describe("a cancel of a user whose turn to buy has just come", () => {
  it("and that turn do not wait for each other: whoever was first has its way", async () => {
    const { userId, hostname, requestedAt } = await world.signUp("alice");
    await wishFor(pool, { userId, username: "alice", hostname, plan: KVM1, changeId: null, askedAt: requestedAt });
    await setVpsStatus(pool, userId, { status: "queued", waitingKind: "fleet_limit", waitingFor: "an example" });
    const sent: string[] = [];
    const turn = await inTransaction(pool, async (db) => {
      await lockVps(db, userId);
      const going = goOn(world.guard, world.session, async (_db, gone) => void sent.push(gone));
      going.catch(() => undefined);
      await untilLocksAreWaitedFor(pool);
      await recordCancelled(db, userId);
      return { going };
    });
    await turn.going;
    await isCancelled("alice");
    assert.deepEqual([sent, (await findLastPurchase(pool, userId))?.state], [[], "released"]);
  });
});

describe("a cancel of a run that is past its engine", () => {
  const ends: Readonly<Record<string, { readonly onUp: StubEngine["onUp"]; readonly purchase: string }>> = {
    "with what is not there yet": {
      onUp: ({ stackName }) => {
        engine.stacks.set(stackName, [vmOf(41)]);
        throw notYet("running", `${stackName}.spoq.dev`, "creating");
      },
      purchase: "bought",
    },
    "with a failure that would be tried again": { onUp: () => { throw new UserVpsError("API_UNAVAILABLE", "as the test says"); }, purchase: "reserved" },
    "with a payment that was refused": { onUp: () => { throw new UserVpsError("PAYMENT_REFUSED", "as the test says"); }, purchase: "released" },
    "with a payment that is under way": { onUp: () => { throw new UserVpsError("AWAITING_PAYMENT", "as the test says"); }, purchase: "awaiting_payment" },
    "with a data center that has no VPS": { onUp: () => { throw new UserVpsError("API_REJECTED", "The plan is out of stock in this data center."); }, purchase: "released" },
  };
  for (const [how, { onUp, purchase }] of Object.entries(ends)) {
    it(`ends as failed, and not ${how}`, async () => {
      engine.onUp = onUp;
      engine.onEnd = async () => {
        engine.onEnd = async () => undefined;
        await jobs.cancel("u-alice");
      };
      await signUp("alice");
      await isCancelled("alice");
      assert.deepEqual([await outcomes("alice"), engine.ups.length], [[["cancelled", "CANCELLED"]], 1]);
      assert.equal((await findLastPurchase(pool, "u-alice"))?.state, purchase);
    });
  }

  it("ends as failed, and not with a wait for its turn to buy", async () => {
    const record = await world.signUp("alice");
    const { userId } = record;
    await wishFor(pool, { userId, username: "alice", hostname: record.hostname, plan: KVM1, changeId: null, askedAt: new Date() });
    await startRun(pool, { runId: "turn", userId, username: "alice", operation: "up", workerId: "w", hostId: "host", pid: 1 });
    await setVpsStatus(pool, userId, { status: "provisioning" });
    await jobs.cancel(userId);
    const recorder = { onLine: () => undefined, flush: async () => undefined, resources: () => [] };
    await recordWait({ pool, log: () => undefined } as never, { job: { operation: "up", userId }, kind: up, record, runId: "turn", recorder: recorder as never, lostWorkers: 0 }, { kind: "fleet_limit", text: "the fleet is full" }, 1);
    await isCancelled("alice");
    assert.equal((await findLastPurchase(pool, userId))?.state, "released");
  });

  it("comes too late for one that has succeeded", async () => {
    const { userId } = await world.signUp("alice");
    await startRun(pool, { runId: "done", userId, username: "alice", operation: "up", workerId: "w", hostId: "host", pid: 1 });
    await setVpsStatus(pool, userId, { status: "provisioning" });
    await jobs.cancel(userId);
    assert.equal(await inTransaction(pool, (db) => closeRun(db, { userId, runId: "done" }, { outcome: "succeeded", seconds: 1 })), "ended");
    assert.deepEqual(await outcomes("alice"), [["succeeded", null]]);
  });
});

describe("a cancel of what has come to its end since it was looked at", () => {
  it("leaves what was asked for by then", async () => {
    const { userId } = await world.signUp("alice");
    await setVpsStatus(pool, userId, { status: "suspended" });
    // Later than this test looks: nobody is to do it meanwhile.
    await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "power", action: "stop", whileSuspended: true, userId }, { delaySeconds: 3_600 }));
    await jobs.cancel(userId);
    assert.deepEqual((await pool.query("SELECT singleton_key FROM user_vps_jobs.job WHERE state = 'created'")).rows, [{ singleton_key: `power:${userId}` }]);
    assert.equal((await world.record("alice")).status, "suspended");
  });
});
