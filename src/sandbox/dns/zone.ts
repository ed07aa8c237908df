import type { Answer, SoaAnswer, StringAnswer } from "dns-packet";
import type { DnsRecord } from "../model.ts";
import type { World } from "../world.ts";
import { answerOf } from "./record-answer.ts";

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
export function lookUp(world: World, question: { name: string; type: string }): ZoneAnswer {
  const name = question.name.toLowerCase();
  if (!isInZone(world, name)) return { rcode: "REFUSED", answers: [], authorities: [] };
  const answers: Answer[] = [];
  let current = name;
  for (let step = 0; step < MAX_CNAME_STEPS && isInZone(world, current); step += 1) {
    const found = answersAt(world, current, question.type);
    answers.push(...found);
    if (found.length > 0) return { rcode: "NOERROR", answers, authorities: [] };
    const alias = answersAt(world, current, "CNAME")[0] as StringAnswer | undefined;
    if (alias === undefined) {
      // RFC 2308: of the name at the end of the aliases.
      return { rcode: doesExist(world, current) || sourceOf(world, current).length > 0 ? "NOERROR" : "NXDOMAIN", answers, authorities: [soaOf(world)] };
    }
    answers.push(alias);
    current = alias.data.toLowerCase();
  }
  return { rcode: "NOERROR", answers, authorities: [] };
}

/** The IPv4 address that a name of the zone leads to, if any. */
export function resolveAddress(world: World, name: string): string | undefined {
  const { answers } = lookUp(world, { name, type: "A" });
  return answers.find((answer): answer is StringAnswer => answer.type === "A")?.data;
}

function answersAt(world: World, name: string, type: string): Answer[] {
  const own: Answer[] = name === world.zoneName ? [soaOf(world), ...nameServersOf(world)] : [];
  const stored = sourceOf(world, name).map((record) => answerOf(record, name)).filter((answer) => answer !== undefined);
  const all = [...own, ...stored];
  // RFC 8482: ANY gets a hint that nobody should ask it, and only where there is something.
  if (type === "ANY") return all.length === 0 ? [] : [{ type: "HINFO", name, ttl: 3_789, data: { cpu: "RFC8482", os: "" } }];
  return all.filter((answer) => answer.type === type);
}

/** The records of a name; of one that does not exist, those of the wildcard below its closest encloser (RFC 4592). */
function sourceOf(world: World, name: string): readonly DnsRecord[] {
  const own = world.recordsAt(name);
  if (own.length > 0 || doesExist(world, name)) return own;
  const labels = name.split(".");
  for (let depth = 1; depth < labels.length; depth += 1) {
    const encloser = labels.slice(depth).join(".");
    if (!isInZone(world, encloser)) return [];
    if (doesExist(world, encloser)) return world.recordsAt(`*.${encloser}`);
  }
  return [];
}

/** Also a name between others that has no record of its own. */
function doesExist(world: World, name: string): boolean {
  return name === world.zoneName || world.recordsAt(name).length > 0 || world.hasRecordBelow(name);
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
