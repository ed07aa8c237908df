import { findPlan } from "../../providers/hostinger/api/specification.ts";

/** A plan by its id (`kvm2`), name or catalog item -> the catalog item; a plan that only the API knows stays as it is named. */
export function planItemOf(name: string): string {
  return findPlan(name)?.itemId ?? name;
}

/**
 * The plans that a user may have, as catalog items: those of the token's claim `vps_plans`, else those of ALLOWED_PLANS;
 * undefined: any.
 */
export function entitledPlans(claim: readonly string[] | null, setting: readonly string[] | undefined): readonly string[] | undefined {
  return (claim ?? setting)?.map(planItemOf);
}
