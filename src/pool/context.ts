import type { Pool } from "pg";
import type { Jobs } from "../jobs/index.ts";
import type { PoolSettings } from "./sync-pools.ts";

/** What the care for pools works with. */
export interface PoolContext {
  readonly pool: Pool;
  readonly jobs: Pick<Jobs, "enqueue" | "cancel">;
  readonly settings: PoolSettings;
  readonly log: (line: string) => void;
}
