import { issuersOf } from "../cloudflare/caa.ts";
import { refuseNameInUse } from "../cloudflare/name-in-use.ts";
import { dnsServerFrom } from "../core/dns-server.ts";
import { UserVpsError } from "../core/errors.ts";
import type { VirtualMachine } from "./api/client.ts";
import type { Session } from "./session.ts";
import { stackSetting } from "./session.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

/**
 * Where the zone of the host name is known, so is what else it holds of the name: a VM whose name
 * leads elsewhere, or that nobody may certify, could never become healthy. With the Cloudflare provider's own settings.
 * Errors: NAME_IN_USE, CERTIFICATE_FORBIDDEN, CONFIG_INVALID, API_*.
 */
export async function refuseForeignName(session: Session, { hostname, zoneId }: Pick<VirtualMachineInputs, "hostname" | "zoneId">, ownAddresses: readonly string[]): Promise<void> {
  const apiToken = stackSetting("cloudflare:apiToken") ?? process.env["CLOUDFLARE_API_TOKEN"];
  if (zoneId === undefined) return;
  if (!apiToken) {
    if (!hasOtherCredentials()) throw withoutToken(hostname, zoneId);
    return session.report(`${hostname}: without CLOUDFLARE_API_TOKEN it cannot be told whether the name is free in the zone`);
  }
  const baseUrl = stackSetting("cloudflare:baseUrl") ?? (process.env["CLOUDFLARE_BASE_URL"] || undefined);
  await refuseNameInUse({ baseUrl, apiToken, zoneId }, { hostname, ownAddresses, certificate: certificate() }, session.signal);
}

/** The Cloudflare provider's other ways in, by which this program does not go. */
function hasOtherCredentials(): boolean {
  const key = stackSetting("cloudflare:apiKey") ?? process.env["CLOUDFLARE_API_KEY"];
  const serviceKey = stackSetting("cloudflare:apiUserServiceKey") ?? process.env["CLOUDFLARE_API_USER_SERVICE_KEY"];
  return Boolean(key) || Boolean(serviceKey);
}

/** What comes after the VM would fail, and the VM would be paid for. */
function withoutToken(hostname: string, zoneId: string): UserVpsError {
  return new UserVpsError("CONFIG_INVALID", `${hostname} is to have a record in zone ${zoneId}, and there is no token for Cloudflare.`, { next: "Set CLOUDFLARE_API_TOKEN, or the stack's `cloudflare:apiToken` (`pulumi config set --secret cloudflare:apiToken`)." });
}

/** What waits in a pool has a certificate of its own making. By whom any other is made, a plain `pulumi up` may be told by the environment, as the program is. */
function certificate() {
  if (stackSetting("pooled") === "true") return undefined;
  const issuers = issuersOf({ acmeCa: stackSetting("acmeCa") ?? (process.env["ACME_CA"] || undefined), acmeEmail: stackSetting("acmeEmail") ?? (process.env["ACME_EMAIL"] || undefined) });
  return issuers && { issuers, resolver: dnsServerFrom(process.env) };
}

/** By which a VM's own A records are known. */
export function addressesOf(vm: VirtualMachine): string[] {
  return vm.ipv4.map(({ address }) => address);
}
