import type { Queryable } from "../db/queryable.ts";
import { VPS_STATUSES, type VpsStatus } from "./vps-record.ts";

/** How many users are in each status; 0 where there is none. */
export async function countVpsByStatus(db: Queryable): Promise<Record<VpsStatus, number>> {
  const { rows } = await db.query<{ status: VpsStatus; count: number }>("SELECT status, count(*)::int AS count FROM user_vps WHERE username IS NOT NULL GROUP BY status");
  const counts = new Map(rows.map(({ status, count }) => [status, count]));
  return Object.fromEntries(VPS_STATUSES.map((status) => [status, counts.get(status) ?? 0])) as Record<VpsStatus, number>;
}
