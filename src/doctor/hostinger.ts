import { wordsOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { LARGEST_SKEW_MS } from "../../providers/hostinger/clock.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import { notOffered, readCatalog, type Catalog } from "../../providers/hostinger/api/live-catalog.ts";
import { whyNoScript } from "../../providers/hostinger/api/specification.ts";
import { VARIABLES } from "../config/index.ts";
import { doubtOfAccount, OTHER_ACCOUNT_NEXT } from "../provisioning/other-account.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";
import { databaseOf, openPool } from "./reach.ts";

const TIMEOUT_MS = 8 * SECOND_MS;

/** The token by harmless calls, and the clock against the API's `Date`. */
export async function checkHostinger(context: CheckContext): Promise<Finding[]> {
  const { env, signal } = context;
  try {
    const { baseUrl, apiKey } = hostingerSettings({ get: () => undefined }, env);
    const client = new HostingerClient({ baseUrl, apiKey, requestTimeoutMs: TIMEOUT_MS, retryLimitMs: SECOND_MS });
    try {
      const [vms, catalog] = await Promise.all([client.virtualMachines.list({ signal }), readCatalog(client, signal)]);
      const doubt = await doubtByRecords(context, client);
      const account = doubt === undefined ? ok("hostinger", `${baseUrl} accepts the token: ${vms.length} VMs, ${catalog.plans.length} plans`) : failed("hostinger", doubt, OTHER_ACCOUNT_NEXT);
      return [account, ...checkDefaults(catalog, env), checkClock(client.serverTimeOffsetMs)];
    } finally {
      await client.close();
    }
  } catch (error) {
    const { code, message, next } = wordsOf(error);
    return [failed("hostinger", `${code}: ${message}`, mendOf(code) ?? next), skipped("clock", "Hostinger did not tell the time")];
  }
}

/** undefined also where there are no records to be read, which other checks tell. */
async function doubtByRecords(context: CheckContext, client: HostingerClient): Promise<string | undefined> {
  const database = await databaseOf(context).catch(() => undefined);
  if (!database) return undefined;
  const pool = openPool(database.url);
  try {
    const { name, byDefault } = VARIABLES.allowOtherAccount;
    return await doubtOfAccount({ db: pool, client, isAllowed: (context.env[name] || byDefault) === "true", signal: context.signal });
  } catch {
    return undefined;
  } finally {
    await pool.end();
    await database.close();
  }
}

/** Only told where it is wrong: what signups get by default has to be offered. */
function checkDefaults(catalog: Catalog, env: CheckContext["env"]): Finding[] {
  const value = ({ name, byDefault }: { readonly name: string; readonly byDefault: string }) => env[name] || byDefault;
  const { defaultPlan, defaultDataCenterId, defaultTemplateId } = VARIABLES;
  const templateId = Number(value(defaultTemplateId));
  const unsuitable = whyNoScript(templateId, catalog.templates);
  if (unsuitable !== undefined) return [failed("hostinger", unsuitable, `Set ${defaultTemplateId.name} to one of these.`)];
  const reason = notOffered(catalog, { plan: value(defaultPlan), dataCenterId: Number(value(defaultDataCenterId)), templateId });
  return reason === undefined ? [] : [failed("hostinger", reason, `Set ${defaultPlan.name}, ${defaultDataCenterId.name} and ${defaultTemplateId.name} to what Hostinger offers.`)];
}

/**
 * Purchases respect each other's marks by Hostinger's clock, tokens and certificates by ours.
 *
 * @param offsetMs the server's clock minus this machine's
 */
export function checkClock(offsetMs: number): Finding {
  const seconds = Math.round(Math.abs(offsetMs) / SECOND_MS);
  if (Math.abs(offsetMs) <= LARGEST_SKEW_MS) return ok("clock", `within ${Math.max(1, seconds)} s of Hostinger's`);
  return failed("clock", `${seconds} s ${offsetMs > 0 ? "behind" : "ahead of"} Hostinger's`, "Set the clock, and keep it right with NTP: `timedatectl set-ntp true`.");
}

function mendOf(code: string): string | undefined {
  if (code === "CONFIG_INVALID" || code === "API_UNAUTHORIZED") return "Make a token in hPanel under Account, API, and set it as HOSTINGER_API_KEY.";
  if (code === "API_FORBIDDEN") return "Give the token access to VPS and Billing; if it has that, this machine's address is blocked for a while.";
  if (code === "API_UNREACHABLE" || code === "API_TIMEOUT") return "Check HOSTINGER_API_BASE_URL, and that this machine may connect to it (DNS, firewall, proxy).";
  return undefined;
}
