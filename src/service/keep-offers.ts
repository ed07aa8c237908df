import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { MINUTE_MS, sleep } from "../../providers/core/time.ts";
import type { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { readCatalog } from "../../providers/hostinger/api/live-catalog.ts";
import { saveOffers } from "../records/offers.ts";

const INTERVAL_MS = 5 * MINUTE_MS;

export interface OffersKeeper {
  stop(): Promise<void>;
}

/** Reads what Hostinger offers, now and every five minutes, and records it. A failure keeps what is recorded. */
export function keepOffers(pool: Pool, client: HostingerClient, log: (line: string) => void): OffersKeeper {
  const ending = new AbortController();
  const keep = async () => {
    while (!ending.signal.aborted) {
      try {
        await saveOffers(pool, await readCatalog(client, ending.signal));
      } catch (error) {
        if (!ending.signal.aborted) log(`what Hostinger offers could not be read: ${messageOf(error)}`);
      }
      await sleep(INTERVAL_MS, ending.signal).catch(() => undefined);
    }
  };
  const kept = keep();
  return {
    async stop() {
      ending.abort();
      await kept;
    },
  };
}
