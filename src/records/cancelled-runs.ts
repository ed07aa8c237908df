/** What somebody wants to end: it stands with the run, so that it is known to whoever ends the run. */
import type { Queryable } from "../db/queryable.ts";
import type { Operation } from "./runs.ts";

/** Of the user's run that goes on, whoever is at it. @returns whether there is one */
export async function askRunToEnd(db: Queryable, userId: string, operation: Operation): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE vps_runs SET cancel_asked_at = coalesce(cancel_asked_at, clock_timestamp()) WHERE user_id = $1 AND outcome IS NULL AND operation = $2", [userId, operation]);
  return (rowCount ?? 0) > 0;
}

export async function isAskedToEnd(db: Queryable, runId: string): Promise<boolean> {
  return (await db.query("SELECT FROM vps_runs WHERE run_id = $1 AND cancel_asked_at IS NOT NULL", [runId])).rowCount === 1;
}
