import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { nowAndThen } from "../jobs/now-and-then.ts";
import type { NowAndThen } from "../jobs/now-and-then.ts";
import { IS_JOB_OPEN, QUEUE_SCHEMA } from "../jobs/queue.ts";
import { ROLL_OUT_QUEUE, sendRollOutJob } from "./queue.ts";
import { UNFINISHED } from "../records/index.ts";

export interface LostRollOutsContext {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly log: (line: string) => void;
}

const INTERVAL_MS = 20 * SECOND_MS;

/**
 * Now and then sends a job for roll-outs that wait for one and have none: after a queue that was
 * emptied or restored from an older backup, or a job that has lost its worker too often.
 */
export function watchForLostRollOuts(context: LostRollOutsContext): NowAndThen {
  return nowAndThen(INTERVAL_MS, () => findLostRollOuts(context), (error) => context.log(`roll-outs without a job cannot be looked for: ${messageOf(error)}`));
}

/** @returns whether a job was missing */
export async function findLostRollOuts({ boss, pool, log }: LostRollOutsContext): Promise<boolean> {
  const { rows } = await pool.query<{ lost: boolean }>(
    `SELECT EXISTS (${UNFINISHED}) AND NOT EXISTS (
       SELECT FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND ${IS_JOB_OPEN}) AS lost`,
    [ROLL_OUT_QUEUE],
  );
  if (!rows[0]?.lost) return false;
  log("a roll-out is open, but has no job: one is sent");
  await sendRollOutJob(boss, pool);
  return true;
}
