/** Each guard that stands before a purchase: what it would say now, and what to do so that it lets users pass. */
import { zoneReader } from "../../providers/cloudflare/zone.ts";
import { reasonOf } from "../../providers/core/errors.ts";
import { money } from "../../providers/core/money.ts";
import { moment, SECOND_MS } from "../../providers/core/time.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { findOffer, readPlans } from "../../providers/hostinger/api/live-catalog.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import type { Environment, Role, Settings } from "../config/index.ts";
import { missingMigrations } from "../db/index.ts";
import { paymentFaultOf, priceOf, readBooks, readBreaker, readSwitch } from "../purchases/index.ts";
import type { Books, Breaker, Price, PurchaseSwitch } from "../purchases/index.ts";
import { databaseOf, openPool } from "./reach.ts";
import { settingsOf } from "./settings.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, CheckName, Finding } from "./check.ts";

const TIMEOUT_MS = 8 * SECOND_MS;

/** By Hostinger and Cloudflare. */
export async function checkMoney({ env, signal }: CheckContext): Promise<Finding[]> {
  const settings = settingsOf(env);
  if (!settings) return (["payment", "price", "zone"] as const).map((name) => skipped(name, "the settings are not complete"));
  const [hostinger, zone] = await Promise.all([
    withHostinger(env, async (client) => {
      const [methods, plans] = await Promise.all([client.paymentMethods.list({ signal }), readPlans(client, signal)]);
      const price = priceOf(findOffer({ plans }, settings.defaultPlan));
      return [checkPayment(paymentFaultOf(methods, settings.hostingerPaymentMethodId)), checkPrice(settings, price)];
    }).catch((error: unknown) => (["payment", "price"] as const).map((name) => skipped(name, `Hostinger does not tell: ${reasonOf(error)}`))),
    checkZone(settings).catch((error: unknown) => skipped("zone", `Cloudflare does not tell: ${reasonOf(error)}`)),
  ]);
  return [...hostinger, zone];
}

/** By the service's own books. */
export async function checkBooks(context: CheckContext, role: Role): Promise<Finding[]> {
  const none = (found: string): Finding[] => (["purchases", "certificates"] as const).map((name: CheckName) => skipped(name, found));
  const settings = settingsOf(context.env, role);
  if (!settings) return none("the settings are not complete");
  const database = await databaseOf(context).catch(() => undefined);
  if (!database) return none("there is no database yet, or it does not answer");
  try {
    const pool = openPool(database.url);
    try {
      if ((await missingMigrations(pool)).length > 0) return none("not all migrations are applied");
      const [current, breaker, books] = [await readSwitch(pool, settings.purchases), await readBreaker(pool), await readBooks(pool)];
      return [checkPurchases(settings, current, breaker, books), checkCertificates(settings, books)];
    } finally {
      await pool.end();
    }
  } catch (error) {
    return none(reasonOf(error));
  } finally {
    await database.close();
  }
}

async function withHostinger<T>(env: Environment, work: (client: HostingerClient) => Promise<T>): Promise<T> {
  const { baseUrl, apiKey } = hostingerSettings({ get: () => undefined }, env);
  const client = new HostingerClient({ baseUrl, apiKey, requestTimeoutMs: TIMEOUT_MS, retryLimitMs: SECOND_MS });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function checkPayment(fault: string | undefined): Finding {
  return fault === undefined ? ok("payment", "the payment method is neither expired nor suspended") : failed("payment", fault, "Renew or replace it in hPanel under Billing, Payment Methods; HOSTINGER_PAYMENT_METHOD_ID names another. Until then users wait.");
}

function checkPrice({ defaultPlan, maxPriceCents }: Settings, price: Price | undefined): Finding {
  if (!price) return failed("price", `Hostinger's catalog does not tell what ${defaultPlan} costs`, "Set DEFAULT_VPS_PLAN to one of `user-vps plans`.");
  const dearest = Math.max(price.firstTermCents, price.renewalCents);
  const told = `${defaultPlan} costs ${money(dearest, price.currency)} at most`;
  if (maxPriceCents === undefined) return ok("price", `${told}; MAX_PRICE_CENTS is not set, so any price is paid`);
  if (dearest <= maxPriceCents) return ok("price", `${told}, within ${money(maxPriceCents, price.currency)}`);
  return failed("price", `${told}, more than ${money(maxPriceCents, price.currency)}`, "Raise MAX_PRICE_CENTS, or set another DEFAULT_VPS_PLAN. Until then users wait.");
}

async function checkZone({ cloudflareApiToken: apiToken, cloudflareZoneId: zoneId, cloudflareBaseUrl: baseUrl, zoneRecordLimit }: Settings): Promise<Finding> {
  if (apiToken === undefined || zoneId === undefined) return skipped("zone", "CLOUDFLARE_API_TOKEN and CLOUDFLARE_ZONE_ID are not set");
  const zone = zoneReader({ baseUrl, apiToken, zoneId });
  try {
    const { recordCount, fault } = await zone.read();
    if (fault !== undefined) return failed("zone", fault, "Mend it in Cloudflare's dashboard; until then users wait.");
    if (zoneRecordLimit === undefined) return ok("zone", `${recordCount} records; ZONE_RECORD_LIMIT is not set (a free zone takes 200, or 1,000 if it is older than September 2024)`);
    if (recordCount < zoneRecordLimit) return ok("zone", `${recordCount} of ${zoneRecordLimit} records`);
    return failed("zone", `${recordCount} of ${zoneRecordLimit} records: it is full`, "Remove records, or take a larger plan at Cloudflare and raise ZONE_RECORD_LIMIT.");
  } finally {
    await zone.close();
  }
}

function checkPurchases({ purchasesPerDay, spendPerMonthCents, fleetLimit }: Settings, { isOn, setBy, reason }: PurchaseSwitch, breaker: Breaker, { purchasesToday, spentThisMonthCents, fleet }: Books): Finding {
  if (!isOn) return failed("purchases", `switched off ${setBy === null ? "by PURCHASES" : `by ${setBy}`}${reason ? `: ${reason}` : ""}`, "`user-vps purchases on`, if VPSs are to be bought.");
  if (breaker.state !== "closed") return failed("purchases", `a payment was refused, ${breaker.refusals} so far: ${breaker.reason}`, `Mend the payment in hPanel, then \`user-vps purchases on\` tries the next at once${breaker.nextProbeAt ? `, else it is tried at ${moment(breaker.nextProbeAt)}` : ""}.`);
  const caps = [["PURCHASES_PER_DAY", purchasesToday, purchasesPerDay], ["SPEND_PER_MONTH_CENTS", spentThisMonthCents, spendPerMonthCents], ["FLEET_LIMIT", fleet, fleetLimit]] as const;
  const told = caps.map(([name, used, limit]) => `${name} ${limit === undefined ? `is not set, ${used} so far` : `${used} of ${limit}`}`).join("; ");
  const full = caps.filter(([, used, limit]) => limit !== undefined && used >= limit).map(([name]) => name);
  return full.length === 0 ? ok("purchases", `on; ${told}`) : failed("purchases", told, `Users wait: raise ${full.join(", ")}, or wait until it is free again.`);
}

function checkCertificates({ certificatesPerWeek }: Settings, { certificates, nextCertificateAt }: Books): Finding {
  const told = `${certificates} of ${certificatesPerWeek} first certificates in seven days`;
  return certificates < certificatesPerWeek ? ok("certificates", told) : failed("certificates", told, `Users wait${nextCertificateAt ? ` until ${moment(nextCertificateAt)}` : ""}; ask the authority for more, then raise CERTIFICATES_PER_WEEK.`);
}
