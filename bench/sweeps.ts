/** What a sweep of a whole fleet takes, health checks included, in fleets of several sizes. */
import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { createPool, migrate } from "../src/db/index.ts";
import { PROJECT_NAME } from "../stacks/project-name.ts";
import { benchChild } from "./child.ts";
import type { FleetMember, FleetRequest } from "./sandbox-process.ts";
import type { Swept, SweepRequest } from "./sweep-process.ts";
import type { BenchWorld } from "./world.ts";

/** Twice each: at the first sweep the sandbox makes what it keeps from then on. */
const SWEEPS = 2;

export async function sweepFleets(world: BenchWorld, sizes: readonly number[], say: (text: string) => void): Promise<Swept[]> {
  const found: Swept[] = [];
  for (const users of sizes) {
    const database = await fleetDatabase(world.databaseUrl);
    const sandbox = benchChild("sandbox-process.ts");
    try {
      const fleet = await sandbox.ask<{ members: FleetMember[]; sandbox: SweepRequest["sandbox"] }>({ dataDir: world.folder, users } satisfies FleetRequest);
      await addRows(database.pool, fleet.members);
      let swept: Swept | undefined;
      for (let turn = 0; turn < SWEEPS; turn += 1) {
        const worker = benchChild("sweep-process.ts");
        swept = await worker.ask<Swept>({ databaseUrl: database.url, sandbox: fleet.sandbox } satisfies SweepRequest).finally(() => worker.close());
      }
      say(`sweep of ${swept!.users} users: ${swept!.seconds.toFixed(1)} s, ${swept!.apiCalls} API calls, ${swept!.findings} findings, ${Math.round(swept!.peakMemoryMb)} MB`);
      found.push(swept!);
    } finally {
      await Promise.all([sandbox.close(), database.close()]);
    }
  }
  return found;
}

async function fleetDatabase(worldUrl: string) {
  const name = `fleet_${randomUUID().replaceAll("-", "")}`;
  const admin = createPool({ url: worldUrl, name: "user-vps bench", max: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(worldUrl);
  url.pathname = `/${name}`;
  const pool = createPool({ url: url.href, name: "user-vps bench", max: 1 });
  await migrate(pool);
  return {
    url: url.href, pool,
    async close() {
      await pool.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

/** As if each had been provisioned an hour ago. */
async function addRows(pool: Pool, members: readonly FleetMember[]): Promise<void> {
  await pool.query("CREATE TABLE pulumi_state (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMPTZ NOT NULL DEFAULT now())");
  await pool.query(
    `WITH member AS (SELECT split_part(hostname, '.', 1) AS username, * FROM jsonb_to_recordset($1) AS given (hostname text, "vmId" bigint, address text)),
          stack AS (INSERT INTO pulumi_state (key, data) SELECT current_database() || '/.pulumi/stacks/' || $2 || '/' || username || '.json', '{}' FROM member)
     INSERT INTO user_vps (user_id, username, hostname, status, plan_id, template_id, data_center_id, address, hostinger_vm_id, requested_at, ready_at, updated_at)
     SELECT 'u-' || username, username, hostname, 'ready', 'hostingercom-vps-kvm1-usd-1m', 1007, 9, address, "vmId", now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour' FROM member`,
    [JSON.stringify(members), PROJECT_NAME],
  );
}
