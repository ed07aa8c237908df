import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "../records/index.ts";
import { readOffers } from "../records/offers.ts";

interface Change {
  readonly plan: string;
  /** 0 is the newest. */
  readonly step: number;
  readonly change: number;
}

/** VMs that were asked for or given up within the range, by plan and step. */
const HELD = `
  SELECT plan, step, sum(change)::int AS change FROM (
    SELECT plan_id AS plan, floor(extract(epoch FROM now() - requested_at) / $2)::int AS step, 1 AS change
    FROM user_vps WHERE is_managed AND hostinger_vm_id IS NOT NULL AND requested_at > now() - $1 * $2 * interval '1 second'
    UNION ALL
    SELECT plan_id, floor(extract(epoch FROM now() - updated_at) / $2)::int, -1
    FROM user_vps WHERE is_managed AND hostinger_vm_id IS NOT NULL AND status = 'deprovisioned' AND updated_at > now() - $1 * $2 * interval '1 second'
  ) AS changes GROUP BY plan, step`;

/** VMs that were given up and are, or within the range were, still paid; step -1: as it is now. */
const GIVEN_UP = `
  WITH given_up AS (
    SELECT plan_id AS plan, ended_at, paid_until FROM vps_give_ups
    WHERE ended_at IS NOT NULL AND reused_by IS NULL AND returned_at IS NULL AND vm_id IS NOT NULL AND paid_until > now() - $1::int * $2::int * interval '1 second'
  )
  SELECT plan, step, sum(change)::int AS change FROM (
    SELECT plan, -1 AS step, 1 AS change FROM given_up WHERE paid_until > now()
    UNION ALL
    SELECT plan, floor(extract(epoch FROM now() - ended_at) / $2::int)::int, 1 FROM given_up WHERE ended_at > now() - $1::int * $2::int * interval '1 second'
    UNION ALL
    SELECT plan, floor(extract(epoch FROM now() - paid_until) / $2::int)::int, -1 FROM given_up WHERE paid_until <= now()
  ) AS changes GROUP BY plan, step`;

const PRICES = `
  SELECT plan, price_cents AS cents FROM unnest($1::text[]) AS plan
  CROSS JOIN LATERAL (SELECT price_cents FROM vps_purchases WHERE plan_id = plan AND state = 'bought' AND price_cents IS NOT NULL ORDER BY purchase_id DESC LIMIT 1) AS newest`;

/**
 * Cents a month of the VMs that were paid at the end of each step, newest first: those that users
 * hold, failed ones too, and those that were given up until their terms end. A plan costs what its
 * renewal does, for the first term is often the cheaper one; one that is not offered any more, what was last paid for it.
 */
export async function monthlySpend(db: Queryable, range: { readonly steps: number; readonly stepSeconds: number }): Promise<number[]> {
  const { steps, stepSeconds } = range;
  const [held, givenUp, counts] = await Promise.all([db.query<Change>(HELD, [steps, stepSeconds]), db.query<Change>(GIVEN_UP, [steps, stepSeconds]), readCounts(db)]);
  const changes = [...held.rows, ...givenUp.rows];
  const paidNow: readonly (readonly [string, number])[] = [...counts.of("vms"), ...changes.filter(({ step }) => step === -1).map(({ plan, change }) => [plan, change] as const)];
  const priceOf = await readPrices(db, [...new Set([...paidNow.map(([plan]) => plan), ...changes.map(({ plan }) => plan)])]);
  let cents = paidNow.reduce((sum, [plan, count]) => sum + count * priceOf(plan), 0);
  return Array.from({ length: steps }, (_, step) => {
    const spend = cents;
    for (const { plan, change } of changes.filter((row) => row.step === step)) cents -= change * priceOf(plan);
    return Math.round(spend);
  });
}

/** A plan that is not offered and was never bought counts as nothing: its price is not known. */
async function readPrices(db: Queryable, plans: readonly string[]): Promise<(plan: string) => number> {
  const [{ rows }, { plans: offered }] = await Promise.all([db.query<{ plan: string; cents: number }>(PRICES, [plans]), readOffers(db)]);
  const known = [...rows.map(({ plan, cents }) => [plan, cents] as const), ...offered.flatMap(({ itemId, priceCents }) => (priceCents === null ? [] : [[itemId, priceCents] as const]))];
  const monthly = new Map(known.map(([plan, cents]) => [plan, cents / monthsOf(plan)]));
  return (plan) => monthly.get(plan) ?? 0;
}

/** A catalog item's name ends in its term: `…-usd-1m`, `…-usd-2y`. */
function monthsOf(plan: string): number {
  const [, count, unit] = /-(\d+)([my])$/.exec(plan) ?? [];
  return Math.max(1, Number(count ?? 1)) * (unit === "y" ? 12 : 1);
}
