import type { Settings } from "../config/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { endUnnamedPools, savePool } from "../records/index.ts";
import { poolIdOf } from "./pool-id.ts";

export type PoolSettings = Pick<Settings, "pools" | "poolFailures" | "poolLeastDays" | "defaultDataCenterId" | "defaultTemplateId" | "domain" | "reuseWipedVms" | "reuseLeastDays" | "purchases">;

/** The pools as the setting POOLS names them; what an operator has said of one of them stays. The ids of those that it has named until now. */
export async function syncPools(db: Queryable, { pools = [], defaultDataCenterId, defaultTemplateId }: PoolSettings): Promise<string[]> {
  const named: string[] = [];
  for (const { plan, dataCenterId = defaultDataCenterId, templateId = defaultTemplateId, ready, schedule, mostPerDay } of pools) {
    const kind = { plan, dataCenterId, templateId };
    const poolId = poolIdOf(kind);
    named.push(poolId);
    await savePool(db, poolId, { ...kind, keepReady: ready, schedule, mostPerDay: mostPerDay ?? null }, null);
  }
  return await endUnnamedPools(db, named);
}
