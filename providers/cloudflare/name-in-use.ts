/** Whether a host name is free in a zone, asked before anything is bought for it. */
import { z } from "zod";
import { UserVpsError } from "../core/errors.ts";
import { HttpEndpoint, HttpFailure } from "../core/http.ts";
import { jsonOrUndefined } from "../core/json.ts";
import { SECOND_MS } from "../core/time.ts";
import { CLOUDFLARE_BASE_URL, cloudflareHeaders, zoneRecords } from "./api.ts";
import type { CloudflareAccess, ZoneRecord, ZoneRecords } from "./api.ts";
import { refuseForbiddenCertificate } from "./certificate-allowed.ts";
import type { WantedCertificate } from "./certificate-allowed.ts";

/** What may stand beside a VPS's address: notes and permissions, by which nobody is led anywhere. */
const HARMLESS: ReadonlySet<string> = new Set(["TXT", "CAA"]);
/** A zone has a name of at least two labels, and all of its records end in it. */
const LEAST_COMMON_LABELS = 2;
const TIMEOUT_MS = 15 * SECOND_MS;

export interface WantedName {
  readonly hostname: string;
  /** Of the VM that the name is for, if it is there already: A records of these are its own. */
  readonly ownAddresses: readonly string[];
  /** By whom the name is to be certified; undefined: it is not, or nobody knows how CAA records name them. */
  readonly certificate?: Pick<WantedCertificate, "issuers" | "resolver"> | undefined;
}

/**
 * Errors: NAME_IN_USE if the zone holds a record of the name that is somebody else's;
 * CONFIG_INVALID if the name is not of the zone; CERTIFICATE_FORBIDDEN; API_*.
 */
export async function refuseNameInUse(access: CloudflareAccess, { hostname, ownAddresses, certificate }: WantedName, signal: AbortSignal): Promise<void> {
  const zone = zoneRecords(access);
  try {
    const zoneName = readZoneName(access, signal);
    const isCertified = async () => certificate && refuseForbiddenCertificate(zone, { hostname, ...certificate, zoneName: await zoneName }, signal);
    const [records] = await Promise.all([zone.list({ name: hostname }, signal), zoneName.then((name) => refuseOtherZone(access, zone, name, hostname, signal)), isCertified()]);
    const foreign = records.filter(({ name, type, content }) => name.toLowerCase() === hostname && !HARMLESS.has(type) && !(type === "A" && ownAddresses.includes(content)));
    if (foreign.length === 0) return;
    throw new UserVpsError("NAME_IN_USE", `The name ${hostname} is in use already: the zone holds ${foreign.map(told).join(", ")}.`, {
      next: "Choose another name; or remove the record from the zone, if nobody needs it, and try again. Nothing was bought.",
    });
  } finally {
    await zone.close();
  }
}

function told({ type, content, id }: ZoneRecord): string {
  return `${type} ${content} (record ${id})`;
}

/** A record of another zone's domain would be made as `alice.spoq.dev.other.dev`. */
async function refuseOtherZone(access: CloudflareAccess, zone: ZoneRecords, zoneName: string | undefined, hostname: string, signal: AbortSignal): Promise<void> {
  const other = zoneName === undefined ? nameOfOtherZone(hostname, (await zone.read({}, signal)).records.map(({ name }) => name)) : zoneName;
  if (other === undefined || hostname.endsWith(`.${other}`)) return;
  throw new UserVpsError("CONFIG_INVALID", `${hostname} is not a name of the zone ${access.zoneId}, which ${zoneName === undefined ? `holds ${other}` : `is ${zoneName}`}.`, {
    next: "Set zoneId (CLOUDFLARE_ZONE_ID) to the zone of the domain, or domain (VPS_DOMAIN) to a name of the zone. Nothing was bought.",
  });
}

/** A record that cannot be of one zone with the host name, where the token may not read what the zone is called. */
export function nameOfOtherZone(hostname: string, names: readonly string[]): string | undefined {
  return names.find((name) => commonLabels(hostname, name.toLowerCase()) < LEAST_COMMON_LABELS);
}

function commonLabels(a: string, b: string): number {
  const [left, right] = [a.split(".").reverse(), b.split(".").reverse()];
  const differing = left.findIndex((label, index) => label !== right[index]);
  return differing === -1 ? left.length : differing;
}

const zoneSchema = z.object({ result: z.object({ name: z.string().min(1) }) });

/** `GET /zones/{zone}`; undefined where the token may not. */
async function readZoneName({ baseUrl = CLOUDFLARE_BASE_URL, apiToken, zoneId }: CloudflareAccess, signal: AbortSignal): Promise<string | undefined> {
  const headers = cloudflareHeaders(apiToken);
  const endpoint = new HttpEndpoint({ baseUrl, connections: 1, connectTimeoutMs: 10 * SECOND_MS });
  try {
    const { status, text } = await endpoint.send({ method: "GET", path: `/zones/${encodeURIComponent(zoneId)}`, headers, timeoutMs: TIMEOUT_MS, signal });
    return status === 200 ? zoneSchema.safeParse(jsonOrUndefined(text)).data?.result.name.toLowerCase() : undefined;
  } catch (error) {
    // It is the better one of two ways to tell.
    if (error instanceof HttpFailure) return undefined;
    throw error;
  } finally {
    await endpoint.close();
  }
}
