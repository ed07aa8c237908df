/** How long waits take, by what is waited for. */
import type { Awaited } from "../../providers/core/patience.ts";
import type { Queryable } from "../db/queryable.ts";

/** Of so many the median is the usual time. */
export const COUNTED_WAITS = 100;

export async function noteWaitTime(db: Queryable, what: Awaited, seconds: number): Promise<void> {
  await db.query("INSERT INTO vps_wait_times (what, seconds) VALUES ($1, $2)", [what, seconds]);
  await db.query(
    "DELETE FROM vps_wait_times WHERE what = $1 AND wait_time_id < (SELECT wait_time_id FROM vps_wait_times WHERE what = $1 ORDER BY wait_time_id DESC OFFSET $2 LIMIT 1)",
    [what, COUNTED_WAITS],
  );
}

/** @returns seconds; undefined before anything was waited for */
export async function usualWaitSeconds(db: Queryable, what: Awaited): Promise<number | undefined> {
  const { rows } = await db.query<{ seconds: number | null }>(
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
     FROM (SELECT seconds FROM vps_wait_times WHERE what = $1 ORDER BY wait_time_id DESC LIMIT $2) AS last`,
    [what, COUNTED_WAITS],
  );
  return rows[0]?.seconds ?? undefined;
}
