import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "./counts.ts";
import { VPS_STATUSES, type VpsStatus } from "./vps-record.ts";

/** How many users are in each status; 0 where there is none. */
export async function countVpsByStatus(db: Queryable): Promise<Record<VpsStatus, number>> {
  const counts = (await readCounts(db)).of("users");
  return Object.fromEntries(VPS_STATUSES.map((status) => [status, counts.get(status) ?? 0])) as Record<VpsStatus, number>;
}
