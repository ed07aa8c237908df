import { Resolver } from "node:dns/promises";
import type { HealthTarget } from "./target.ts";

/** Answers that are no failure of the DNS server, but say that the name has no address. */
const NO_ADDRESS: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name does not exist",
  ENODATA: "the name has no A record",
};

/**
 * The A record exists and holds the expected address. A resolver of its own for each attempt:
 * nothing of an earlier, negative answer is kept here (the asked server may well keep it).
 *
 * @returns all addresses of the name
 */
export async function checkDns(target: HealthTarget, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const resolver = new Resolver();
  if (target.resolver) resolver.setServers([target.resolver]);
  const onAbort = () => resolver.cancel();
  signal.addEventListener("abort", onAbort, { once: true });
  const asked = target.resolver ? ` (asked ${target.resolver})` : "";
  let addresses: string[];
  try {
    addresses = await resolver.resolve4(target.hostname);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new Error(`expected ${target.address}, got: ${NO_ADDRESS[code] ?? `no answer, ${code}`}${asked}`);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  if (!addresses.includes(target.address)) {
    throw new Error(`expected ${target.address}, got ${addresses.sort().join(", ")}${asked}`);
  }
  return addresses;
}
