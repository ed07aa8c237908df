/** A job that is done again later does not take the place of what was asked for since. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { jobSchema } from "../../src/jobs/job.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { QUEUE, QUEUE_SCHEMA, sendAgain } from "../../src/jobs/queue.ts";
import { finishRun, requestVps, resumeVps, saveVpsResult, setVpsStatus, startRun, suspendVps } from "../../src/records/index.ts";
import { tryLockUser } from "../../src/jobs/user-lock.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { FakeAccount } from "../support/fake-account.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
let boss: PgBoss;
beforeAll(async () => {
  boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
});
afterAll(() => boss.stop({ graceful: false }));
eachBeginsEmpty({ pool });
beforeEach(() => pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job`));

const waiting = async () => (await pool.query<{ data: object; seconds: number }>(`SELECT data, extract(epoch FROM start_after - now())::float AS seconds FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND state IN ('created', 'retry')`, [QUEUE])).rows;

describe("a power action", () => {
  it("that failed and is tried again leaves a newer one as it is; with none, it waits for its next try", async () => {
    const jobs = pgBossJobs(boss, pool);
    await jobs.enqueue(pool, { operation: "power", action: "stop", userId: "amy" });
    const [stop] = await boss.fetch(QUEUE);
    await jobs.enqueue(pool, { operation: "power", action: "start", userId: "amy" });
    await sendAgain(boss, pool, { operation: "power", action: "stop", userId: "amy", attempt: 1 }, 60_000);
    const [only, ...others] = await waiting();
    assert.deepEqual([only!.data, others], [{ operation: "power", action: "start", userId: "amy" }, []]);
    assert.ok(only!.seconds < 1, "and at once");

    await boss.complete(QUEUE, stop!.id);
    const [start] = await boss.fetch(QUEUE);
    await sendAgain(boss, pool, { operation: "power", action: "start", userId: "amy", attempt: 1 }, 60_000);
    await boss.complete(QUEUE, start!.id);
    const [again] = await waiting();
    assert.deepEqual(again!.data, { operation: "power", action: "start", userId: "amy", attempt: 1 });
    assert.ok(again!.seconds > 30);
    await jobs.enqueue(pool, { operation: "power", action: "stop", userId: "amy" });
    const [newest] = await waiting();
    const { sentAt, ...asked } = jobSchema.parse(newest!.data);
    assert.deepEqual([asked, sentAt !== undefined, newest!.seconds < 1], [{ operation: "power", action: "stop", userId: "amy" }, true, true], "what is asked for anew takes its place");
  });
});

describe("what is asked for a ready user, and whose worker is lost", () => {
  const context = () => ({
    boss, pool, databaseUrl: url, settings: { runLimitMinutes: 5 }, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
    vms: { openSession: () => { throw new Error("The test has no use for this."); } }, purchases: { guard: { pool } }, handOver: new AbortController().signal,
  }) as never;
  const runs = async () => (await pool.query("SELECT FROM vps_runs WHERE user_id = 'u-dora'")).rowCount;
  const ranSince = async (runId: string, kind: "rotation" | "release") => {
    await startRun(pool, { runId, userId: "u-dora", username: "dora", operation: "up", workerId: "w", hostId: "h", pid: 1 }, { kind, requestedBy: "olga", reason: null });
    await finishRun(pool, runId, { outcome: "succeeded", seconds: 1 });
  };

  it("is done by the next one, unless an up that began since then has succeeded", async () => {
    await requestVps(pool, { userId: "u-dora", username: "dora", hostname: "dora.spoq.dev", plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });
    await setVpsStatus(pool, "u-dora", { status: "ready" });
    await ranSince("before", "rotation");
    const sentAt = new Date((await pool.query<{ now: Date }>("SELECT clock_timestamp() AS now")).rows[0]!.now.getTime() + 1).toISOString();
    await new Promise((resume) => setTimeout(resume, 5));
    const job = { operation: "up", userId: "u-dora", sentAt } as const;
    await ranSince("release", "release");
    await performJob(context(), job, 1);
    assert.equal(await runs(), 3, "whose run is a new one");
    await setVpsStatus(pool, "u-dora", { status: "ready" });
    await ranSince("since", "rotation");
    for (const again of [{ ...job, isTakenOver: true }, { ...job, attempt: 1 }]) await performJob(context(), again, 0);
    await performJob(context(), job, 1);
    assert.equal(await runs(), 4, "which did what was asked for");
  });

  it("keeps the time at which it was asked for, however often it comes back", async () => {
    const lock = await tryLockUser(url, "u-ella");
    try {
      const job = { operation: "up", userId: "u-ella", sentAt: "2026-11-27T10:00:00.000Z" } as const;
      await performJob(context(), job, 1);
      assert.deepEqual((await waiting()).map(({ data }) => data).filter((data) => (data as { userId: string }).userId === "u-ella"), [{ ...job, isTakenOver: true }]);
    } finally {
      await lock?.release();
    }
  });
});

describe("the stop that a suspension has asked for", () => {
  const acted: string[] = [];
  const account = new FakeAccount();
  account.addVm({ id: 17_923, hostname: "cleo.spoq.dev" });
  const context = () => ({
    boss, pool, databaseUrl: url, settings: { runLimitMinutes: 5 }, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
    vms: { openSession: () => account.session(), act: async (_vm: unknown, action: string) => void acted.push(action) }, handOver: new AbortController().signal,
  }) as never;
  const stop = { operation: "power", action: "stop", whileSuspended: true, userId: "u-cleo" } as const;
  const runs = async () => (await pool.query("SELECT FROM vps_runs WHERE user_id = 'u-cleo'")).rowCount;
  const signUp = async (hostingerVmId: number) => {
    await requestVps(pool, { userId: "u-cleo", username: "cleo", hostname: "cleo.spoq.dev", plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });
    await saveVpsResult(pool, "u-cleo", { hostingerVmId });
  };
  const suspend = () => suspendVps(pool, "u-cleo", { suspendedBy: "olga", reason: "x" });
  beforeEach(async () => {
    acted.length = 0;
    await signUp(17_923);
    await setVpsStatus(pool, "u-cleo", { status: "ready" });
    await suspend();
  });

  it("is not done any more once the user is resumed, however late it comes, and is done if the user is suspended anew", async () => {
    await resumeVps(pool, "u-cleo");
    await performJob(context(), stop, 0);
    assert.deepEqual([acted, await runs()], [[], 0], "while the resumed VPS is waited for");
    await setVpsStatus(pool, "u-cleo", { status: "ready" });
    await performJob(context(), { ...stop, isTakenOver: true }, 1);
    assert.deepEqual([acted, await runs()], [[], 0], "when it is ready, after the worker was lost");
    await suspend();
    await performJob(context(), stop, 0);
    assert.deepEqual([acted, await runs()], [["stop"], 1]);
  });

  it("is done while the VPS is being given up as well, and where that has failed; not once it is given up, when the VM may be another user's", async () => {
    for (const status of ["deprovisioning", "failed", "deprovisioned"] as const) {
      await setVpsStatus(pool, "u-cleo", { status });
      await performJob(context(), stop, 0);
    }
    assert.deepEqual(acted, ["stop", "stop"]);
  });

  it("is wanted by no suspension of a VPS that the user had before", async () => {
    await setVpsStatus(pool, "u-cleo", { status: "deprovisioned" });
    await signUp(17_924);
    await performJob(context(), stop, 0);
    assert.deepEqual(acted, []);
  });
});
