import { BlockList, isIP } from "node:net";

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
