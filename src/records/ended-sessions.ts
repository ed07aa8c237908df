/** Sessions that were ended before their time, and links that were used. */
import type { Queryable } from "../db/queryable.ts";

/** Told on the channel of changes, so that what it has open ends, in whichever process. */
const END = `
  WITH ended AS (INSERT INTO vps_ended_sessions (session_id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING session_id)
  SELECT pg_notify('user_vps_changed', session_id) FROM ended`;

/** Whether one is over by itself is told by the clock of whoever is asked, which may be behind the database's. */
const KEPT = "interval '1 day'";

/** From now on it signs nobody in. Those that have ended by themselves are forgotten. Whether it had not been ended before. */
export async function endSession(db: Queryable, sessionId: string, expiresAt: Date): Promise<boolean> {
  await db.query(`DELETE FROM vps_ended_sessions WHERE expires_at < clock_timestamp() - ${KEPT}`);
  return (await db.query(END, [sessionId, expiresAt])).rowCount === 1;
}

export async function isSessionEnded(db: Queryable, sessionId: string): Promise<boolean> {
  return (await db.query("SELECT FROM vps_ended_sessions WHERE session_id = $1", [sessionId])).rowCount !== 0;
}
