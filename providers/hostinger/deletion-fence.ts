import { whenEngineIsLeft } from "../core/engine-liveness.ts";
import { UserVpsError } from "../core/errors.ts";
import { ALLOW_DELETE_VARIABLE } from "./allow-delete.ts";
import { stackSetting } from "./session.ts";
import type { VirtualMachineOutputs } from "./virtual-machine-args.ts";

/** VMs that this process was told to replace, by `allowReplaceOf` with their very id: good for one run of the engine. */
const replaced = new Set<number>();

/** VMs in whose place another one is already, by the host name that they have in the state: what an interrupted run has left to give up. */
const leftOver = new Map<number, string>();

export function permitReplacement(vmId: number): void {
  replaced.add(vmId);
  whenEngineIsLeft(forgetPermissions);
}

/**
 * The VM that `allowReplaceOf` names, where the resource has another one by now. Only under that resource's host name: one
 * that is another resource's by now, under a name of its own, is nobody's left-over.
 */
export function permitLeftOver(vmId: number, hostname: string): void {
  leftOver.set(vmId, hostname);
  whenEngineIsLeft(forgetPermissions);
}

function forgetPermissions(): void {
  replaced.clear();
  leftOver.clear();
}

function isAllowedBy(allowed: string | undefined, vmId: number): boolean {
  return allowed === "true" || (allowed ?? "").split(",").includes(String(vmId));
}

/**
 * Pulumi's own `protect` can be ignored (`--ignore-protect`), so the provider keeps a fence of its
 * own: a VM is given up only where the stack, as of its last `up`, says that it may be.
 * @throws UserVpsError DELETION_PROTECTED
 */
export function refuseDeletion(vmId: number, { allowDelete, hostname }: Pick<VirtualMachineOutputs, "allowDelete" | "hostname">, env: Readonly<Record<string, string | undefined>> = process.env): void {
  if (allowDelete === true || isAllowedBy(env[ALLOW_DELETE_VARIABLE], vmId) || replaced.has(vmId) || leftOver.get(vmId) === hostname || stackSetting("user-vps:protect") === "false") return;
  throw new UserVpsError("DELETION_PROTECTED", `VM ${vmId} of ${hostname} may not be given up: the stack does not say that it may be deleted.`, {
    next: `If that is meant: \`pulumi config set protect false\` (in a program of your own: allowDelete, or allowReplaceOf ${vmId} if another VM has taken its place and its host name), then \`pulumi up\`, then destroy.`,
  });
}
