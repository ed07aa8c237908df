/** What a worker does about purchases: the guards, and the records in the Hostinger account. */
import type { Pool } from "pg";
import { zoneReader } from "../../providers/cloudflare/zone.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { HostingerClient } from "../../providers/hostinger/api/client.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { Settings } from "../config/index.ts";
import type { PurchaseAccount } from "./account.ts";
import type { Guard } from "./guard.ts";
import { liveFacts } from "./live-facts.ts";
import { purchaseAccount } from "./purchase-account.ts";

export interface PurchaseDesk {
  readonly guard: Guard;
  readonly account: PurchaseAccount;
  /** Asked before each purchase, where a worker could not tell at its start whether the Hostinger account is the right one: throws while it is doubted. */
  readonly refuseDoubtedAccount?: (session: Session) => Promise<void>;
}

/**
 * As the settings of a worker have it.
 *
 * @param client of the process, not of a run
 */
export function openPurchaseDesk(pool: Pool, settings: Settings, client: HostingerClient): PurchaseDesk & { close(): Promise<void> } {
  const closing = new AbortController();
  const zone = zoneReader({ baseUrl: settings.cloudflareBaseUrl, apiToken: settings.cloudflareApiToken!, zoneId: settings.cloudflareZoneId! });
  const readLiveFacts = liveFacts({ client: client.withSignal(closing.signal), zone, paymentMethodId: settings.hostingerPaymentMethodId });
  return {
    guard: { pool, settings, readLiveFacts }, account: purchaseAccount,
    async close() {
      closing.abort(new UserVpsError("CANCELLED", "The worker ends."));
      await zone.close();
    },
  };
}
