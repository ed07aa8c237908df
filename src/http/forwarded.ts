/**
 * Who a request comes from, as its proxies tell it: `X-Forwarded-For` in all the forms that are in
 * use (with a port, in brackets, with a zone), or `Forwarded` (RFC 7239). Fastify reads the first
 * of these alone, and only bare addresses; whether a proxy is believed is decided there.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Settings } from "../config/settings.ts";

interface Hop {
  readonly for?: string;
  readonly proto?: string;
  readonly host?: string;
}

/** Whom nobody knows, in RFC 7239's word: an address in no network. */
const UNKNOWN = "unknown";

/**
 * Writes the headers as fastify understands them, from the one that the proxies write. A proxy that speaks the one does not
 * take the other away from a client, so that one is gone before anything reads it.
 */
export function normaliseForwarded({ headers }: Pick<IncomingMessage, "headers">, written: Settings["trustProxyHeader"]): void {
  const { forwarded = "", "x-forwarded-for": addresses = "" } = headers;
  if (written === "x-forwarded-for") {
    delete headers.forwarded;
    setAddresses(headers, [addresses].flat().join(",").split(",").filter(isWritten));
    return;
  }
  for (const name of ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]) delete headers[name];
  const hops = parseForwarded(forwarded);
  setAddresses(headers, hops.map((hop) => hop.for ?? UNKNOWN));
  const last = hops.at(-1);
  if (last?.proto && /^https?$/i.test(last.proto)) headers["x-forwarded-proto"] = last.proto.toLowerCase();
  if (last?.host) headers["x-forwarded-host"] = last.host;
}

/** An entry that is no address is somebody unknown, and what stands before it was told by them, so it is left out. */
function setAddresses(headers: IncomingMessage["headers"], entries: readonly string[]): void {
  const addresses = entries.map((entry) => addressIn(entry) ?? UNKNOWN);
  const told = addresses.slice(Math.max(0, addresses.lastIndexOf(UNKNOWN)));
  if (told.length > 0) headers["x-forwarded-for"] = told.join(", ");
  else delete headers["x-forwarded-for"];
}

function isWritten(entry: string): boolean {
  return entry.trim() !== "";
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

/*
 * Forwarded is read from its end, where the nearest proxy has written. Else a quote that a client leaves open would take in what
 * a proxy wrote behind it, and what the client wrote would count: `for=127.0.0.1;x="` + `, for=192.0.2.1`.
 * One that does not end goes on to the end of the text, so that a header of quotes is gone through once.
 */
const QUOTED_MIRRORED = String.raw`"(?:[^"]|"\\)*(?:"|$)`;
const ELEMENT_MIRRORED = new RegExp(`(?:${QUOTED_MIRRORED}|[^,"])+`, "g");
const PAIR_MIRRORED = new RegExp(`(?:${QUOTED_MIRRORED}|[^;"])+`, "g");

/** Elements with commas between, each of pairs with semicolons between; a value is a token or a quoted text. */
function parseForwarded(header: string): Hop[] {
  return partsOf(header, ELEMENT_MIRRORED).filter(isWritten).map((element) => {
    const pairs = partsOf(element, PAIR_MIRRORED);
    return Object.fromEntries(pairs.map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      return [name.trim().toLowerCase(), rest.join("=").trim().replace(/^"(.*)"$/, "$1").replaceAll(/\\(.)/g, "$1")];
    }));
  });
}

function partsOf(text: string, mirroredPart: RegExp): string[] {
  return (mirrored(text).match(mirroredPart) ?? []).map(mirrored).reverse();
}

function mirrored(text: string): string {
  return [...text].reverse().join("");
}
