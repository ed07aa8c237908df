import type { Answer, RecordType, SoaAnswer, StringAnswer } from "dns-packet";
import { PROXY_ADDRESS } from "../loopback.ts";
import type { DnsRecord } from "../model.ts";
import type { World } from "../world.ts";

/** Cloudflare's time to live, in seconds, of a record whose ttl is 1 (`automatic`). */
const AUTOMATIC_TTL_SECONDS = 300;
const MAX_CNAME_STEPS = 8;

export interface ZoneAnswer {
  rcode: "NOERROR" | "NXDOMAIN" | "REFUSED";
  answers: Answer[];
  authorities: Answer[];
}

export function isInZone(world: World, name: string): boolean {
  return name === world.zoneName || name.endsWith(`.${world.zoneName}`);
}

/** What an authoritative server of the zone answers: the records, or who says that there are none. */
export function lookUp(world: World, question: { name: string; type: RecordType }): ZoneAnswer {
  const name = question.name.toLowerCase();
  if (!isInZone(world, name)) return { rcode: "REFUSED", answers: [], authorities: [] };
  const answers: Answer[] = [];
  let current = name;
  for (let step = 0; step < MAX_CNAME_STEPS; step += 1) {
    const found = answersAt(world, current, question.type);
    answers.push(...found);
    const alias = found.length > 0 ? undefined : recordsAt(world, current).find((record) => record.type === "CNAME");
    if (alias === undefined) break;
    answers.push({ type: "CNAME", name: current, ttl: ttlOf(alias), data: alias.content });
    current = alias.content.toLowerCase();
  }
  if (answers.length > 0) return { rcode: "NOERROR", answers, authorities: [] };
  const exists = name === world.zoneName || world.state.records.some((one) => one.name === name || one.name.endsWith(`.${name}`));
  return { rcode: exists ? "NOERROR" : "NXDOMAIN", answers, authorities: [soaOf(world)] };
}

/** The IPv4 address that a name of the zone leads to, if any. */
export function resolveAddress(world: World, name: string): string | undefined {
  const { answers } = lookUp(world, { name, type: "A" });
  return answers.find((answer): answer is StringAnswer => answer.type === "A")?.data;
}

function recordsAt(world: World, name: string): DnsRecord[] {
  return world.state.records.filter((record) => record.name === name);
}

function answersAt(world: World, name: string, type: RecordType): Answer[] {
  const apex = name === world.zoneName;
  const own: Answer[] = apex ? [soaOf(world), ...nameServersOf(world)] : [];
  const stored = recordsAt(world, name).map(answerOf).filter((answer) => answer !== undefined);
  return [...own, ...stored].filter((answer) => answer.type === type);
}

function answerOf(record: DnsRecord): Answer | undefined {
  const { name } = record;
  const ttl = ttlOf(record);
  // A proxied record shows Cloudflare's own address, whatever it holds.
  if (record.proxied) return { type: "A", name, ttl, data: PROXY_ADDRESS };
  if (record.type === "A" || record.type === "AAAA" || record.type === "CNAME") {
    return { type: record.type, name, ttl, data: record.content };
  }
  if (record.type === "TXT") return { type: "TXT", name, ttl, data: record.content.replace(/^"|"$/g, "") };
  if (record.type === "MX") {
    return { type: "MX", name, ttl, data: { preference: record.priority ?? 10, exchange: record.content } };
  }
  return undefined;
}

function ttlOf(record: DnsRecord): number {
  return record.ttl === 1 ? AUTOMATIC_TTL_SECONDS : record.ttl;
}

function nameServersOf(world: World): Answer[] {
  return ["ns1", "ns2"].map((host) => ({ type: "NS", name: world.zoneName, ttl: 86_400, data: `${host}.${world.zoneName}` }));
}

/** Its `minimum` says how long, in seconds, a resolver may remember that there is no record. */
function soaOf(world: World): SoaAnswer {
  return {
    type: "SOA",
    name: world.zoneName,
    ttl: 60,
    data: {
      mname: `ns1.${world.zoneName}`,
      rname: `dns.${world.zoneName}`,
      serial: world.state.zoneSerial,
      refresh: 10_000,
      retry: 2_400,
      expire: 604_800,
      minimum: 60,
    },
  };
}
