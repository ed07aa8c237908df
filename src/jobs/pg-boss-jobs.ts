import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { inTransaction } from "../db/index.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { BUSY_STATUSES, endWait, noteCause, openRunsOf, setVpsStatus, withdrawChange } from "../records/index.ts";
import { withdrawWish } from "../purchases/index.ts";
import type { Operation, VpsStatus } from "../records/index.ts";
import type { JobRequest, Jobs } from "./job.ts";
import { findNextTry } from "./next-try.ts";
import { dropWaiting, send } from "./queue.ts";
import { CANCEL_CHANNEL } from "./user-lock.ts";

/** The run that a status tells of. One that is `queued` waits: with the first thing that it does, `up` says `provisioning`. */
const RUN_OF: Readonly<Record<string, string>> = { provisioning: "up", deprovisioning: "destroy" } satisfies Partial<Record<VpsStatus, Operation>>;

export function pgBossJobs(boss: PgBoss, pool: Pool): Jobs {
  return {
    async enqueue(db, job: JobRequest, { delaySeconds = 0, cause, isOfPool, isFirst } = {}) {
      // In one round trip. Both have ended before the caller learns that one failed, and ends the transaction.
      const sent = await Promise.allSettled([cause && noteCause(db, job, cause), send(boss, db, job, { delayMs: delaySeconds * SECOND_MS, isOfPool, isFirst })]);
      for (const one of sent) if (one.status === "rejected") throw one.reason;
    },
    nextTry: (user) => findNextTry(pool, user),
    async check() {
      if (!(await boss.isInstalled())) throw new UserVpsError("DATABASE_FAILED", "The queue's tables are not there.");
    },
    async cancel(userId) {
      await inTransaction(pool, async (db) => {
        await dropWaiting(db, userId);
        const { rows: [record] } = await db.query<{ status: VpsStatus }>("SELECT status FROM user_vps WHERE user_id::text = $1 AND is_managed FOR UPDATE", [userId]);
        const isRunning = (await openRunsOf(db, userId)).some(({ operation }) => operation === RUN_OF[record?.status ?? ""]);
        // A run that goes on says itself that it was cancelled, when it has ended. Runs of another kind are not meant.
        if (isRunning) return void (await db.query("SELECT pg_notify($1, $2)", [CANCEL_CHANNEL, userId]));
        if (await withdrawChange(db, userId)) return;
        await withdrawWish(db, userId);
        await endWait(db, userId);
        const { code, message, next } = new UserVpsError("CANCELLED", "An operator cancelled it before it ran.");
        await setVpsStatus(db, userId, { status: "failed", errorCode: code, reason: message, nextStep: next }, BUSY_STATUSES);
      });
    },
  };
}
