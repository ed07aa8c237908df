import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { discardShownCredentials } from "../records/index.ts";
import type { VpsStatus } from "../records/index.ts";
import { endForgottenRuns } from "./forgotten-runs.ts";
import { PROMISED_OPERATIONS } from "./job.ts";
import type { PromisedOperation } from "./job.ts";
import type { WorkerContext } from "./worker-context.ts";
import { nowAndThen } from "./now-and-then.ts";
import type { NowAndThen } from "./now-and-then.ts";
import { IS_JOB_OPEN, keyBySql, keyOf, QUEUE, QUEUE_SCHEMA, send } from "./queue.ts";

const INTERVAL_MS = 20 * SECOND_MS;
/** Between a change of the record and its job there is less than this. */
const QUIET_SECONDS = 20;
/** By then the job of a worker that was lost is with another, which ends its run. */
const LOST_SECONDS = 60;

/** Statuses that promise work, and the operation that keeps the promise. */
const PROMISES: Readonly<Partial<Record<VpsStatus, PromisedOperation>>> = { queued: "up", provisioning: "up", deprovisioning: "destroy" };

/** New credentials were asked for, and no run has made them: what asked for the run came to nothing. */
const UNMADE_ROTATION = "NOT is_pooled AND user_vps.status = 'ready' AND credentials_rotation > first_rotation AND credentials_saved_rotation < credentials_rotation";

/**
 * Now and then gives a job to every record that waits for one, or for new credentials, and has none: after a queue that was
 * emptied or restored from an older backup, or a job that has lost its worker too often; and ends runs that nobody is at. Who waits for a turn to buy has none: see purchase-turns.ts.
 */
export function startFindingMissingJobs(context: Pick<WorkerContext, "boss" | "pool" | "databaseUrl" | "log" | "settings">): NowAndThen {
  return nowAndThen(INTERVAL_MS, async () => {
    await discardShownCredentials(context.pool, context.settings.credentialsShownSeconds).catch((error: unknown) => context.log(`credentials that were shown cannot be deleted: ${messageOf(error)}`));
    await queueMissingJobs(context, QUIET_SECONDS);
    await endForgottenRuns(context, LOST_SECONDS);
  }, (error) => context.log(`records without a job cannot be looked for: ${messageOf(error)}`));
}

/** Of records that have not changed for `quietSeconds`. @returns the users that got a job */
export async function queueMissingJobs({ boss, pool, log }: Pick<WorkerContext, "boss" | "pool" | "log">, quietSeconds: number): Promise<string[]> {
  const { rows } = await pool.query<{ userId: string; status: VpsStatus }>(
    `SELECT user_vps.user_id::text AS "userId", user_vps.status FROM user_vps
     WHERE is_managed AND (user_vps.status = ANY ($1) OR ${UNMADE_ROTATION}) AND updated_at < clock_timestamp() - make_interval(secs => $2)
       AND NOT EXISTS (SELECT FROM vps_give_ups WHERE vps_give_ups.user_id = user_vps.user_id::text AND ended_at IS NULL AND cancelled_at IS NULL AND due_at > clock_timestamp())
       AND NOT EXISTS (SELECT FROM vps_waits WHERE vps_waits.user_id = user_vps.user_id::text AND vps_waits.state = 'watched')
       AND NOT (waiting_kind IS NOT NULL AND EXISTS (SELECT FROM vps_purchases WHERE vps_purchases.user_id = user_vps.user_id::text AND state = 'waiting'))
       AND NOT EXISTS (
         SELECT FROM ${QUEUE_SCHEMA}.job WHERE job.name = $3 AND ${IS_JOB_OPEN}
           AND job.singleton_key IN (${PROMISED_OPERATIONS.map((operation) => keyBySql(operation, "user_vps.user_id::text")).join(", ")}))
     LIMIT 100`,
    [Object.keys(PROMISES), quietSeconds, QUEUE],
  );
  for (const { userId, status } of rows) {
    const job = { operation: PROMISES[status] ?? "up", userId };
    log(`the record ${userId} is ${status}, but has no job: ${keyOf(job)} is sent`);
    await send(boss, pool, job);
  }
  return rows.map(({ userId }) => userId);
}
