/** How many members a pool wants, and how many may be begun now. Pure: no clock but the one handed in. */
import { numberWanted } from "../config/pool-schedule.ts";
import type { PoolRecord } from "../records/index.ts";

/** So many at a time are on their way to their VM, of all pools together: people have the rate limit and the slots first. */
export const MOST_ON_THE_WAY = 4;

export interface PoolCounts {
  /** Ready, or on the way to it. */
  readonly had: number;
  /** Begun today, UTC, to be bought. */
  readonly begunToday: number;
}

/** Why nothing may be bought for a pool now; undefined: something may. */
export type Held = "people" | "purchases" | undefined;

export function wantedNow({ state, keepReady, schedule }: PoolRecord, now: Date): number {
  return state === "filling" ? numberWanted(schedule, keepReady, now) : 0;
}

/**
 * @param onTheWay members of all pools that have no VM yet
 * @param reusable wiped VMs that are paid and fit: they cost nothing
 */
export function howMany(pool: PoolRecord, { had, begunToday }: PoolCounts, facts: { readonly now: Date; readonly held: Held; readonly onTheWay: number; readonly reusable: number }): { readonly reused: number; readonly bought: number } {
  const missing = Math.max(0, wantedNow(pool, facts.now) - had);
  const room = Math.min(missing, Math.max(0, MOST_ON_THE_WAY - facts.onTheWay));
  if (facts.held === "people") return { reused: 0, bought: 0 };
  const reused = Math.min(room, facts.reusable);
  const left = pool.mostPerDay === null ? Number.POSITIVE_INFINITY : Math.max(0, pool.mostPerDay - begunToday);
  return { reused, bought: facts.held === "purchases" ? 0 : Math.min(room - reused, left) };
}
