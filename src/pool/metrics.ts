/** Pools for Prometheus, read from the database when they are asked for: see src/http/metrics.ts. */
import { Gauge } from "prom-client";
import type { Registry } from "prom-client";
import type { Queryable } from "../db/queryable.ts";
import { readPoolOverview } from "./overview.ts";
import type { PoolOverview } from "./overview.ts";

const MEMBERS = { ready: "ready", building: "building", failed: "failed", claimed: "claimed", set_aside: "setAside", retiring: "retiring" } as const satisfies Record<string, keyof PoolOverview>;

export function addPoolMetrics(registry: Registry, db: Queryable, onProblem: (error: unknown) => void): void {
  const gauge = (name: string, help: string, labelNames: string[], fill: (set: (labels: Record<string, string>, value: number) => void, pools: readonly PoolOverview[]) => void) => {
    const made: Gauge = new Gauge({
      name, help, labelNames, registers: [registry],
      async collect() {
        made.reset();
        await readPoolOverview(db).then((pools) => fill((labels, value) => made.set(labels, value), pools)).catch(onProblem);
      },
    });
  };
  gauge("user_vps_pool_members", "VPSs of the pools by state.", ["pool", "state"], (set, pools) => {
    for (const pool of pools) for (const [state, key] of Object.entries(MEMBERS)) set({ pool: pool.poolId, state }, pool[key]);
  });
  gauge("user_vps_pool_wanted", "How many VPSs a pool is to keep ready now.", ["pool"], (set, pools) => pools.forEach(({ poolId, wanted }) => set({ pool: poolId }, wanted)));
  gauge("user_vps_pool_paused", "1 if a pool has paused after failures.", ["pool"], (set, pools) => pools.forEach(({ poolId, state }) => set({ pool: poolId }, state === "paused" ? 1 : 0)));
  gauge("user_vps_pool_signups", "Signups of the last 30 days for which there was a pool, by whether a VPS was left in it.", ["pool", "result"], (set, pools) => {
    for (const { poolId, asked, hits } of pools) {
      set({ pool: poolId, result: "claimed" }, hits);
      set({ pool: poolId, result: "none_left" }, asked - hits);
    }
  });
  gauge("user_vps_pool_spent_cents", "What the pools' VPSs of the last 30 days have cost, first terms alone, in cents.", ["pool"], (set, pools) => pools.forEach(({ poolId, spentCents }) => set({ pool: poolId }, spentCents)));
}
