/** Whether a certificate could be made for a host name, asked before anything is bought for it. */
import { Resolver } from "node:dns/promises";
import { UserVpsError } from "../core/errors.ts";
import { SECOND_MS } from "../core/time.ts";
import type { ZoneRecords } from "./api.ts";
import { caaText, climb, forbidding, parseCaa, relevantSet } from "./caa.ts";
import type { CaaRecord } from "./caa.ts";

const RESOLVER_TIMEOUT_MS = 2 * SECOND_MS;

export interface WantedCertificate {
  readonly hostname: string;
  /** As CAA records name them; any will do. */
  readonly issuers: readonly string[];
  /** undefined: not known, and nobody above the zone is asked. */
  readonly zoneName: string | undefined;
  /** Address of a DNS server; undefined: the machine's. */
  readonly resolver?: string | undefined;
}

/**
 * The zone's own records come by its API: who asked DNS for a name that is not there yet would have it answered so for
 * minutes. Names above the zone are asked for by DNS, as far as it answers.
 *
 * @returns the records that forbid it; empty: it may be made
 */
export async function forbiddingCaa(zone: Pick<ZoneRecords, "list">, { hostname, issuers, zoneName, resolver }: WantedCertificate, signal: AbortSignal): Promise<readonly CaaRecord[]> {
  const records = (await zone.list({ type: "CAA" }, signal)).flatMap(({ name, content }) => parseCaa(name, content) ?? []);
  const own = relevantSet(hostname, records);
  return forbidding(own.length > 0 ? own : await setAbove(zoneName, resolver), issuers);
}

/** Errors: CERTIFICATE_FORBIDDEN with the records named; API_*. */
export async function refuseForbiddenCertificate(zone: Pick<ZoneRecords, "list">, wanted: WantedCertificate, signal: AbortSignal): Promise<void> {
  const forbidden = await forbiddingCaa(zone, wanted, signal);
  if (forbidden.length === 0) return;
  throw new UserVpsError("CERTIFICATE_FORBIDDEN", `No certificate could be made for ${wanted.hostname}: ${forbidden.map(caaText).join(", ")} does not allow ${wanted.issuers[0]}.`, {
    next: `Add the record \`${forbidden[0]!.name} CAA 0 issue "${wanted.issuers[0]}"\`, or remove what forbids it. Nothing was bought.`,
  });
}

async function setAbove(zoneName: string | undefined, resolver: string | undefined): Promise<readonly CaaRecord[]> {
  const dns = new Resolver({ timeout: RESOLVER_TIMEOUT_MS, tries: 1 });
  if (resolver) dns.setServers([resolver]);
  for (const name of zoneName === undefined ? [] : climb(zoneName).slice(1)) {
    // Without an answer nothing is known to forbid it.
    const answers = await dns.resolveCaa(name).catch(() => []);
    const set = answers.flatMap(({ critical, ...property }) => Object.entries(property).filter(([tag]) => tag !== "type").map(([tag, value]) => ({ name, flags: critical, tag: tag.toLowerCase(), value: String(value) })));
    if (set.length > 0) return set;
  }
  return [];
}
