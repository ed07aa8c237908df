/** The roll-out's own rules, with an engine that only notes what it is asked for. */
import assert from "node:assert/strict";
import { afterEach, beforeAll, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { tryLockSession } from "../../src/jobs/session-lock.ts";
import type { Engine, RunHooks, StackRequest, UpOptions } from "../../src/provisioning/engine.ts";
import { createCredentialsCipher, findRun, findVpsByUserId, listRuns, readRunLog, requestCredentialsRotation, takeCredentials } from "../../src/records/index.ts";
import { RELEASE_LIMITS } from "../../src/releases/release-to-vps.ts";
import { cancelRollOut, createRelease, createRollOut, findReleaseOfUser, findUnfinishedRollOuts, listMembers, runRollOut, skipInRollOut } from "../../src/releases/index.ts";
import type { RollOutContext } from "../../src/releases/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { vmOf } from "../support/stub-engine.ts";
import { until } from "../support/until.ts";

const SHA256 = "ab".repeat(32);
const SECRET = "fake-secret-for-tests";
const USERS = ["anna", "bert", "carl", "dora"];

const { pool, url } = await withDatabase();
const begin = (request: Parameters<typeof createRollOut>[1]) => inTransaction(pool, (db) => createRollOut(db, request));
let upped: StackRequest[] = [];
let agains: UpOptions["again"][] = [];
let outputs: Record<string, unknown> = {};
const cipher = createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]);
let onUp: (request: StackRequest, hooks: RunHooks) => Promise<void> = async () => undefined;
let next = 1;
beforeAll(async () => {
  for (const user of USERS) await insertReadyUser(pool, user);
});
afterEach(async () => {
  upped = [];
  agains = [];
  outputs = {};
  onUp = async () => undefined;
  await pool.query("UPDATE vps_roll_outs SET outcome = 'cancelled', ended_at = now() WHERE outcome IS NULL");
  await pool.query("UPDATE vps_roll_out_members SET status = 'skipped' WHERE status = 'running'");
  await pool.query("UPDATE user_vps SET status = 'ready' WHERE user_id = ANY($1)", [USERS]);
});

const engine = {
  vms: async () => [vmOf(1)],
  clearInterruptedRun: async () => undefined,
  async up(request: StackRequest, hooks: RunHooks, options: UpOptions = {}) {
    upped.push(request);
    agains.push(options.again);
    hooks.onLine?.(`working with ${SECRET}`);
    await onUp(request, hooks);
    return { changes: { update: 1 }, outputs };
  },
} as unknown as Engine;

function context(more: Partial<RollOutContext> = {}): RollOutContext {
  return {
    pool, engine, cipher,
    stackOf: async ({ username }) => ({ stackName: username, config: { username } }),
    lockUser: async () => ({ lost: new AbortController().signal, cancelled: new AbortController().signal, refuseLost: async () => undefined, release: async () => undefined }),
    lockRollOuts: () => tryLockSession({ databaseUrl: url, name: "roll-outs of this test", of: "roll-outs" }),
    refuseNamesOfOthers: async () => undefined, takeSnapshot: async () => assert.fail("no snapshot was asked for"),
    ...RELEASE_LIMITS, limitMs: 60_000, workerId: "test", hostId: "test", secrets: [SECRET], log: () => undefined, closing: new AbortController().signal, signal: new AbortController().signal, ...more,
  };
}

/** A release of its own for each test. */
async function planned(more: Partial<Parameters<typeof begin>[0]> = {}): Promise<{ rollOutId: string; version: string }> {
  const version = `1.${next++}`;
  await createRelease(pool, { version, conductor: { url: "https://downloads.example.com/conductor", sha256: SHA256 } }, "operator");
  const { rollOutId } = await begin({ version, requestedBy: "operator", reason: "test", concurrency: 1, waves: ["1", "rest"], ...more });
  return { rollOutId, version };
}

/** As a worker that is killed leaves it: `bert` is running, and nobody is at it. */
async function cutOff(rollOutId: string, more: Partial<RollOutContext> = {}): Promise<void> {
  const ending = new AbortController();
  onUp = async ({ stackName }) => {
    if (stackName !== "bert") return;
    ending.abort(new UserVpsError("RUN_LOST", "The process ends."));
    throw ending.signal.reason;
  };
  assert.equal((await runRollOut(context({ ...more, signal: ending.signal }), rollOutId)).outcome, null);
  onUp = async () => undefined;
}

async function statusesOf(rollOutId: string): Promise<Record<string, string>> {
  return Object.fromEntries((await listMembers(pool, rollOutId)).map(({ username, wave, status }) => [username, `${wave} ${status}`]));
}

const fails = (username: string) => async ({ stackName }: StackRequest) => {
  if (stackName === username) throw new UserVpsError("RELEASE_FAILED", `it was not healthy, says ${SECRET}`);
};

describe("a roll-out", () => {
  it("runs `up` with the release's settings for everybody who is ready, and records who, what and when", async () => {
    const { rollOutId, version } = await planned();
    const rollOut = await runRollOut(context(), rollOutId);
    assert.deepEqual([rollOut.outcome, rollOut.requestedBy, rollOut.reason, rollOut.version], ["succeeded", "operator", "test", version]);
    assert.deepEqual(upped.map(({ stackName }) => stackName), USERS);
    assert.deepEqual(upped[0]?.config, { username: "anna", releaseVersion: version, releaseConductorUrl: "https://downloads.example.com/conductor", releaseConductorSha256: SHA256 });
    const [member] = await listMembers(pool, rollOutId);
    assert.ok(member?.startedAt && member.endedAt && member.startedAt <= member.endedAt);
    const { items: [run] } = await listRuns(pool, "anna");
    assert.deepEqual([run?.runId, run?.operation, run?.outcome], [member.runId, "up", "succeeded"]);
    assert.equal((await findReleaseOfUser(pool, "anna"))?.version, version);
  });

  it("brings a release also to a VPS whose stack holds it already, and looks at its health: it may run another one by now", async () => {
    const { version } = await planned({ usernames: ["anna"] }).then(async ({ rollOutId, ...rest }) => (await runRollOut(context(), rollOutId), rest));
    const { rollOutId } = await begin({ version, requestedBy: "operator", reason: "test", concurrency: 1, usernames: ["anna"] });
    await runRollOut(context(), rollOutId);
    assert.deepEqual(agains, [["release", "health"], ["release", "health"]]);
    assert.deepEqual(upped[1], upped[0]);
  });

  it("stores new credentials that its run makes, because they were asked for meanwhile, to be shown", async () => {
    await requestCredentialsRotation(pool, "anna");
    outputs = { hostname: "anna.spoq.dev", password: "fake-Password-2", jwtSecret: "fake-jwt-secret" };
    const { rollOutId } = await planned({ usernames: ["anna"] });
    await runRollOut(context(), rollOutId);
    const { credentialsRotation, credentialsSavedRotation } = (await findVpsByUserId(pool, "anna"))!;
    assert.equal(credentialsSavedRotation, credentialsRotation);
    assert.equal((await takeCredentials(pool, cipher, "anna"))?.password, "fake-Password-2");
  });

  it("stops at the first failure and skips whoever is left; no log and no message holds a secret", async () => {
    const { rollOutId } = await planned();
    onUp = fails("bert");
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "stopped");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 failed", carl: "2 skipped", dora: "2 skipped" });
    const bert = (await listMembers(pool, rollOutId))[1]!;
    assert.deepEqual([bert.errorCode, bert.message?.includes("[secret]"), bert.message?.includes(SECRET)], ["RELEASE_FAILED", true, false]);
    const log = await readRunLog(pool, bert.runId!, { limit: 10 });
    assert.match(log[0]?.line ?? "", /^working with \[secret\]$/);
  });

  it("goes on through as many failures as it may have", async () => {
    const { rollOutId } = await planned({ maxFailures: 2 });
    onUp = fails("bert");
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 failed", carl: "2 succeeded", dora: "2 succeeded" });
  });

  it("ends a VPS that hangs as that VPS's failure, and goes on with the others", async () => {
    const { rollOutId } = await planned({ maxFailures: 2 });
    onUp = async ({ stackName }, { signal }) => {
      if (stackName === "bert") await new Promise((_, failed) => signal!.addEventListener("abort", () => failed(new Error("exit code 255"))));
    };
    assert.equal((await runRollOut(context({ limitMs: 100 }), rollOutId)).outcome, "succeeded");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 failed", carl: "2 succeeded", dora: "2 succeeded" });
    const bert = (await listMembers(pool, rollOutId))[1]!;
    assert.equal(bert.errorCode, "RELEASE_TIMED_OUT");
    assert.deepEqual([(await findRun(pool, bert.runId!))?.outcome, (await findRun(pool, bert.runId!))?.errorCode], ["failed", "RELEASE_TIMED_OUT"]);
  });

  it("kills what does not even heed that, and does not wait for it", async () => {
    const { rollOutId } = await planned({ maxFailures: 2 });
    let killed: unknown;
    onUp = async ({ stackName }, { killSignal }) => {
      if (stackName !== "bert") return;
      killSignal!.addEventListener("abort", () => { killed = killSignal!.reason; });
      await new Promise(() => undefined);
    };
    assert.equal((await runRollOut(context({ limitMs: 50, stopLimitMs: 50 }), rollOutId)).outcome, "succeeded");
    assert.equal((killed as UserVpsError).code, "RELEASE_TIMED_OUT");
  });

  it("goes on without a VPS that an operator skips, waiting or under way, and takes neither for a failure", async () => {
    const { rollOutId } = await planned();
    const cancelled = new AbortController();
    const skip = (username: string) => inTransaction(pool, (db) => skipInRollOut(db, rollOutId, { username, skippedBy: "operator_2", reason: "it hangs" }));
    onUp = async ({ stackName }, { signal }) => {
      if (stackName !== "bert") return;
      assert.deepEqual([await skip("carl"), await skip("bert"), await skip("bert"), await skip("anna"), await skip("nobody")], [true, true, false, false, false]);
      // As the lock of the user does when it hears of it.
      cancelled.abort(new UserVpsError("CANCELLED", "an example"));
      signal!.throwIfAborted();
    };
    const lockUser = async (userId: string) => ({ lost: new AbortController().signal, cancelled: userId === "bert" ? cancelled.signal : new AbortController().signal, refuseLost: async () => undefined, release: async () => undefined });
    assert.equal((await runRollOut(context({ lockUser }), rollOutId)).outcome, "succeeded");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 skipped", carl: "2 skipped", dora: "2 succeeded" });
    assert.deepEqual(upped.map(({ stackName }) => stackName), ["anna", "bert", "dora"]);
    assert.equal((await listMembers(pool, rollOutId))[1]!.message, "Skipped by operator_2: it hangs");
  });

  it("works on several at once, but on no more than asked for", async () => {
    const { rollOutId } = await planned({ waves: ["rest"], concurrency: 3 });
    let running = 0;
    let most = 0;
    onUp = async () => {
      most = Math.max(most, (running += 1));
      // On a busy machine the others may take their time to begin.
      await until("three at once", () => most >= 3);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
    };
    await runRollOut(context(), rollOutId);
    assert.equal(most, 3);
  });

  it("waits for one that a signup is just claiming from a pool, before its wave is done", async () => {
    const { rollOutId } = await planned();
    const claiming = await pool.connect();
    try {
      await claiming.query("BEGIN");
      await claiming.query("UPDATE vps_roll_out_members SET username = 'berta' WHERE roll_out_id = $1 AND username = 'bert'", [rollOutId]);
      const passed = Promise.withResolvers<void>();
      onUp = async ({ stackName }) => void (stackName === "dora" && passed.resolve());
      const ended = runRollOut(context(), rollOutId);
      await passed.promise;
      await new Promise((resolve) => setTimeout(resolve, 200));
      await claiming.query("COMMIT");
      assert.equal((await ended).outcome, "succeeded");
    } finally {
      claiming.release();
    }
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", berta: "2 succeeded", carl: "2 succeeded", dora: "2 succeeded" });
  });

  it("is gone on with after its process has ended: the one that was under way is done again, those that are done are not", async () => {
    const { rollOutId } = await planned();
    await cutOff(rollOutId);
    assert.deepEqual(await findUnfinishedRollOuts(pool), [rollOutId]);
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.deepEqual(upped.map(({ stackName }) => stackName), ["anna", "bert", "bert", "carl", "dora"]);
  });

  for (const [how, end] of [
    ["somebody cancels it", async (rollOutId: string) => void (await cancelRollOut(pool, rollOutId, "operator"))],
    ["it had its failures", async (rollOutId: string) => void (await pool.query("UPDATE vps_roll_out_members SET status = 'failed' WHERE roll_out_id = $1 AND username = 'anna'", [rollOutId]))],
  ] as const) {
    it(`brings the one whose process has ended to its end also when ${how} before it is gone on with, and begins nobody else`, async () => {
      const { rollOutId } = await planned();
      await cutOff(rollOutId);
      await end(rollOutId);
      assert.deepEqual(await findUnfinishedRollOuts(pool), [rollOutId]);
      assert.match((await runRollOut(context(), rollOutId)).outcome ?? "", /cancelled|stopped/);
      const { bert, carl, dora } = await statusesOf(rollOutId);
      assert.deepEqual([bert, carl, dora], ["2 succeeded", "2 skipped", "2 skipped"]);
      assert.deepEqual(await findUnfinishedRollOuts(pool), []);
    });
  }

  it("ends the run of a worker that was killed as lost", async () => {
    const { rollOutId } = await planned();
    await cutOff(rollOutId);
    const { runId } = (await listMembers(pool, rollOutId))[1]!;
    await pool.query("UPDATE vps_runs SET outcome = NULL, ended_at = NULL WHERE run_id = $1", [runId]);
    await runRollOut(context(), rollOutId);
    assert.deepEqual([(await findRun(pool, runId!))?.outcome, (await listRuns(pool, "bert")).items[0]?.outcome], ["lost", "succeeded"]);
  });

  it("lets what is under way finish when its process is to end, and begins nobody else", async () => {
    const { rollOutId } = await planned();
    const closing = new AbortController();
    onUp = async () => closing.abort();
    assert.equal((await runRollOut(context({ closing: closing.signal }), rollOutId)).outcome, null);
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 waiting", carl: "2 waiting", dora: "2 waiting" });
  });

  it("does not wait for a user's other run when its process is to end", async () => {
    const { rollOutId } = await planned();
    const closing = new AbortController();
    const lockUser = async () => {
      closing.abort();
      return undefined;
    };
    assert.equal((await runRollOut(context({ lockUser, closing: closing.signal }), rollOutId)).outcome, null);
    assert.deepEqual(upped, []);
  });

  it("ends its part when its hold on roll-outs is lost, so that no two processes go on", async () => {
    const { rollOutId } = await planned();
    onUp = async (_request, { signal }) => {
      await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'user-vps lock' AND datname = current_database()");
      await until("what is under way to be asked to stop", () => signal?.aborted);
    };
    assert.equal((await runRollOut(context(), rollOutId)).outcome, null);
    assert.equal(upped.length, 1);
  });

  it("begins nobody else once it is cancelled", async () => {
    const { rollOutId } = await planned();
    onUp = async () => void (await cancelRollOut(pool, rollOutId, "another operator"));
    const { outcome, cancelledBy } = await runRollOut(context(), rollOutId);
    assert.deepEqual([outcome, cancelledBy], ["cancelled", "another operator"]);
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 skipped", carl: "2 skipped", dora: "2 skipped" });
  });

  it("skips a VPS that is not ready any more when its turn comes", async () => {
    const { rollOutId } = await planned();
    await pool.query("UPDATE user_vps SET status = 'deprovisioning' WHERE user_id = 'carl'");
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.equal((await statusesOf(rollOutId))["carl"], "2 skipped");
    assert.ok(!upped.some(({ stackName }) => stackName === "carl"));
  });

  it("comes back to a VPS that is just handed over when the others of its wave are through, and goes to none of the next wave before", async () => {
    const { rollOutId } = await planned({ waves: ["2", "rest"] });
    await pool.query("UPDATE user_vps SET status = 'provisioning' WHERE user_id = 'anna'");
    onUp = async ({ stackName }) => void (stackName === "bert" && (await pool.query("UPDATE user_vps SET status = 'ready' WHERE user_id = 'anna'")));
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.deepEqual(upped.map(({ stackName }) => stackName), ["bert", "anna", "carl", "dora"]);
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "1 succeeded", carl: "2 succeeded", dora: "2 succeeded" });
  });

  it("skips a VPS that is not ready in time, and then brings one VPS alone to the release before several at once", async () => {
    const { rollOutId } = await planned({ waves: ["1", "rest"], concurrency: 3 });
    await pool.query("UPDATE user_vps SET status = 'queued' WHERE user_id = 'anna'");
    let running = 0;
    const atOnce: number[] = [];
    onUp = async ({ stackName }) => {
      atOnce.push(++running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      // On a busy machine the other of the two may take its time to begin.
      if (stackName !== "bert") await until("two at once", () => atOnce.includes(2));
      running -= 1;
    };
    assert.equal((await runRollOut(context({ lockTimeoutMs: 700 }), rollOutId)).outcome, "succeeded");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 skipped", bert: "2 succeeded", carl: "2 succeeded", dora: "2 succeeded" });
    assert.deepEqual(atOnce, [1, 1, 2]);
  });

  it("stops at the one VPS that came alone, if that fails: nobody else of the wave is begun", async () => {
    const { rollOutId } = await planned({ waves: ["1", "rest"], concurrency: 3 });
    await pool.query("UPDATE user_vps SET status = 'failed' WHERE user_id = 'anna'");
    onUp = fails("bert");
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "stopped");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 skipped", bert: "2 failed", carl: "2 skipped", dora: "2 skipped" });
    assert.equal(upped.length, 1);
  });

  it("ends one that is put back after a cancel, with the others", async () => {
    const { rollOutId } = await planned({ waves: ["rest"] });
    await pool.query("UPDATE user_vps SET status = 'provisioning' WHERE user_id = 'anna'");
    const held = await context().lockUser("anna");
    const lockUser = async () => {
      await cancelRollOut(pool, rollOutId, "another operator");
      return held;
    };
    assert.equal((await runRollOut(context({ lockUser }), rollOutId)).outcome, "cancelled");
    assert.equal((await statusesOf(rollOutId))["anna"], "1 skipped");
  });

  it("waits for a user's other run, and counts one that does not end as a failure", async () => {
    const { rollOutId } = await planned();
    let busy = 1;
    const held = await context().lockUser("anna");
    assert.equal((await runRollOut(context({ lockUser: async () => (busy-- > 0 ? undefined : held) }), rollOutId)).outcome, "succeeded");

    const other = await planned();
    assert.equal((await runRollOut(context({ lockUser: async () => undefined, lockTimeoutMs: 0 }), other.rollOutId)).outcome, "stopped");
    assert.equal((await listMembers(pool, other.rollOutId))[0]?.errorCode, "STACK_LOCKED");
  });

  it("is the only one, and only one process works on it", async () => {
    const { rollOutId, version } = await planned();
    await assert.rejects(begin({ version, requestedBy: "operator", reason: "test" }), /ROLL_OUT_OPEN: Another roll-out is open/);
    let second: Promise<unknown> | undefined;
    onUp = async () => void (await (second ??= assert.rejects(runRollOut(context(), rollOutId), /STACK_LOCKED/)));
    await runRollOut(context(), rollOutId);
    assert.ok(second);
  });
});

describe("a roll-out with snapshots", () => {
  const order: string[] = [];
  const withSnapshots = { takeSnapshot: async ({ username }: { username: string }) => void order.push(`snapshot of ${username}`) };
  afterEach(() => void order.splice(0));

  it("makes each VM's before anything is changed on it, and says when", async () => {
    const { rollOutId } = await planned({ snapshot: true, usernames: ["anna", "bert"] });
    await pool.query("UPDATE user_vps SET hostinger_vm_id = 17923 WHERE username = 'anna'");
    onUp = async ({ stackName }) => void order.push(`up of ${stackName}`);
    assert.equal((await runRollOut(context(withSnapshots), rollOutId)).outcome, "succeeded");
    assert.deepEqual(order, ["snapshot of anna", "up of anna", "snapshot of bert", "up of bert"]);
    for (const { startedAt, snapshotAt, endedAt } of await listMembers(pool, rollOutId)) assert.ok(startedAt! <= snapshotAt! && snapshotAt! <= endedAt!);
    assert.equal((await findVpsByUserId(pool, "anna"))?.snapshotVmId, 17_923, "the user may go back to it");
  });

  it("fails where one cannot be made, before anything is changed", async () => {
    const { rollOutId } = await planned({ snapshot: true });
    const takeSnapshot = async () => { throw new UserVpsError("VM_ACTION_FAILED", "making a snapshot: an example"); };
    assert.equal((await runRollOut(context({ takeSnapshot }), rollOutId)).outcome, "stopped");
    assert.deepEqual(upped, []);
    const [anna] = await listMembers(pool, rollOutId);
    assert.deepEqual([anna?.status, anna?.errorCode, anna?.snapshotAt], ["failed", "VM_ACTION_FAILED", null]);
    assert.equal((await findRun(pool, anna!.runId!))?.outcome, "failed");
  });

  it("makes none of a VM that was left half-way: the one from before stays", async () => {
    const { rollOutId } = await planned({ snapshot: true });
    await cutOff(rollOutId, withSnapshots);
    await runRollOut(context(withSnapshots), rollOutId);
    assert.deepEqual(order, USERS.map((username) => `snapshot of ${username}`));
  });
});
