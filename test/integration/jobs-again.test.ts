/** A job that is done again later does not take the place of what was asked for since. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { QUEUE, QUEUE_SCHEMA, sendAgain } from "../../src/jobs/queue.ts";
import { requestVps, resumeVps, saveVpsResult, setVpsStatus, suspendVps } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
let boss: PgBoss;
beforeAll(async () => {
  boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
});
afterAll(() => boss.stop({ graceful: false }));

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
    assert.deepEqual([newest!.data, newest!.seconds < 1], [{ operation: "power", action: "stop", userId: "amy" }, true], "what is asked for anew takes its place");
  });
});

describe("the stop that a suspension has asked for", () => {
  const acted: string[] = [];
  const context = () => ({
    boss, pool, databaseUrl: url, settings: { runLimitMinutes: 5 }, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
    vms: { act: async (_vm: unknown, action: string) => void acted.push(action) }, handOver: new AbortController().signal,
  }) as never;
  const stop = { operation: "power", action: "stop", whileSuspended: true, userId: "u-cleo" } as const;
  const runs = async () => (await pool.query("SELECT FROM vps_runs WHERE user_id = 'u-cleo'")).rowCount;

  it("is not done any more once the user is resumed, however late it comes, and is done if the user is suspended anew", async () => {
    await requestVps(pool, { userId: "u-cleo", username: "cleo", hostname: "cleo.spoq.dev", plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });
    await saveVpsResult(pool, "u-cleo", { hostingerVmId: 17_923 });
    await setVpsStatus(pool, "u-cleo", { status: "ready" });
    const suspend = () => suspendVps(pool, "u-cleo", { suspendedBy: "olga", reason: "x" });
    await suspend();
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
});
