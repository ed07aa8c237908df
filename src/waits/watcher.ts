/**
 * Looks for what users' VPSs wait for, so that no run has to: one leader among all workers, one list of
 * VMs for all who wait for theirs to run, one probe at a time for each who waits for health. The moment
 * it is there, or the limit is over, the next `up` is queued. All of it lies in PostgreSQL: another
 * leader goes on where this one was. Who begins to wait is told by NOTIFY; while nobody does, nothing is done.
 */
import type { Pool } from "pg";
import type { HealthTarget } from "../../providers/health/target.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { Listener } from "../db/listener.ts";
import type { VmInventory } from "../inventory/vm-inventory.ts";
import type { Jobs } from "../jobs/index.ts";
import { Lease } from "../records/index.ts";
import { Trouble } from "./trouble.ts";
import { Wake } from "./wake.ts";
import { WatchTurns } from "./watch-turns.ts";

const CHANNEL = "user_vps_waits";
const LEASE_SILENT_SECONDS = 4;

export interface WatcherOptions {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly jobs: Jobs;
  readonly workerId: string;
  readonly inventory: VmInventory;
  readonly target: Omit<HealthTarget, "hostname" | "address">;
  readonly log: (line: string) => void;
}

export interface Watcher {
  stop(): Promise<void>;
}

export async function startWatcher({ databaseUrl, workerId, ...options }: WatcherOptions): Promise<Watcher> {
  const { pool, log } = options;
  const stopped = new AbortController();
  const wake = new Wake();
  const listener = new Listener({ url: databaseUrl, channel: CHANNEL, name: "user-vps waits", onNotify: () => wake.now(), onGap: () => wake.now() });
  await listener.start();
  const lease = new Lease({ db: pool, name: "watcher", holder: workerId, silentSeconds: LEASE_SILENT_SECONDS, log });
  const watching = watch(new WatchTurns({ ...options, lease, signal: stopped.signal }), wake, log, stopped.signal);
  return {
    async stop() {
      stopped.abort();
      await Promise.all([watching, listener.close()]);
      await lease.letGo();
    },
  };
}

async function watch(turns: WatchTurns, wake: Wake, log: (line: string) => void, signal: AbortSignal): Promise<void> {
  const looking = new Trouble(log, "the watcher cannot look", "the watcher goes on");
  while (!signal.aborted) {
    let pauseMs = SECOND_MS;
    try {
      pauseMs = await turns.take();
      looking.ends();
    } catch (error) {
      if (signal.aborted) break;
      looking.begins(error);
    }
    await wake.pause(pauseMs, signal);
  }
  await turns.ended();
}
