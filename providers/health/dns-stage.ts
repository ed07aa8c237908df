import { Resolver } from "node:dns/promises";
import type { HealthTarget } from "./target.ts";

/** Answers that are no failure of the DNS server, but say that the name has no such record. */
const NO_RECORD: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name does not exist",
  ENODATA: "the name has no A record",
};

/**
 * The name leads to the declared address and nowhere else: that is its one A record, and it has no
 * AAAA record, because none is declared and whoever prefers IPv6 would follow a stale one. A
 * resolver of its own for each attempt: nothing of an earlier, negative answer is kept here (the
 * asked server may well keep it).
 *
 * @param shared takes the place of that: its sockets serve many names
 * @returns all addresses of the name
 */
export async function checkDns(target: HealthTarget, signal: AbortSignal, shared?: Resolver): Promise<string[]> {
  signal.throwIfAborted();
  const { hostname, address } = target;
  const resolver = shared ?? createResolver(target);
  // Others ask a shared one: it goes on.
  const onAbort = () => { if (!shared) resolver.cancel(); };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const [v4, v6] = await Promise.all([answerOf(resolver.resolve4(hostname)), answerOf(resolver.resolve6(hostname))]);
    const fault = faultOfA(v4, address) ?? faultOfAaaa(v6);
    if (fault !== undefined) throw new Error(target.resolver ? `${fault} (asked ${target.resolver})` : fault);
    return v4.addresses;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

export function createResolver({ resolver: server }: Pick<HealthTarget, "resolver">): Resolver {
  const resolver = new Resolver();
  if (server) resolver.setServers([server]);
  return resolver;
}

interface Answer {
  readonly addresses: string[];
  /** Why there are none, as the resolver's code. */
  readonly code?: string;
}

async function answerOf(answer: Promise<string[]>): Promise<Answer> {
  try {
    return { addresses: (await answer).sort() };
  } catch (error) {
    return { addresses: [], code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
  }
}

function faultOfA({ addresses, code }: Answer, address: string): string | undefined {
  if (code !== undefined) return `expected ${address}, got: ${NO_RECORD[code] ?? `no answer, ${code}`}`;
  if (addresses.length === 1 && addresses[0] === address) return undefined;
  return `expected ${addresses.includes(address) ? "only " : ""}${address}, got ${addresses.join(", ")}`;
}

function faultOfAaaa({ addresses, code }: Answer): string | undefined {
  if (addresses.length > 0) return `expected no AAAA record, got ${addresses.join(", ")}`;
  return code === undefined || code in NO_RECORD ? undefined : `expected no AAAA record, got: no answer, ${code}`;
}
