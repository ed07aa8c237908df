/** Workers that stood still while another one took their user over, and those that were lost; the engine is a stub, PostgreSQL and the sandbox's APIs are real. */
import assert from "node:assert/strict";
import { afterAll, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { startQueue } from "../../src/jobs/index.ts";
import { endLostRuns } from "../../src/jobs/close-run.ts";
import { endForgottenRuns } from "../../src/jobs/forgotten-runs.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { send } from "../../src/jobs/queue.ts";
import { tryLockUser } from "../../src/jobs/user-lock.ts";
import { destroy } from "../../src/provisioning/destroy.ts";
import { hostingerPower, power } from "../../src/provisioning/power.ts";
import { up } from "../../src/provisioning/up.ts";
import { findLastPurchase } from "../../src/purchases/index.ts";
import { createCredentialsCipher, insertMembers, insertRelease, insertRollOut, listRuns, requestGiveUp, setVpsStatus, startRun, takeMember } from "../../src/records/index.ts";
import { cancelRollOut, skipInRollOut } from "../../src/releases/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { newName } from "../support/new-name.ts";
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
};

describe("a worker that stood still at the end of a run, and was taken over", () => {
  it("writes no result: neither the status, nor a VM that may be another user's by now", async () => {
    const username = newName("alice");
    const { userId } = await world.signUp(username);
    engine.onUp = async () => {
      await endLostRuns(pool, userId);
      await setVpsStatus(pool, userId, { status: "deprovisioned" });
      return 101;
    };
    await performJob(context as never, { operation: "up", userId }, 0);
    const { status, hostingerVmId, readyAt } = await world.record(username);
    assert.deepEqual([status, hostingerVmId, readyAt], ["deprovisioned", null, null]);
    assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => [outcome, errorCode]), [["lost", "RUN_LOST"]]);
    assert.equal((await findLastPurchase(pool, userId))?.state, "reserved", "what became of it, whoever has the user now finds out");
    assert.equal((await pool.query("SELECT FROM user_vps_jobs.job")).rowCount, 0, "and it asks for no run of its own");
  });
});

describe("a run that another worker has ended", () => {
  /** As the record of whoever has it by now. */
  const seen = async (username: string) => {
    const { status, phase, waitingFor, hostingerVmId } = await world.record(username);
    return { status, phase, waitingFor, hostingerVmId };
  };
  const begun = async (username: string, operation: "up" | "destroy" | "power") => {
    const { userId } = await world.signUp(username);
    const runId = crypto.randomUUID();
    await startRun(pool, { runId, userId, username, operation, workerId: "worker", hostId: "host", pid: 1 });
    return { userId, runId };
  };

  it("tells the record nothing of what its engine said before it was killed: no phase, nothing that is waited for, no VM", async () => {
    const username = newName("amy");
    const { userId } = await world.signUp(username);
    engine.onUp = async (_request, { onEvent }) => {
      await endLostRuns(pool, userId);
      await setVpsStatus(pool, userId, { status: "queued", phase: "queued", waitingFor: "what it waits for by now" });
      onEvent!({ kind: "resource-started", type: "pulumi-nodejs:dynamic/user-vps:VirtualMachine", name: "vm", operation: "create" });
      onEvent!({ kind: "resource-ended", type: "pulumi-nodejs:dynamic/user-vps:VirtualMachine", name: "vm", operation: "create", seconds: 1, failed: false, outputs: { vmId: 101, ipv4: "192.0.2.7" } });
      onEvent!({ kind: "message", severity: "info", text: "waiting for VM 101" });
      return 101;
    };
    await performJob(context as never, { operation: "up", userId }, 0);
    assert.deepEqual(await seen(username), { status: "queued", phase: "queued", waitingFor: "what it waits for by now", hostingerVmId: null });
    assert.equal((await pool.query("SELECT FROM vps_phases WHERE user_id = $1 AND ended_at IS NULL", [userId])).rowCount, 0);
  });

  it("begins nothing with a user who is ready by now", async () => {
    const username = newName("ben");
    const { userId, runId } = await begun(username, "up");
    await endLostRuns(pool, userId);
    await setVpsStatus(pool, userId, { status: "ready", phase: "done" });
    const record = await world.record(username);
    await up.run({ ...context, record, hooks: { runId }, recorder: { onLine: () => undefined } } as never);
    assert.equal((await world.record(username)).status, "ready");
  });

  it("gives nothing up of a user who has come back meanwhile", async () => {
    const username = newName("cleo");
    const { userId, runId } = await begun(username, "destroy");
    const record = await world.record(username);
    await inTransaction(pool, (db) => requestGiveUp(db, record, { requestedBy: "olga", reason: "a test", wipe: true, graceHours: 0 }));
    await setVpsStatus(pool, userId, { status: "deprovisioning" });
    // Just when it has begun: the first that it asks outside of a transaction.
    const comesBack = async () => {
      await endLostRuns(pool, userId);
      await setVpsStatus(pool, userId, { status: "ready" });
    };
    let back: Promise<void> | undefined;
    const query = async (...asked: Parameters<typeof pool.query>) => {
      back ??= comesBack();
      await back;
      return pool.query(...asked) as unknown;
    };
    const stoodStill = Object.create(pool, { query: { value: query } }) as typeof pool;
    const stopped = { vms: async () => { throw new Error("as the test says"); } };
    await assert.rejects(destroy.run({ ...context, pool: stoodStill, engine: stopped, record, hooks: { runId }, recorder: { onLine: () => undefined } } as never), /as the test says/);
    assert.equal((await world.record(username)).status, "ready");
  });

  it("orders nothing of a VM once its worker knows that it stood still", async () => {
    const username = newName("dan");
    const { runId } = await begun(username, "power");
    const record = { ...(await world.record(username)), hostingerVmId: 4_242 };
    const lost = new AbortController();
    const refuseLost = async () => {
      lost.abort(new UserVpsError("RUN_LOST", "this process stood still"));
      lost.signal.throwIfAborted();
    };
    const before = sandbox.state().calls.hostinger;
    await assert.rejects(power.run({ ...context, record, powerAction: "stop", hooks: { runId, killSignal: lost.signal, refuseLost }, recorder: { onLine: () => undefined } } as never), { code: "RUN_LOST" });
    assert.equal(sandbox.state().calls.hostinger, before);
  });
});

describe("a run to which nobody comes back", () => {
  it("is ended when its worker is gone: not while somebody is at it, a job leads to it, or a roll-out", async () => {
    const [ada, bea, cora, dora] = ["ada", "bea", "cora", "dora"].map(newName) as [string, string, string, string];
    for (const username of [ada, bea, cora, dora]) {
      const { userId } = await world.signUp(username);
      await startRun(pool, { runId: `run-${username}`, userId, username, operation: "power", workerId: "gone", hostId: "host", pid: 1 });
    }
    const held = (await tryLockUser(url, `u-${bea}`))!;
    await send(boss, pool, { operation: "power", action: "stop", userId: `u-${cora}` }, { delayMs: 3_600_000 });
    const [rollOutId, version] = [newName("roll-out"), newName("1.0")];
    await insertRelease(pool, { version, cli: { url: "https://downloads.example.com/spoq", sha256: "ab".repeat(32) } }, "olga");
    await insertRollOut(pool, { rollOutId, version, requestedBy: "olga", reason: "a test", concurrency: 1, maxFailures: 1, snapshot: false, onlySome: true });
    await insertMembers(pool, rollOutId, [{ userId: `u-${dora}`, username: dora, wave: 1 }]);
    await takeMember(pool, rollOutId, 1, `run-${dora}`);
    const ended = async () => (await endForgottenRuns({ pool, databaseUrl: url, log: () => undefined }, 0)).filter((userId) => [ada, bea, cora, dora].includes(userId.slice("u-".length)));
    try {
      assert.deepEqual(await ended(), [`u-${ada}`]);
    } finally {
      await held.release();
    }
    assert.deepEqual(await ended(), [`u-${bea}`]);
    await inTransaction(pool, async (db) => {
      await skipInRollOut(db, rollOutId, { username: dora, skippedBy: "olga", reason: "a test" });
      await cancelRollOut(db, rollOutId, "olga");
    });
    assert.deepEqual(await ended(), [`u-${dora}`], "skipped, and then its worker died");
    assert.deepEqual((await listRuns(pool, `u-${dora}`)).items.map(({ outcome, errorCode }) => [outcome, errorCode]), [["lost", "RUN_LOST"]]);
    assert.equal((await listRuns(pool, `u-${cora}`)).items[0]?.outcome, null);
    await pool.query("DELETE FROM user_vps_jobs.job");
  });
});

describe("a user whose runs have lost one worker after the other", () => {
  for (const [who, state, becomes] of [["bob", "none", "released"], ["carol", "doubt", "uncertain"]] as const) {
    it(`is worked on once more after nine and becomes failed after ten, when a reservation is ${becomes} where the account says ${state}`, async () => {
      const username = newName(who);
      const { userId } = await world.signUp(username);
      const purchases = { guard: world.guard, account: { ...world.account, read: async () => ({ state }) } };
      const perform = (lostWorkers: number) => performJob({ ...context, purchases } as never, { operation: "up", userId }, lostWorkers);
      engine.ups.length = 0;
      engine.onUp = () => { throw new UserVpsError("API_UNAVAILABLE", "as the test says"); };
      await perform(9);
      assert.deepEqual([engine.ups.length, (await world.record(username)).status, (await findLastPurchase(pool, userId))?.state], [1, "queued", "reserved"]);
      await perform(10);
      const { status, errorCode, reason } = await world.record(username);
      assert.deepEqual([engine.ups.length, status, errorCode], [1, "failed", "RUN_LOST"]);
      assert.match(reason ?? "", /10 workers have died over this/);
      assert.doesNotMatch(reason ?? "", /by itself/);
      assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome }) => outcome), ["lost", "failed"]);
      assert.equal((await findLastPurchase(pool, userId))?.state, becomes);
    });
  }
});
