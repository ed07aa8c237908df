export * from "./pool-id.ts";
export * from "./overview.ts";
export { startPool } from "./start-pool.ts";
export type { PoolKeeper } from "./start-pool.ts";
