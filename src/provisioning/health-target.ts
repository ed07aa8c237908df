import { readTrust } from "../../providers/health/target.ts";
import type { HealthTarget } from "../../providers/health/target.ts";
import type { Settings } from "../config/index.ts";

/** What a VPS of this service is probed by, as the stack's own HealthCheck does (stacks/user-vps.ts): all but whose it is. */
export async function healthTarget({ healthPort, dnsResolver, caFile }: Pick<Settings, "healthPort" | "dnsResolver" | "caFile">): Promise<Omit<HealthTarget, "hostname" | "address">> {
  return { port: healthPort, path: "/health", expectedStatus: 200, resolver: dnsResolver, trust: caFile ? await readTrust(caFile) : undefined };
}
