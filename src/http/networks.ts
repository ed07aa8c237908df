import { BlockList, isIP } from "node:net";
import { addressIn } from "./forwarded.ts";

/** Whether the address is one of these, or in one of these networks (`10.0.0.0/8`). */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [start = "", prefix] = network.split("/");
    const family = isIP(start) === 4 ? "ipv4" : "ipv6";
    list.addSubnet(start, Number(prefix ?? (family === "ipv4" ? 32 : 128)), family);
  }
  // An IPv4 client of an IPv6 socket comes as ::ffff:a.b.c.d.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 4 ? "ipv4" : "ipv6");
}

/**
 * Whom an address counts as: an IPv4 address as itself, however it is written; an IPv6 address as its network of 64 bits,
 * of which a provider gives everybody at least one.
 */
export function networkOf(ip: string): string {
  const address = addressIn(ip) ?? ip;
  if (isIP(address) !== 6) return address;
  const [before = "", after = ""] = address.split("::");
  const [head, tail] = [groupsOf(before), groupsOf(after)];
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
