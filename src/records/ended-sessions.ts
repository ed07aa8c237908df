/** Operators' sessions that were ended before their time. */
import type { Queryable } from "../db/queryable.ts";

/** From now on it signs nobody in. Those that have ended by themselves are forgotten. Whether it had not been ended before. */
export async function endSession(db: Queryable, sessionId: string, expiresAt: Date): Promise<boolean> {
  await db.query("DELETE FROM vps_ended_sessions WHERE expires_at < clock_timestamp()");
  return (await db.query("INSERT INTO vps_ended_sessions (session_id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING", [sessionId, expiresAt])).rowCount === 1;
}

export async function isSessionEnded(db: Queryable, sessionId: string): Promise<boolean> {
  return (await db.query("SELECT FROM vps_ended_sessions WHERE session_id = $1", [sessionId])).rowCount !== 0;
}
