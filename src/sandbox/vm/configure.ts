import type { Vm } from "../model.ts";
import type { World } from "../world.ts";
import type { ConfigureOrder } from "./configure-script.ts";
import { firstBootOf } from "./first-boot.ts";
import type { CommandResult } from "./release.ts";

/** Does to the simulated VM what the script would do to a real one. */
export async function configure(world: World, vm: Vm, order: ConfigureOrder): Promise<CommandResult> {
  const disk = await firstBootOf(vm);
  if (disk === null) return failed("the post-install script has not come to its end.");
  const { siteAddress } = disk.outcome;
  if (siteAddress !== order.hostname && siteAddress !== (disk.toldHostname ?? order.bootHostname)) {
    return failed(`/etc/caddy/Caddyfile serves neither ${disk.toldHostname ?? order.bootHostname} nor ${order.hostname}.`);
  }
  const before = disk.credentials;
  disk.credentials = {
    passwordSha256: order.setsPassword ? order.credentials.passwordSha256 : (before?.passwordSha256 ?? null),
    jwtSecretSha256: order.restartsConductor ? order.credentials.jwtSecretSha256 : (before?.jwtSecretSha256 ?? null),
    ownerId: (order.restartsConductor ? order.credentials.ownerId : before?.ownerId) ?? null,
  };
  if (order.restartsCaddy && order.hasLocalCertificates !== (disk.outcome.hasLocalCertificates ?? false)) disk.outcome.hasLocalCertificates = order.hasLocalCertificates;
  if (siteAddress !== order.hostname && order.restartsCaddy) {
    disk.outcome.siteAddress = order.hostname;
    disk.toldHostname = order.hostname;
    disk.certificateFor = null;
  }
  world.vmChanged(vm);
  return { status: 0, stdout: "configuration: credentials, owner and host name are as declared\n", stderr: "" };
}

function failed(reason: string): CommandResult {
  return { status: 1, stdout: "", stderr: `CONFIGURATION_FAILED: ${reason}\n` };
}
