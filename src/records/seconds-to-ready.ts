import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "./counts.ts";

/** Seconds, as migrations/131_counts.sql has them; each bound counts everybody who was ready within it. */
export const SECONDS_TO_READY_BOUNDS = [30, 60, 120, 300, 600, 900, 1_800, 3_600] as const;

/** How long users waited from asking to ready, counted up to each of SECONDS_TO_READY_BOUNDS. */
export async function countSecondsToReady(db: Queryable): Promise<{ counts: readonly number[]; total: number }> {
  const counts = (await readCounts(db)).of("seconds to ready");
  return { counts: SECONDS_TO_READY_BOUNDS.map((bound) => counts.get(String(bound)) ?? 0), total: counts.get("+Inf") ?? 0 };
}
