import { catalogItemOf, findPlan } from "../../providers/hostinger/api/specification.ts";
import type { Queryable } from "../db/queryable.ts";

/** A plan by its id (`kvm2`), name or catalog item -> the catalog item; a plan that only the API knows stays as it is named. */
export function planItemOf(name: string): string {
  return findPlan(name)?.itemId ?? name;
}

/**
 * The plans that a user may have, as catalog items: those of the token's claim `vps_plans`, else those of ALLOWED_PLANS;
 * undefined: any. What names no plan entitles to nothing.
 */
export function entitledPlans(claim: readonly string[] | null, setting: readonly string[] | undefined): readonly string[] | undefined {
  return (claim ?? setting)?.flatMap((name) => catalogItemOf(name) ?? []);
}

/** What a user's newest token says counts, also while the user waits. */
export async function noteClaimedPlans(db: Queryable, userId: string, claim: readonly string[] | null): Promise<void> {
  await db.query("UPDATE user_vps SET allowed_plans = $2 WHERE user_id::text = $1 AND is_managed AND allowed_plans IS DISTINCT FROM $2::text[]", [userId, claim]);
}
