import { findPlan } from "../../providers/hostinger/api/specification.ts";
import type { PoolKind } from "../records/index.ts";

/** What people call a pool: `kvm1-9-1007`, of plan, data center and template. */
export function poolIdOf({ plan, dataCenterId, templateId }: PoolKind): string {
  return `${findPlan(plan)?.id ?? plan}-${dataCenterId}-${templateId}`;
}
