/** The watcher as the service's settings have it. */
import type { Pool } from "pg";
import type { PgBoss } from "pg-boss";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import type { Environment, Settings } from "../config/index.ts";
import { VmInventory } from "../inventory/vm-inventory.ts";
import { pgBossJobs } from "../jobs/index.ts";
import { healthTarget } from "../provisioning/health-target.ts";
import { startWatcher } from "./watcher.ts";
import type { Watcher } from "./watcher.ts";

export interface StartWaitsOptions {
  readonly settings: Settings;
  readonly env: Environment;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly boss: PgBoss;
  readonly workerId: string;
  readonly log: (line: string) => void;
}

export async function startWaits({ settings, env, pool, databaseUrl, boss, workerId, log }: StartWaitsOptions): Promise<Watcher> {
  const { apiKey, baseUrl } = hostingerSettings({ get: () => undefined }, env);
  const client = new HostingerClient({ baseUrl, apiKey });
  const inventory = new VmInventory((signal) => client.virtualMachines.list({ signal }));
  const target = await healthTarget(settings);
  const watcher = await startWatcher({ pool, databaseUrl, jobs: pgBossJobs(boss, pool), workerId, inventory, target, log });
  return {
    async stop() {
      await watcher.stop();
      inventory.close();
      await client.close();
    },
  };
}
