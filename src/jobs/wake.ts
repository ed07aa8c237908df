import type { Queryable } from "../db/queryable.ts";

/** On which workers hear that a job waits; they would find it at their next look. */
export const WAKE_CHANNEL = "user_vps_jobs_wait";

const WAKE = "SELECT pg_notify($1, '')";

/** Workers look for jobs at once, as soon as the caller's transaction is committed. */
export async function wakeWorkers(db: Queryable): Promise<void> {
  await db.query(WAKE, [WAKE_CHANNEL]);
}
