/** A worker of its own process, to be killed: real queue, guards and pools; stacks and VMs are rows that outlive it. */
import { setTimeout as sleep } from "node:timers/promises";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { startPool } from "../../src/pool/index.ts";
import type { Engine, StackRequest, UpOptions } from "../../src/provisioning/engine.ts";
import { openPurchaseWorld } from "./purchases.ts";
import { vmOf } from "./stub-engine.ts";
import { startStubWorker } from "./stub-worker.ts";
import { openPool } from "./open-pool.ts";

const { url, env, domain } = JSON.parse(process.argv[2]!) as { url: string; env: Record<string, string>; domain: string };
const pool = openPool(url, 6);
const vmIdOf = async (name: string) => (await pool.query<{ vmId: number }>(`SELECT vm_id::int AS "vmId" FROM proof_stacks WHERE name = $1`, [name])).rows[0]?.vmId;
/** Whatever is done takes a while, so that a kill meets it half-way. */
const pause = () => sleep(Math.random() * 120);

/** Buying and having bought is one step here: that a purchase is made once is shown by `proof:purchase`. */
const engine: Engine = {
  async up({ stackName, config }: StackRequest, _hooks, { mayBuy }: UpOptions = {}) {
    await pause();
    let vmId = await vmIdOf(stackName);
    if (vmId === undefined) {
      if (config["importVmId"] === undefined && !mayBuy) throw new Error(`${stackName} may not buy`);
      const made = config["importVmId"] === undefined ? "(INSERT INTO proof_vms DEFAULT VALUES RETURNING vm_id)" : `(SELECT ${Number(config["importVmId"])} AS vm_id)`;
      const statement = config["importVmId"] === undefined
        ? `WITH bought AS ${made} INSERT INTO proof_stacks (name, vm_id) SELECT $1, vm_id FROM bought RETURNING vm_id::int AS "vmId"`
        : `INSERT INTO proof_stacks (name, vm_id) SELECT $1, vm_id FROM ${made} AS taken RETURNING vm_id::int AS "vmId"`;
      vmId = (await pool.query<{ vmId: number }>(statement, [stackName])).rows[0]!.vmId;
    }
    await pause();
    const hostname = `${stackName}.${domain}`;
    return { changes: {}, outputs: { address: "127.0.0.2", hostname, url: `https://${hostname}`, vmId, orderId: `o-${vmId}`, subscriptionId: `s-${vmId}`, healthy: true, password: "fake-Password-1", jwtSecret: "fake-jwt-secret" } };
  },
  async destroy({ stackName }, _hooks, options) {
    await pause();
    if (!options?.leavesVm) throw new Error(`the VM of ${stackName} would be given up`);
    await pool.query("DELETE FROM proof_stacks WHERE name = $1", [stackName]);
    await pause();
    return { changes: {} };
  },
  async vms(stackName) {
    const vmId = await vmIdOf(stackName);
    return vmId === undefined ? [] : [vmOf(vmId)];
  },
  clearInterruptedRun: async () => undefined,
  cancel: async () => undefined,
  preview: async () => ({ changes: {} }),
  refresh: async () => ({ changes: {} }),
};

const world = openPurchaseWorld(pool, { env, domain } as never, { WORKER_CONCURRENCY: "6", CERTIFICATES_PER_WEEK: "100000" });
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const account = { read: async () => ({ state: "none" as const }), withdrawIntents: async () => undefined, resolve: async () => undefined };
await startStubWorker({ boss, pool, databaseUrl: url, engine: engine as never, world, account, vms: { openSession: () => world.session, act: async () => undefined } });
await startPool({ pool, jobs: pgBossJobs(boss, pool), settings: world.guard.settings as never, workerId: String(process.pid), log: () => undefined });
console.log("works");
