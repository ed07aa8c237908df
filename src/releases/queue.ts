/** The queue of roll-outs. Its jobs only say that there is something to do: what it is stands in the tables. */
import type { PgBoss } from "pg-boss";
import type { Queryable } from "../db/queryable.ts";
import { ensureQueue, HEARTBEAT_SECONDS, inside, LONGEST_JOB_SECONDS, MOST_LOST_WORKERS } from "../jobs/queue.ts";

export const ROLL_OUT_QUEUE = "user-vps-roll-outs";

/** All jobs have this key: of one key, a stately queue has at most one that waits and one that runs. */
const ONE = "one";

export async function createRollOutQueue(boss: PgBoss): Promise<void> {
  await ensureQueue(boss, ROLL_OUT_QUEUE, {
    policy: "stately",
    retryLimit: MOST_LOST_WORKERS,
    retryDelay: 1,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    // A roll-out that takes longer goes on; the job that follows waits for it.
    expireInSeconds: LONGEST_JOB_SECONDS,
    notify: true,
  });
}

/** What the HTTP side has others do. */
export interface RollOutJobs {
  /** Has a worker go on with what is to be rolled out; part of the caller's transaction. */
  enqueue(db: Queryable): Promise<void>;
}

export function rollOutJobs(boss: PgBoss): RollOutJobs {
  return { enqueue: (db) => sendRollOutJob(boss, db) };
}

/** One that waits already serves for all, and runs when this one is to. */
export async function sendRollOutJob(boss: PgBoss, db: Queryable, delaySeconds = 0): Promise<void> {
  await boss.upsert(ROLL_OUT_QUEUE, {}, { singletonKey: ONE, startAfter: delaySeconds, ...inside(db) });
}
