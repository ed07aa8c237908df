import { whenEngineIsLeft } from "../core/engine-liveness.ts";
import { UserVpsError } from "../core/errors.ts";
import { ALLOW_DELETE_VARIABLE } from "./allow-delete.ts";
import { stackSetting } from "./session.ts";
import type { VirtualMachineOutputs } from "./virtual-machine-args.ts";

/** VMs that this process was told to replace, by `allowReplaceOf` with their very id: good for one run of the engine. */
const replaced = new Set<number>();

export function permitReplacement(vmId: number): void {
  replaced.add(vmId);
  whenEngineIsLeft(forgetPermissions);
}

function forgetPermissions(): void {
  replaced.clear();
}

/**
 * Pulumi's own `protect` can be ignored (`--ignore-protect`), so the provider keeps a fence of its
 * own: a VM is given up only where the stack, as of its last `up`, says that it may be.
 * @throws UserVpsError DELETION_PROTECTED
 */
export function refuseDeletion(vmId: number, { allowDelete, hostname }: Pick<VirtualMachineOutputs, "allowDelete" | "hostname">, env: Readonly<Record<string, string | undefined>> = process.env): void {
  if (allowDelete === true || env[ALLOW_DELETE_VARIABLE] === "true" || replaced.has(vmId) || stackSetting("user-vps:protect") === "false") return;
  throw new UserVpsError("DELETION_PROTECTED", `VM ${vmId} of ${hostname} may not be given up: the stack does not say that it may be deleted.`, {
    next: "If that is meant: `pulumi config set protect false` (in a program of your own: allowDelete), then `pulumi up`, then destroy.",
  });
}
