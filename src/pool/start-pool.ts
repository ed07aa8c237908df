/** Cares for the pools, one worker for all: see refill.ts. */
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { Lease } from "../records/index.ts";
import { refillPools } from "./refill.ts";
import type { PoolContext } from "./context.ts";
import { syncPools } from "./sync-pools.ts";

const LEASE_SILENT_SECONDS = 10;
const TURN_MS = 1 * SECOND_MS;
const PAUSE_MS = 10 * SECOND_MS;

export interface PoolKeeper {
  stop(): Promise<void>;
}

export async function startPool(context: PoolContext & { readonly workerId: string }): Promise<PoolKeeper> {
  const { pool, settings, workerId, log } = context;
  for (const poolId of await syncPools(pool, settings)) {
    log(`pools: POOLS does not name ${poolId} any more: nothing is bought for it. What is in it waits for users until its term ends; \`user-vps pool drain ${poolId}\` gives it up`);
  }
  const lease = new Lease({ db: pool, name: "pools", holder: workerId, silentSeconds: LEASE_SILENT_SECONDS, log });
  const stopped = new AbortController();
  const keep = async () => {
    while (!stopped.signal.aborted) {
      let pauseMs = TURN_MS;
      try {
        if (await lease.hold()) await refillPools(context);
      } catch (error) {
        if (!stopped.signal.aborted) log(`the pools cannot be looked after: ${messageOf(error)}`);
        pauseMs = PAUSE_MS;
      }
      await sleep(pauseMs, stopped.signal).catch(() => undefined);
    }
  };
  const kept = keep();
  return {
    async stop() {
      stopped.abort();
      await kept;
      await lease.letGo();
    },
  };
}
