import { messageOf } from "../../providers/core/errors.ts";
import { endLostRuns } from "./close-run.ts";
import { jobSchema } from "./job.ts";
import { IS_JOB_OPEN, keyBySql, QUEUE, QUEUE_SCHEMA } from "./queue.ts";
import { tryLockUser } from "./user-lock.ts";
import type { WorkerContext } from "./worker-context.ts";

const KEYS = jobSchema.shape.operation.options.map((operation) => keyBySql(operation, "vps_runs.user_id")).join(", ");

/** No job leads to them any more, and no roll-out. */
const FORGOTTEN = `
  SELECT DISTINCT user_id AS "userId" FROM vps_runs
  WHERE outcome IS NULL AND started_at < clock_timestamp() - make_interval(secs => $1)
    AND NOT EXISTS (SELECT FROM ${QUEUE_SCHEMA}.job WHERE job.name = $2 AND ${IS_JOB_OPEN} AND job.singleton_key IN (${KEYS}))
    AND NOT EXISTS (SELECT FROM vps_roll_out_members AS member WHERE member.user_id = vps_runs.user_id AND member.run_id = vps_runs.run_id AND member.status = 'running')
  LIMIT 100`;

/**
 * Ends runs, begun `quietSeconds` ago or earlier, whose worker is gone and to which nobody comes back: of a VPS that was skipped in its roll-out, of a job that
 * has lost its worker too often or was dropped. To sweeps, pools and pages such a user would be worked on for ever.
 *
 * @returns the users of whom there were any
 */
export async function endForgottenRuns({ pool, databaseUrl, log }: Pick<WorkerContext, "pool" | "databaseUrl" | "log">, quietSeconds: number): Promise<string[]> {
  const { rows } = await pool.query<{ userId: string }>(FORGOTTEN, [quietSeconds, QUEUE]);
  const ended: string[] = [];
  for (const { userId } of rows) {
    // Whoever is at it holds the lock.
    const lock = await tryLockUser(databaseUrl, userId).catch((error: unknown) => log(messageOf(error)));
    if (!lock) continue;
    try {
      await endLostRuns(pool, userId);
      ended.push(userId);
      log(`the worker of a run of ${userId} is gone, and nobody came back to it: it is ended`);
    } finally {
      await lock.release();
    }
  }
  return ended;
}
