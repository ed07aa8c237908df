import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import { RUN_COLUMNS, type RunRecord } from "./runs.ts";

export async function findRun(db: Queryable, runId: string): Promise<RunRecord | undefined> {
  return (await db.query<RunRecord>(`SELECT ${RUN_COLUMNS} FROM vps_runs WHERE run_id = $1`, [runId])).rows[0];
}

const NEWEST_FIRST = `
  SELECT ${RUN_COLUMNS} FROM vps_runs
  WHERE user_id = $1
    AND ($2::text IS NULL OR (started_at, run_id) < (SELECT started_at, run_id FROM vps_runs WHERE run_id = $2 AND user_id = $1))
  ORDER BY started_at DESC, run_id DESC
  LIMIT $3`;

/** Newest first. `cursor`: the `nextCursor` of the page before. */
export async function listRuns(db: Queryable, userId: string, { limit = 50, cursor }: { limit?: number; cursor?: string | undefined } = {}): Promise<Page<RunRecord, string>> {
  const { rows } = await db.query<RunRecord>(NEWEST_FIRST, [userId, cursor ?? null, limit + 1]);
  return firstPage(rows, limit, ({ runId }) => runId);
}

/** The user's runs that have not ended, whoever works on them. */
export async function openRunsOf(db: Queryable, userId: string): Promise<RunRecord[]> {
  return (await db.query<RunRecord>(`SELECT ${RUN_COLUMNS} FROM vps_runs WHERE user_id = $1 AND outcome IS NULL ORDER BY started_at`, [userId])).rows;
}

/** Whether an `up` that began since then has brought the VPS to what is declared, and told the record. A release's tells its roll-out alone. */
export async function hasBeenUpSince(db: Queryable, userId: string, since: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "SELECT FROM vps_runs WHERE user_id = $1 AND started_at >= $2 AND operation = 'up' AND outcome = 'succeeded' AND cause ->> 'kind' IS DISTINCT FROM 'release' LIMIT 1", [userId, since]);
  return rowCount === 1;
}

/** Whether the last `up` that has ended came to a failure: not to a wait, a cancel or a lost worker. */
export async function hasUpFailedLast(db: Queryable, userId: string): Promise<boolean> {
  const { rows } = await db.query<{ outcome: string }>("SELECT outcome FROM vps_runs WHERE user_id = $1 AND operation = 'up' AND outcome IS NOT NULL ORDER BY started_at DESC, run_id DESC LIMIT 1", [userId]);
  return rows[0]?.outcome === "failed";
}

/** Whether an `up` since the last one that succeeded came to no good end: what it was at on the VPS may be half done, or done and not in the stack's state. */
export async function hasUnfinishedUp(db: Queryable, userId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT FROM vps_runs
     WHERE user_id = $1 AND operation = 'up' AND outcome IN ('failed', 'cancelled', 'lost')
       AND started_at > COALESCE((SELECT max(started_at) FROM vps_runs WHERE user_id = $1 AND operation = 'up' AND outcome = 'succeeded'), '-infinity')
     LIMIT 1`,
    [userId],
  );
  return rowCount === 1;
}
