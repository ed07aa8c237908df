/** What a user's page shows beside the status. */
import type { Queryable } from "../db/queryable.ts";
import type { Operation, Outcome } from "./runs.ts";

export interface LastRun {
  readonly operation: Operation;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** null while it goes on. */
  readonly outcome: Outcome | null;
}

/** The newest run of each of these operations. */
export async function lastRuns(db: Queryable, userId: string, operations: readonly Operation[]): Promise<LastRun[]> {
  const { rows } = await db.query<LastRun>(
    `SELECT newest.operation, newest."startedAt", newest."endedAt", newest.outcome FROM unnest($2::text[]) AS wanted
     CROSS JOIN LATERAL (
       SELECT operation, started_at AS "startedAt", ended_at AS "endedAt", outcome FROM vps_runs WHERE user_id = $1 AND operation = wanted ORDER BY started_at DESC, run_id DESC LIMIT 1) AS newest`,
    [userId, operations],
  );
  return rows;
}

/** When the last snapshot was made that the service knows of. */
export async function lastSnapshotAt(db: Queryable, userId: string): Promise<Date | undefined> {
  const { rows } = await db.query<{ at: Date }>(
    "SELECT ended_at AS at FROM vps_runs WHERE user_id = $1 AND operation = 'snapshot' AND outcome = 'succeeded' ORDER BY started_at DESC LIMIT 1", [userId]);
  return rows[0]?.at;
}

/** Until when credentials that were shown can be shown once more; undefined if they cannot. */
export async function shownAgainUntil(db: Queryable, userId: string, secondsKept: number): Promise<Date | undefined> {
  const { rows } = await db.query<{ until: Date }>(
    "SELECT shown_at + make_interval(secs => $2) AS until FROM vps_credentials WHERE user_id = $1 AND shown_at > clock_timestamp() - make_interval(secs => $2)", [userId, secondsKept]);
  return rows[0]?.until;
}

/** Which key may log in beside the password; null: the service's own, if it has one. The next `up` brings it to the VPS. */
export async function setSshPublicKey(db: Queryable, userId: string, key: string | null): Promise<void> {
  await db.query("UPDATE user_vps SET ssh_public_key = $2 WHERE user_id::text = $1 AND is_managed", [userId, key]);
}
