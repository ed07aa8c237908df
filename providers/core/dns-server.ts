/** The one rule of how a DNS server is named: `1.1.1.1`, `1.1.1.1:53`, `::1`, `[::1]:53`. */
import { isIPv4, isIPv6 } from "node:net";
import { UserVpsError } from "./errors.ts";

const LARGEST_PORT = 65_535;

/** Node takes a port beyond the largest for another one, and is ended by port 0. */
export function isDnsServer(text: string): boolean {
  if (isIPv4(text) || isIPv6(text)) return true;
  const [, bracketed, bare = "", port] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isAddress = bracketed === undefined ? isIPv4(bare) : isIPv6(bracketed);
  return isAddress && (port === undefined || (Number(port) >= 1 && Number(port) <= LARGEST_PORT));
}

/** What USER_VPS_DNS_RESOLVER names; undefined: the system's. Errors: CONFIG_INVALID. */
export function dnsServerFrom(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const server = env["USER_VPS_DNS_RESOLVER"] || undefined;
  if (server === undefined || isDnsServer(server)) return server;
  throw new UserVpsError("CONFIG_INVALID", "USER_VPS_DNS_RESOLVER: expected the address of a DNS server, with or without its port, for example 1.1.1.1:53.");
}
