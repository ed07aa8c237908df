import type { DnsRecord } from "../model.ts";
import type { World } from "../world.ts";
import { CloudflareError } from "./error.ts";

const QUOTED = new Set(["TXT"]);
const HOSTS = new Set(["CNAME", "NS", "MX", "PTR"]);

/** The zone in BIND's format, as Cloudflare exports it. */
export function zoneFile(world: World): string {
  const lines = world.state.records.map((record) => [`${record.name}.`, record.ttl, "IN", record.type, dataOf(record)].join("\t"));
  return [`;; Domain: ${world.zoneName}.`, `;; Exported: ${world.now()}`, "", ...lines, ""].join("\n");
}

function dataOf({ type, content, priority }: DnsRecord): string {
  const data = HOSTS.has(type) ? `${content.replace(/\.$/, "")}.` : QUOTED.has(type) && !content.startsWith('"') ? JSON.stringify(content) : content;
  return priority === undefined ? data : `${priority} ${data}`;
}

/** Record inputs from BIND's format: one record a line, `name [ttl] [IN] type data`; $ORIGIN and $TTL are understood. */
export function parseZoneFile(text: string, zoneName: string): Record<string, unknown>[] {
  let origin = zoneName;
  let ttl = 1;
  let last = zoneName;
  const records: Record<string, unknown>[] = [];
  for (const line of text.split(/\r?\n/)) {
    const bare = line.replace(/;(?=(?:[^"]*"[^"]*")*[^"]*$).*$/, "").trimEnd();
    if (bare.trim() === "") continue;
    const directive = /^\$(ORIGIN|TTL)\s+(\S+)/i.exec(bare);
    if (directive) {
      if (directive[1]?.toUpperCase() === "TTL") ttl = Number(directive[2]);
      else origin = (directive[2] ?? "").replace(/\.$/, "");
      continue;
    }
    const match = /^(\S+)?\s+(?:(\d+)\s+)?(?:IN\s+)?([A-Z]+)\s+(.+)$/i.exec(bare);
    const [, name, ownTtl, type = "", data = ""] = match ?? [];
    if (!match) throw new CloudflareError(400, 9207, `Request body is invalid: the line "${bare.slice(0, 80)}" is no record.`);
    last = name === undefined ? last : fullName(name, origin);
    if (type.toUpperCase() === "SOA") continue;
    records.push({ name: last, type: type.toUpperCase(), ttl: Number(ownTtl ?? ttl), ...valueOf(type.toUpperCase(), data.trim(), origin) });
  }
  return records;
}

function valueOf(type: string, data: string, origin: string): Record<string, unknown> {
  const priority = type === "MX" ? /^(\d+)\s+(\S+)$/.exec(data) : null;
  if (priority) return { priority: Number(priority[1]), content: fullName(priority[2] ?? "", origin) };
  return { content: HOSTS.has(type) ? fullName(data, origin) : data };
}

function fullName(name: string, origin: string): string {
  if (name === "@") return origin;
  return name.endsWith(".") ? name.slice(0, -1) : `${name}.${origin}`;
}
