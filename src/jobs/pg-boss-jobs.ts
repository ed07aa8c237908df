import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { inTransaction } from "../db/index.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { askRunToEnd, isBusy, lockVps, noteCause, withdrawChange } from "../records/index.ts";
import { releaseWithdrawn, withdrawDecision } from "../purchases/index.ts";
import type { Operation, VpsStatus } from "../records/index.ts";
import { recordCancelled } from "./close-run.ts";
import type { JobRequest, Jobs } from "./job.ts";
import { findNextTry } from "./next-try.ts";
import { dropWaiting, send } from "./queue.ts";
import { CANCEL_CHANNEL } from "./user-lock.ts";

/** The run that a status tells of. One that is `queued` waits: with the first thing that it does, `up` says `provisioning`. */
const RUN_OF: Readonly<Partial<Record<VpsStatus, Operation>>> = { provisioning: "up", deprovisioning: "destroy" };

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
        // First, as whoever ends a run does.
        const status = await lockVps(db, userId);
        // It has come to its end since it was looked at: what waits by now is something else, the stop of a suspended user's VM for one.
        if (!status || !isBusy(status)) return;
        await dropWaiting(db, userId);
        const operation = RUN_OF[status];
        // Whoever ends the run says that it was cancelled. Runs of another kind are not meant.
        if (operation && (await askRunToEnd(db, userId, operation))) return void (await db.query("SELECT pg_notify($1, $2)", [CANCEL_CHANNEL, userId]));
        const changeId = await withdrawChange(db, userId);
        if (changeId !== undefined) {
          await releaseWithdrawn(db, changeId);
          await withdrawDecision(db, userId);
          // What was asked for before the change, new credentials for one, was to be done by the same run.
          if ((await lockVps(db, userId)) === "ready") await send(boss, db, { operation: "up", userId });
          return;
        }
        await recordCancelled(db, userId, new UserVpsError("CANCELLED", "An operator cancelled it before it ran."));
      });
    },
  };
}
