/** What interrupts a roll-out, and how often a VPS may; the engine only notes what it is asked for. */
import assert from "node:assert/strict";
import { afterEach, beforeAll, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { endLostRuns } from "../../src/jobs/close-run.ts";
import { tryLockSession } from "../../src/jobs/session-lock.ts";
import type { Engine, RunHooks, StackRequest } from "../../src/provisioning/engine.ts";
import { CommandFailed } from "../../src/provisioning/pulumi-command.ts";
import { engineProcesses } from "../../src/provisioning/state-locks.ts";
import { createCredentialsCipher, listRuns, startRun, takeMember, takeMemberAgain, type RunningMember } from "../../src/records/index.ts";
import { RELEASE_LIMITS } from "../../src/releases/release-to-vps.ts";
import { cancelRollOut, createRelease, createRollOut, findUnfinishedRollOuts, listMembers, runRollOut } from "../../src/releases/index.ts";
import type { RollOutContext } from "../../src/releases/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { vmOf } from "../support/stub-engine.ts";

const { pool, url } = await withDatabase();
const KILLED = new UserVpsError("ENGINE_FAILED", "an example", { cause: new CommandFailed("pulumi up", true) });
let upped: string[] = [];
/** What every `up` of bert comes to. */
let failure: UserVpsError | undefined;
/** What happens meanwhile. */
let onUp: (() => void | Promise<void>) | undefined;
/** What the stack of bert puts out. */
let outputs: Readonly<Record<string, unknown>> = {};
let next = 1;
beforeAll(async () => {
  for (const user of ["anna", "bert", "carl", "dora"]) await insertReadyUser(pool, user);
});
afterEach(async () => {
  upped = [];
  failure = undefined;
  onUp = undefined;
  outputs = {};
  await pool.query("DELETE FROM vps_credentials");
  await pool.query("UPDATE vps_roll_outs SET outcome = 'cancelled', ended_at = now() WHERE outcome IS NULL");
  await pool.query("UPDATE vps_roll_out_members SET status = 'skipped' WHERE status = 'running'");
});

/** As an engine is written down before it does anything. */
const begins = (runId: string) => engineProcesses(pool).add({ runId, hostId: "test", pid: process.pid });

const engine = {
  vms: async () => [vmOf(1)],
  clearInterruptedRun: async () => undefined,
  async up({ stackName }: StackRequest, { runId }: RunHooks) {
    upped.push(stackName);
    await begins(runId);
    if (stackName !== "bert") return { changes: { update: 1 }, outputs: {} };
    await onUp?.();
    if (failure) throw failure;
    return { changes: { update: 1 }, outputs };
  },
} as unknown as Engine;

const context = (more: Partial<RollOutContext> = {}): RollOutContext => ({
  pool, engine, cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]),
  stackOf: async ({ username }) => ({ stackName: username, config: { username } }),
  lockUser: async () => ({ lost: new AbortController().signal, cancelled: new AbortController().signal, refuseLost: async () => undefined, release: async () => undefined }),
  lockRollOuts: () => tryLockSession({ databaseUrl: url, name: "roll-outs of this test", of: "roll-outs" }),
  refuseNamesOfOthers: async () => undefined, takeSnapshot: async () => assert.fail("no snapshot was asked for"),
  ...RELEASE_LIMITS, limitMs: 60_000, workerId: "test", hostId: "test", secrets: [], log: () => undefined, closing: new AbortController().signal, signal: new AbortController().signal, ...more,
});

/** A release of its own for each test. */
async function planned(more: { maxFailures?: number; usernames?: string[] } = {}): Promise<{ rollOutId: string }> {
  const version = `1.${next++}`;
  await createRelease(pool, { version, conductor: { url: "https://downloads.example.com/conductor", sha256: "ab".repeat(32) } }, "operator");
  return await inTransaction(pool, (db) => createRollOut(db, { version, requestedBy: "operator", reason: "test", concurrency: 1, waves: ["1", "rest"], ...more }));
}

async function statusesOf(rollOutId: string): Promise<Record<string, string>> {
  return Object.fromEntries((await listMembers(pool, rollOutId)).map(({ username, wave, status }) => [username, `${wave} ${status}`]));
}

describe("a roll-out that is interrupted", () => {
  for (const [what, error] of [
    ["a database that is away", new UserVpsError("DATABASE_FAILED", "an example")],
    ["an engine that was killed", KILLED],
  ] as const) {
    it(`takes ${what} for no failure of the release: it ends its part, and the VPS is done again`, async () => {
      const { rollOutId } = await planned();
      failure = error;
      assert.equal((await runRollOut(context(), rollOutId)).outcome, null);
      assert.equal((await listRuns(pool, "bert")).items[0]?.outcome, "lost");
      failure = undefined;
      assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
      assert.deepEqual(upped, ["anna", "bert", "bert", "carl", "dora"]);
    });
  }

  it("takes what only says that it was interrupted for a failure of the release, as a VPS may have said it", async () => {
    const { rollOutId } = await planned({ maxFailures: 2 });
    failure = new UserVpsError("RUN_LOST", "an example", { cause: new CommandFailed("pulumi up", false) });
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 failed", carl: "2 succeeded", dora: "2 succeeded" });
  });

  it("fails a VPS whose run is cut off for the third time, and goes on with the others", async () => {
    const { rollOutId } = await planned({ maxFailures: 2 });
    failure = KILLED;
    for (const _time of [1, 2, 3]) await runRollOut(context(), rollOutId);
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.deepEqual(await statusesOf(rollOutId), { anna: "1 succeeded", bert: "2 failed", carl: "2 succeeded", dora: "2 succeeded" });
    assert.deepEqual(upped, ["anna", "bert", "bert", "bert", "carl", "dora"]);
    const bert = (await listMembers(pool, rollOutId))[1]!;
    assert.equal(bert.errorCode, "RUN_LOST");
    assert.match(bert.message!, /cut off 3 times/);
  });

  it("writes down no success, and no credentials, where another worker has ended the run meanwhile: the VPS is done again", async () => {
    const { rollOutId } = await planned({ usernames: ["bert"] });
    outputs = { password: "fake-Password-1", jwtSecret: "fake-jwt-secret", hostname: "bert.spoq.dev" };
    onUp = () => endLostRuns(pool, "bert");
    assert.equal((await runRollOut(context(), rollOutId)).outcome, null);
    assert.equal((await pool.query("SELECT FROM vps_credentials")).rowCount, 0);
    assert.deepEqual(await statusesOf(rollOutId), { bert: "1 running" });
    onUp = undefined;
    assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
    assert.equal((await pool.query("SELECT FROM vps_credentials WHERE user_id = 'bert'")).rowCount, 1);
  });

  for (const [what, hasEngine, status, ups] of [
    ["counts what nobody is left to explain: a process that died with the VPS under way", true, "failed", []],
    ["does not count a process that died before its run had an engine: the VPS was not reached", false, "succeeded", ["bert"]],
  ] as const) {
    it(what, async () => {
      const { rollOutId } = await planned({ usernames: ["bert"], maxFailures: 2 });
      let taken: RunningMember | undefined;
      for (let run = 1; run <= 3; run++) {
        const runId = `${rollOutId} ${run}`;
        taken = taken ? await takeMemberAgain(pool, taken, runId) : await takeMember(pool, rollOutId, 1, runId);
        await startRun(pool, { runId, userId: taken!.userId, username: "bert", operation: "up", workerId: "test", hostId: "test", pid: 1 });
        if (hasEngine) await begins(runId);
      }
      await runRollOut(context(), rollOutId);
      assert.deepEqual([await statusesOf(rollOutId), upped], [{ bert: `1 ${status}` }, ups]);
    });
  }

  const lockOf = (lost: AbortSignal) => ({ lost, cancelled: new AbortController().signal, refuseLost: async () => undefined, release: async () => undefined });
  const INTERRUPTED = new UserVpsError("RUN_LOST", "an example");
  for (const [what, interrupt] of [
    ["a database that is away", () => {
      failure = new UserVpsError("DATABASE_FAILED", "an example");
      return {};
    }],
    ["a worker that hands over", () => {
      const ending = new AbortController();
      onUp = () => ending.abort(INTERRUPTED);
      failure = KILLED;
      return { signal: ending.signal };
    }],
    ["a worker that is to end before the VPS's turn has begun", () => {
      const closing = new AbortController();
      return { closing: closing.signal, lockUser: async () => void closing.abort(INTERRUPTED) };
    }],
    ["a lock that is lost", () => {
      const lost = new AbortController();
      onUp = () => lost.abort(INTERRUPTED);
      failure = KILLED;
      return { lockUser: async () => lockOf(lost.signal) };
    }],
  ] as const) {
    it(`does not count ${what} against the VPS, however often`, async () => {
      const { rollOutId } = await planned({ usernames: ["bert"] });
      for (const _time of [1, 2, 3, 4]) assert.equal((await runRollOut(context(interrupt()), rollOutId)).outcome, null);
      failure = undefined;
      onUp = undefined;
      assert.equal((await runRollOut(context(), rollOutId)).outcome, "succeeded");
      assert.deepEqual(await statusesOf(rollOutId), { bert: "1 succeeded" });
    });
  }

  for (const [what, error, times, sql] of [
    ["what became of a VPS", undefined, 1, /SET status = \$4/],
    ["that a VPS was not the reason", new UserVpsError("DATABASE_FAILED", "an example"), 2, /interruptions - EXISTS/],
  ] as const) {
    it(`writes ${what} when the database is there again, if it is away`, async () => {
      const { rollOutId } = await planned({ usernames: ["bert"] });
      failure = error;
      let away = 1;
      const flaky = new Proxy(pool, {
        get: (target, name) => (name === "query"
          ? async (text: string, values: unknown[]) => {
            if (sql.test(text) && away-- > 0) throw Object.assign(new Error("an example"), { code: "ECONNREFUSED" });
            return await target.query(text, values);
          }
          : Reflect.get(target, name, target)),
      });
      await runRollOut(context({ pool: flaky }), rollOutId);
      failure = undefined;
      await runRollOut(context(), rollOutId);
      const [bert] = await listMembers(pool, rollOutId);
      assert.deepEqual([away, upped.length, bert?.status, bert?.interruptions], [-1, times, "succeeded", 0]);
    });
  }

  it("is over with a VPS whose runs are cut off also once it is cancelled", async () => {
    const { rollOutId } = await planned();
    failure = KILLED;
    await runRollOut(context(), rollOutId);
    await cancelRollOut(pool, rollOutId, "operator");
    for (const _time of [1, 2, 3, 4]) await runRollOut(context(), rollOutId);
    assert.deepEqual([await findUnfinishedRollOuts(pool), upped], [[], ["anna", "bert", "bert", "bert"]]);
  });
});
