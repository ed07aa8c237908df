import type { Pool } from "pg";
import { until } from "./until.ts";

/** How many wait in this database for locks that somebody holds, of a row for one. */
export async function countLockWaits(pool: Pool): Promise<number> {
  return (await pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).rowCount!;
}

export async function untilLocksAreWaitedFor(pool: Pool, byHowMany = 1): Promise<void> {
  const waiting = () => countLockWaits(pool);
  await until(`${byHowMany} who wait for a lock`, async () => (await waiting()) >= byHowMany, waiting);
}
