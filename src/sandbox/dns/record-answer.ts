import type { Answer } from "dns-packet";
import { PROXY_ADDRESS } from "../loopback.ts";
import type { DnsRecord } from "../model.ts";

/** Cloudflare's time to live, in seconds, of a record whose ttl is 1 (`automatic`). */
const AUTOMATIC_TTL_SECONDS = 300;
/** RFC 1035, 3.3: a character string has a length of one byte. */
const MAX_STRING_BYTES = 255;

/** A record as it is answered for a name: its own, or one that its wildcard stands for. undefined: of a type that is not served. */
export function answerOf(record: DnsRecord, name: string): Answer | undefined {
  const ttl = record.ttl === 1 ? AUTOMATIC_TTL_SECONDS : record.ttl;
  const { content, data } = record;
  // A proxied record shows Cloudflare's own address, whatever it holds.
  if (record.proxied) return { type: "A", name, ttl, data: PROXY_ADDRESS };
  switch (record.type) {
    case "A":
    case "AAAA":
      return { type: record.type, name, ttl, data: content };
    case "CNAME":
    case "NS":
    case "PTR":
      return { type: record.type, name, ttl, data: withoutDot(content) };
    case "TXT":
      return { type: "TXT", name, ttl, data: stringsOf(content) };
    case "MX":
      return { type: "MX", name, ttl, data: { preference: record.priority ?? 10, exchange: withoutDot(content) } };
    case "SRV":
      return { type: "SRV", name, ttl, data: { priority: Number(data?.["priority"]), weight: Number(data?.["weight"]), port: Number(data?.["port"]), target: withoutDot(String(data?.["target"])) } };
    case "CAA":
      return { type: "CAA", name, ttl, data: { flags: Number(data?.["flags"]), tag: String(data?.["tag"]) as "issue", value: String(data?.["value"]) } };
    default:
      return undefined;
  }
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, "");
}

/** `"one" "two"` are two strings; each is cut where one would be too long. */
function stringsOf(content: string): Buffer[] {
  const quoted = content.match(/"(?:[^"\\]|\\.)*"/g);
  const texts = quoted === null ? [content] : quoted.map((text) => text.slice(1, -1).replace(/\\(.)/g, "$1"));
  return texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const count = Math.max(1, Math.ceil(bytes.length / MAX_STRING_BYTES));
    return Array.from({ length: count }, (_one, at) => bytes.subarray(at * MAX_STRING_BYTES, (at + 1) * MAX_STRING_BYTES));
  });
}
