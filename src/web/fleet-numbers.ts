import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "../records/index.ts";
import { monthlySpend } from "./monthly-spend.ts";

/** How far back, in how many steps. */
export const NUMBER_RANGES = {
  hour: { steps: 30, stepSeconds: 120 },
  day: { steps: 24, stepSeconds: 3_600 },
  month: { steps: 30, stepSeconds: 86_400 },
} as const;

export type NumberRange = keyof typeof NUMBER_RANGES;

export interface FleetNumbers {
  /** The end of the step. */
  readonly at: Date;
  /** Users whose VPS had become ready by then and was not given up. */
  readonly ready: number;
  /** Runs that failed within the step. */
  readonly failedRuns: number;
  /** From asking to ready, of those who became ready within the step; null if nobody did. */
  readonly secondsToReadyP50: number | null;
  readonly secondsToReadyP95: number | null;
  /** US cents a month of the VMs that were held then. */
  readonly monthlySpendCents: number;
}

/** What happened within the range alone, step by step, 0 the newest; what was before follows from how things are now. */
const HAPPENED = `
  WITH became AS (
    SELECT floor(extract(epoch FROM now() - ready_at) / $2)::int AS step, extract(epoch FROM ready_at - requested_at)::double precision AS seconds
    FROM user_vps WHERE is_managed AND NOT is_pooled AND ready_at > now() - $1 * $2 * interval '1 second'
  ), gave_up AS (
    SELECT floor(extract(epoch FROM now() - updated_at) / $2)::int AS step
    FROM user_vps WHERE is_managed AND NOT is_pooled AND status = 'deprovisioned' AND ready_at IS NOT NULL AND updated_at > now() - $1 * $2 * interval '1 second'
  ), failed AS (
    SELECT floor(extract(epoch FROM now() - ended_at) / $2)::int AS step
    FROM vps_runs WHERE outcome = 'failed' AND ended_at > now() - $1 * $2 * interval '1 second'
  )
  SELECT number AS step, now() - number * $2 * interval '1 second' AS at,
    coalesce(became.count, 0) AS "becameReady", coalesce(gave_up.count, 0) AS "gaveUp", coalesce(failed.count, 0) AS "failedRuns", p50, p95
  FROM generate_series(0, $1::int - 1) AS number
  LEFT JOIN (
    SELECT step, count(*)::int AS count, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
    FROM became GROUP BY step) AS became ON became.step = number
  LEFT JOIN (SELECT step, count(*)::int AS count FROM gave_up GROUP BY step) AS gave_up ON gave_up.step = number
  LEFT JOIN (SELECT step, count(*)::int AS count FROM failed GROUP BY step) AS failed ON failed.step = number
  ORDER BY number`;

interface Step {
  readonly at: Date;
  readonly becameReady: number;
  readonly gaveUp: number;
  readonly failedRuns: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

/**
 * The fleet's numbers step by step, oldest first, from what the records tell. A user who gave a VPS up
 * and asks again has one record, of the last time: what was before is not counted any more.
 */
export async function readFleetNumbers(db: Queryable, range: NumberRange): Promise<FleetNumbers[]> {
  const { steps, stepSeconds } = NUMBER_RANGES[range];
  const [{ rows }, counts, spend] = await Promise.all([db.query<Step>(HAPPENED, [steps, stepSeconds]), readCounts(db), monthlySpend(db, { steps, stepSeconds })]);
  let ready = counts.held;
  const newestFirst = rows.map(({ at, becameReady, gaveUp, failedRuns, p50, p95 }, step): FleetNumbers => {
    const numbers = { at, ready, failedRuns, secondsToReadyP50: p50, secondsToReadyP95: p95, monthlySpendCents: spend[step]! };
    ready += gaveUp - becameReady;
    return numbers;
  });
  return newestFirst.reverse();
}
