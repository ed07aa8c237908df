/** A job that is done again later does not take the place of what was asked for since. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { QUEUE, QUEUE_SCHEMA, sendAgain } from "../../src/jobs/queue.ts";
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
