import { findPlan } from "../../providers/hostinger/api/specification.ts";
import type { Queryable } from "../db/queryable.ts";

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
  /** US cents a month of the VMs that were held then, at the specification's monthly prices. */
  readonly monthlySpendCents: number;
}

/** A user who gave a VPS up and asks again has one record, of the last time: what was before is not counted any more. */
const NUMBERS = `
  WITH steps AS (
    SELECT now() - (number + 1) * $2::int * interval '1 second' AS since, now() - number * $2::int * interval '1 second' AS until
    FROM generate_series($1::int - 1, 0, -1) AS number
  ), vps AS (
    SELECT plan_id, requested_at, ready_at, hostinger_vm_id, CASE WHEN status = 'deprovisioned' THEN updated_at END AS ended_at
    FROM user_vps WHERE username IS NOT NULL
  )
  SELECT until AS at,
    (SELECT count(*)::int FROM vps WHERE ready_at <= until AND (ended_at IS NULL OR ended_at > until)) AS ready,
    (SELECT count(*)::int FROM vps_runs WHERE outcome = 'failed' AND ended_at > since AND ended_at <= until) AS "failedRuns",
    quick.p50 AS "secondsToReadyP50", quick.p95 AS "secondsToReadyP95",
    (SELECT coalesce(jsonb_object_agg(plan_id, count), '{}') FROM (
      SELECT plan_id, count(*) FROM vps
      WHERE plan_id IS NOT NULL AND hostinger_vm_id IS NOT NULL AND requested_at <= until AND (ended_at IS NULL OR ended_at > until) GROUP BY plan_id
    ) AS held) AS plans
  FROM steps, LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
    FROM (SELECT extract(epoch FROM ready_at - requested_at)::double precision AS seconds FROM vps WHERE ready_at > since AND ready_at <= until) AS times
  ) AS quick
  ORDER BY until`;

type Row = Omit<FleetNumbers, "monthlySpendCents"> & { readonly plans: Readonly<Record<string, number>> };

/** The fleet's numbers step by step, oldest first, from what the records tell. */
export async function readFleetNumbers(db: Queryable, range: NumberRange): Promise<FleetNumbers[]> {
  const { steps, stepSeconds } = NUMBER_RANGES[range];
  const { rows } = await db.query<Row>(NUMBERS, [steps, stepSeconds]);
  return rows.map(({ plans, ...numbers }) => ({ ...numbers, monthlySpendCents: spendOf(plans) }));
}

/** A plan that is not in the specification counts as nothing: its price is not known. */
function spendOf(plans: Readonly<Record<string, number>>): number {
  return Object.entries(plans).reduce((sum, [plan, count]) => sum + count * (findPlan(plan)?.monthlyPriceCents ?? 0), 0);
}
