import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { zoneRecords } from "../../providers/cloudflare/api.ts";
import { caaText, issuersOf } from "../../providers/cloudflare/caa.ts";
import { apiErrors } from "../../providers/cloudflare/errors.ts";
import { forbiddingCaa } from "../../providers/cloudflare/certificate-allowed.ts";
import { nameOfOtherZone } from "../../providers/cloudflare/name-in-use.ts";
import { dnsServerFrom } from "../../providers/core/dns-server.ts";
import { HttpEndpoint } from "../../providers/core/http.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { isToken } from "../../providers/core/token.ts";
import { VARIABLES } from "../config/index.ts";
import { failed, ok } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

/** They tell what zone it is where the token may not read its name. */
const RECORDS_LOOKED_AT = 50;
const TIMEOUT_MS = 8 * SECOND_MS;
const DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4";
const TOKEN_MEND = "Make a token in Cloudflare's dashboard under My Profile, API Tokens, with the permission Zone, DNS, Edit for the zone, and set it as CLOUDFLARE_API_TOKEN.";

/** The token and the zone by reading: one record, and the zone's name if the token may. */
export async function checkCloudflare({ env, signal }: CheckContext): Promise<Finding> {
  const token = env["CLOUDFLARE_API_TOKEN"]?.trim();
  const zoneId = env["CLOUDFLARE_ZONE_ID"]?.trim();
  const domain = env["VPS_DOMAIN"] || VARIABLES.domain.byDefault;
  if (!token) return failed("cloudflare", "CLOUDFLARE_API_TOKEN is missing", TOKEN_MEND);
  if (!isToken(token)) return failed("cloudflare", "CLOUDFLARE_API_TOKEN has a blank or a line break within", TOKEN_MEND);
  if (!zoneId) return failed("cloudflare", "CLOUDFLARE_ZONE_ID is missing", `Set it to the zone id of ${domain}; Cloudflare's dashboard shows it on the zone's overview.`);
  try {
    const endpoint = new HttpEndpoint({ baseUrl: env["CLOUDFLARE_BASE_URL"] || DEFAULT_BASE_URL, connections: 2, connectTimeoutMs: TIMEOUT_MS });
    const get = (path: string) => endpoint.send({ method: "GET", path: `/zones/${encodeURIComponent(zoneId)}${path}`, headers: { authorization: `Bearer ${token}` }, timeoutMs: TIMEOUT_MS, signal });
    try {
      const [records, zone] = await Promise.all([get(`/dns_records?per_page=${RECORDS_LOOKED_AT}`), get("")]);
      const zoneName = nameIn(zone.status, zone.text);
      if (records.status < 500 && !apiErrors(records.text)) return failed("cloudflare", `something that is not Cloudflare's API answers with ${records.status}`, "See what stands between this machine and CLOUDFLARE_BASE_URL (a firewall, a proxy), and https://www.cloudflarestatus.com.");
      const found = judge(records.status, zoneName, { zoneId, domain, recordNames: recordNamesIn(records.text) });
      return found.result === "ok" ? ((await certificateFault(env, { token, zoneId, domain, zoneName }, signal)) ?? found) : found;
    } finally {
      await endpoint.close();
    }
  } catch (error) {
    if (error instanceof UserVpsError) return failed("cloudflare", "CLOUDFLARE_BASE_URL is malformed", "Remove it, or set it to an address such as https://api.cloudflare.com/client/v4.");
    return failed("cloudflare", `no answer: ${messageOf(error)}`, "Check CLOUDFLARE_BASE_URL, and that this machine may connect to it (DNS, firewall, proxy).");
  }
}

/** No VPS could get a certificate. */
async function certificateFault(env: CheckContext["env"], { token, zoneId, domain, zoneName }: { token: string; zoneId: string; domain: string; zoneName: string | undefined }, signal: AbortSignal): Promise<Finding | undefined> {
  const acmeCa = env["ACME_CA"] || undefined;
  if (acmeCa !== undefined && !URL.canParse(acmeCa)) return undefined;
  const issuers = issuersOf({ acmeCa, acmeEmail: env["ACME_EMAIL"] || undefined });
  if (!issuers) return undefined;
  const zone = zoneRecords({ baseUrl: env["CLOUDFLARE_BASE_URL"] || undefined, apiToken: token, zoneId });
  try {
    const forbidden = await forbiddingCaa(zone, { hostname: domain, issuers, zoneName, resolver: dnsServerFrom(env) }, signal);
    if (forbidden.length === 0) return undefined;
    return failed("cloudflare", `${forbidden.map(caaText).join(", ")} does not allow ${issuers[0]}: no VPS could get a certificate`, `Add the record \`${forbidden[0]!.name} CAA 0 issue "${issuers[0]}"\`, or remove what forbids it.`);
  } finally {
    await zone.close();
  }
}

function judge(status: number, zoneName: string | undefined, { zoneId, domain, recordNames }: { zoneId: string; domain: string; recordNames: readonly string[] }): Finding {
  if (status === 401 || status === 403 || status === 400) return failed("cloudflare", `the token may not read the DNS records of zone ${zoneId} (${status})`, TOKEN_MEND);
  if (status === 404) return failed("cloudflare", `there is no zone ${zoneId}`, `Set CLOUDFLARE_ZONE_ID to the zone id of ${domain}; Cloudflare's dashboard shows it on the zone's overview.`);
  if (status < 200 || status > 299) return failed("cloudflare", `Cloudflare answers with ${status}`, "See https://www.cloudflarestatus.com and try again later.");
  const other = zoneName === undefined ? nameOfOtherZone(domain, recordNames) : undefined;
  if (other !== undefined) return failed("cloudflare", `zone ${zoneId} holds ${other}, but VPS_DOMAIN is ${domain}`, `Set CLOUDFLARE_ZONE_ID to the zone of ${domain}, or VPS_DOMAIN to a name of the zone.`);
  if (zoneName === undefined) return ok("cloudflare", "the token reads the zone's records; it may not read the zone's name");
  if (domain === zoneName || domain.endsWith(`.${zoneName}`)) return ok("cloudflare", `the token reads the records of ${zoneName}`);
  return failed("cloudflare", `zone ${zoneId} is ${zoneName}, but VPS_DOMAIN is ${domain}`, `Set CLOUDFLARE_ZONE_ID to the zone of ${domain}, or VPS_DOMAIN to a name under ${zoneName}.`);
}

function recordNamesIn(text: string): string[] {
  try {
    const { result } = JSON.parse(text) as { result?: unknown };
    return Array.isArray(result) ? result.flatMap(({ name }: { name?: unknown }) => (typeof name === "string" ? [name] : [])) : [];
  } catch {
    return [];
  }
}

function nameIn(status: number, text: string): string | undefined {
  if (status !== 200) return undefined;
  try {
    const { result } = JSON.parse(text) as { result?: { name?: unknown } };
    return typeof result?.name === "string" ? result.name : undefined;
  } catch {
    return undefined;
  }
}
