/** One user with a VM at the sandbox, and what a worker needs to perform its jobs; the engine is not among it. */
import { afterAll } from "vitest";
import { startQueue } from "../../src/jobs/index.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { addFleet } from "./fleet.ts";
import { withDatabase } from "./postgres.ts";
import { openPurchaseWorld } from "./purchases.ts";

export async function withOneVm() {
  const { pool, url } = await withDatabase();
  const sandbox = await startSandbox({ actionMs: 200 });
  const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
  const vms = hostingerPower(sandbox.env);
  const purchases = openPurchaseWorld(pool, sandbox);
  const vmId = (await addFleet(sandbox, pool, 1))[0]!.vmId;
  afterAll(async () => {
    await Promise.all([boss.stop({ graceful: false }), vms.close(), purchases.close()]);
    await sandbox.close();
  });
  /** As `performJob` takes it. */
  const worker = (handOver = new AbortController().signal) => ({
    boss, pool, databaseUrl: url, vms, settings: purchases.guard.settings, purchases, secrets: [], workerId: "worker", hostId: "host", log: () => undefined, handOver,
  }) as never;
  return { pool, url, sandbox, boss, vmId, userId: "u-user1", worker };
}
