import { isIPv4, isIPv6 } from "node:net";
import type { DnsRecord } from "../model.ts";
import type { World } from "../world.ts";
import { CloudflareError, invalidRecord } from "./error.ts";
import { readData } from "./record-data.ts";

const TYPES = ["A", "AAAA", "CAA", "CNAME", "HTTPS", "MX", "NS", "PTR", "SRV", "SVCB", "TXT"];
const PROXIABLE = new Set(["A", "AAAA", "CNAME"]);
const AUTOMATIC_TTL = 1;
const MIN_TTL_SECONDS = 60;
const MAX_TTL_SECONDS = 86_400;
const LABEL = /^(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)$/;

export type RecordFields = Omit<DnsRecord, "id" | "createdOn" | "modifiedOn">;

export function isProxiable(type: string): boolean {
  return PROXIABLE.has(type);
}

/** Reads a record from a request; `before` gives the fields that a PATCH leaves out. Throws what is wrong. */
export function readRecord(body: unknown, world: World, before?: DnsRecord): RecordFields {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new CloudflareError(400, 9207, "Request body is invalid.");
  }
  const given = body as Record<string, unknown>;
  const type = text(given["type"] ?? before?.type);
  const name = fullName(text(given["name"] ?? before?.name), world.zoneName);
  const read = readData(type, given["data"] ?? (given["content"] === undefined ? before?.data : undefined), text(given["content"] ?? before?.content).trim());
  const content = read?.content ?? text(given["content"] ?? before?.content).trim();
  const proxied = (given["proxied"] ?? before?.proxied ?? false) === true;
  const ttl = Number(given["ttl"] ?? before?.ttl ?? AUTOMATIC_TTL);
  if (!TYPES.includes(type)) throw invalidRecord(9004, `Invalid type "${type}" for a DNS record.`);
  if (name.length > 253 || !name.split(".").every((label) => LABEL.test(label))) {
    throw invalidRecord(9000, "DNS name is invalid.");
  }
  checkContent(type, content);
  if (!Number.isInteger(ttl) || (ttl !== AUTOMATIC_TTL && (ttl < MIN_TTL_SECONDS || ttl > MAX_TTL_SECONDS))) {
    throw invalidRecord(9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.");
  }
  if (proxied && !isProxiable(type)) throw invalidRecord(9041, "This DNS record cannot be proxied.");
  const priority = read === undefined ? (given["priority"] ?? before?.priority) : read.priority;
  return {
    name, type, content, proxied,
    ttl: proxied ? AUTOMATIC_TTL : ttl,
    ...(typeof priority === "number" ? { priority } : {}),
    ...(read === undefined ? {} : { data: read.data }),
    settings: (given["settings"] ?? before?.settings ?? {}) as Record<string, unknown>,
    comment: (given["comment"] === undefined ? (before?.comment ?? null) : given["comment"]) as string | null,
    tags: (given["tags"] ?? before?.tags ?? []) as string[],
  };
}

/** Refuses what Cloudflare refuses beside records that are already there. */
export function checkConflicts(fields: RecordFields, sameName: readonly DnsRecord[]): void {
  if (sameName.some((record) => record.type === fields.type && record.content === fields.content)) {
    throw new CloudflareError(400, 81058, "An identical record already exists.");
  }
  const isHost = (type: string) => PROXIABLE.has(type);
  const clash = sameName.some((other) => isHost(other.type) && (other.type === "CNAME" || fields.type === "CNAME"));
  if (clash && isHost(fields.type)) {
    throw new CloudflareError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.");
  }
}

/** `alice`, `alice.spoq.dev` and `@` are all taken; a name outside the zone gets the zone appended. */
function fullName(name: string, domain: string): string {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (lower === "@" || lower === domain) return domain;
  if (lower === "") throw invalidRecord(9000, "DNS name is invalid.");
  return lower.endsWith(`.${domain}`) ? lower : `${lower}.${domain}`;
}

function checkContent(type: string, content: string): void {
  if (type === "A" && !isIPv4(content)) throw invalidRecord(9005, "Content for A record must be a valid IPv4 address.");
  if (type === "AAAA" && !isIPv6(content)) throw invalidRecord(9006, "Content for AAAA record must be a valid IPv6 address.");
  if (content === "") throw invalidRecord(9009, `Content for ${type} record must not be empty.`);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
