import { findPlan } from "../../providers/hostinger/api/specification.ts";
import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "../records/index.ts";

/** VMs that were asked for or given up within the range, by plan and step, 0 the newest. */
const CHANGED = `
  SELECT plan_id AS plan, step, sum(change)::int AS change FROM (
    SELECT plan_id, floor(extract(epoch FROM now() - requested_at) / $2)::int AS step, 1 AS change
    FROM user_vps WHERE is_managed AND hostinger_vm_id IS NOT NULL AND requested_at > now() - $1 * $2 * interval '1 second'
    UNION ALL
    SELECT plan_id, floor(extract(epoch FROM now() - updated_at) / $2)::int, -1
    FROM user_vps WHERE is_managed AND hostinger_vm_id IS NOT NULL AND status = 'deprovisioned' AND updated_at > now() - $1 * $2 * interval '1 second'
  ) AS changes GROUP BY plan_id, step`;

/** US cents a month of the VMs that were held at the end of each step, newest first, at the specification's monthly prices. */
export async function monthlySpend(db: Queryable, { steps, stepSeconds }: { readonly steps: number; readonly stepSeconds: number }): Promise<number[]> {
  const [{ rows }, counts] = await Promise.all([db.query<{ plan: string; step: number; change: number }>(CHANGED, [steps, stepSeconds]), readCounts(db)]);
  let cents = [...counts.of("vms")].reduce((sum, [plan, count]) => sum + count * priceOf(plan), 0);
  return Array.from({ length: steps }, (_, step) => {
    const spend = cents;
    for (const { plan, change } of rows.filter((row) => row.step === step)) cents -= change * priceOf(plan);
    return spend;
  });
}

/** A plan that is not in the specification counts as nothing: its price is not known. */
function priceOf(plan: string): number {
  return findPlan(plan)?.monthlyPriceCents ?? 0;
}
