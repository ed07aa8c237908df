/**
 * Who a request comes from, as its proxies tell it: `X-Forwarded-For` in all the forms that are in
 * use (with a port, in brackets, with a zone), and `Forwarded` (RFC 7239). Fastify reads the first
 * of these alone, and only bare addresses; whether a proxy is believed is decided there.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

interface Hop {
  readonly for?: string;
  readonly proto?: string;
  readonly host?: string;
}

/**
 * Writes the headers as fastify understands them. With both headers there, `X-Forwarded-For` counts:
 * a proxy that speaks the one does not take the other away from a client.
 */
export function normaliseForwarded({ headers }: Pick<IncomingMessage, "headers">): void {
  if (headers["x-forwarded-for"] !== undefined) {
    setAddresses(headers, [headers["x-forwarded-for"]].flat().join(",").split(",").filter((entry) => entry.trim() !== ""));
    return;
  }
  if (headers.forwarded === undefined) return;
  const hops = parseForwarded(headers.forwarded);
  setAddresses(headers, hops.map((hop) => hop.for ?? ""));
  const last = hops.at(-1);
  if (last?.proto && /^https?$/i.test(last.proto)) headers["x-forwarded-proto"] ??= last.proto.toLowerCase();
  if (last?.host) headers["x-forwarded-host"] ??= last.host;
}

/** What stands before an entry that is no address was told by somebody unknown, so it is left out with it. */
function setAddresses(headers: IncomingMessage["headers"], entries: readonly string[]): void {
  const addresses = entries.map(addressIn);
  const known = addresses.slice(addresses.lastIndexOf(undefined) + 1);
  if (known.length > 0) headers["x-forwarded-for"] = known.join(", ");
  else delete headers["x-forwarded-for"];
}

/** `1.2.3.4:51008`, `"[2001:db8::1]:51008"`, `fe80::1%eth0`, `::ffff:1.2.3.4` -> the address alone, however it was written; undefined for what is none. */
export function addressIn(entry: string): string | undefined {
  const text = entry.trim().replace(/^"(.*)"$/, "$1").trim();
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+)(?::\d{1,5})?)$/.exec(text) ?? [];
  const address = (bracketed ?? plain ?? text).replace(/%[^%]*$/, "");
  const version = isIP(address);
  return version === 6 ? shortest(address) : version === 4 ? address : undefined;
}

/** An IPv6 address has many spellings, and is to be one client; an IPv4 address within one is that. */
function shortest(ipv6: string): string {
  const text = new URL(`http://[${ipv6}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  return [high, low].map((half) => Number.parseInt(half, 16)).flatMap((half) => [half >> 8, half & 255]).join(".");
}

/** One that does not end goes on to the end of the text, so that a header of quotes is gone through once. */
const QUOTED = String.raw`"(?:[^"\\]|\\.)*(?:"|\\?$)`;
const ELEMENT = new RegExp(`(?:${QUOTED}|[^,"])+`, "g");
const PAIR = new RegExp(`(?:${QUOTED}|[^;"])+`, "g");

/** Elements with commas between, each of pairs with semicolons between; a value is a token or a quoted text. */
function parseForwarded(header: string): Hop[] {
  const elements = header.match(ELEMENT) ?? [];
  return elements.map((element) => {
    const pairs = element.match(PAIR) ?? [];
    return Object.fromEntries(pairs.map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      return [name.trim().toLowerCase(), rest.join("=").trim().replace(/^"(.*)"$/, "$1").replaceAll(/\\(.)/g, "$1")];
    }));
  });
}
