/** What a worker does about purchases: the guards, and the records in the Hostinger account. */
import type { Pool } from "pg";
import { zoneReader } from "../../providers/cloudflare/zone.ts";
import type { Settings } from "../config/index.ts";
import type { PurchaseAccount } from "./account.ts";
import type { Guard } from "./guard.ts";
import { liveFacts } from "./live-facts.ts";
import { purchaseAccount } from "./purchase-account.ts";

export interface PurchaseDesk {
  readonly guard: Guard;
  readonly account: PurchaseAccount;
}

/** As the settings of a worker have it. */
export function openPurchaseDesk(pool: Pool, settings: Settings): PurchaseDesk & { close(): Promise<void> } {
  const zone = zoneReader({ baseUrl: settings.cloudflareBaseUrl, apiToken: settings.cloudflareApiToken!, zoneId: settings.cloudflareZoneId! });
  const readLiveFacts = liveFacts({ zone, paymentMethodId: settings.hostingerPaymentMethodId });
  return { guard: { pool, settings, readLiveFacts }, account: purchaseAccount, close: () => zone.close() };
}
