/** Pools for Prometheus, read from the database when they are asked for: see src/http/metrics.ts. */
import type { Registry } from "prom-client";
import { databaseGauges, type Sample } from "../db/database-gauge.ts";
import type { Queryable } from "../db/queryable.ts";
import { readPoolOverview } from "./overview.ts";
import type { PoolOverview } from "./overview.ts";

const MEMBERS = { ready: "ready", building: "building", failed: "failed", claimed: "claimed", set_aside: "setAside", retiring: "retiring" } as const satisfies Record<string, keyof PoolOverview>;

export function addPoolMetrics(registry: Registry, db: Queryable, onProblem: (error: unknown) => void): void {
  const add = databaseGauges(registry, onProblem);
  const gauge = (name: string, help: string, labelNames: readonly string[], samples: (pool: PoolOverview) => readonly Sample[]) =>
    add({ name, help, labelNames: ["pool", ...labelNames], read: async () => (await readPoolOverview(db)).flatMap((pool) => samples(pool).map(({ value, labels }) => ({ value, labels: { pool: pool.poolId, ...labels } }))) });
  gauge("user_vps_pool_members", "VPSs of the pools by state.", ["state"], (pool) => Object.entries(MEMBERS).map(([state, key]) => ({ value: pool[key], labels: { state } })));
  gauge("user_vps_pool_wanted", "How many VPSs a pool is to keep ready now.", [], ({ wanted }) => [{ value: wanted }]);
  gauge("user_vps_pool_paused", "1 if a pool has paused: GET /api/admin/pools says why.", [], ({ state }) => [{ value: state === "paused" ? 1 : 0 }]);
  gauge("user_vps_pool_signups", "Signups of the last 30 days for which there was a pool, by whether a VPS was left in it.", ["result"], ({ asked, hits }) => [
    { value: hits, labels: { result: "claimed" } },
    { value: asked - hits, labels: { result: "none_left" } },
  ]);
  gauge("user_vps_pool_spent_cents", "What the pools' VPSs of the last 30 days have cost, first terms alone, in cents.", [], ({ spentCents }) => [{ value: spentCents }]);
}
