/**
 * What a VM is called now, against what it may be called as its owner's. An id that was written down may be older than
 * that: since the backup from which a database was restored, the VM may have been wiped and become another user's.
 */
import { UserVpsError } from "../core/errors.ts";
import type { VirtualMachine } from "./api/client.ts";
import { isHostingersOwn } from "./hostinger-hostname.ts";
import type { NamedVm } from "./run-action.ts";

type Called = Pick<VirtualMachine, "id" | "hostname">;

/** Of a VM that is no longer its user's, and still holds the user's data. It gets none of Hostinger's own names: such a VM would count as one that holds nothing. */
export function asideName({ vmId, hostname }: NamedVm): string {
  return `old-${vmId}.${hostname}`;
}

/** @param own host names that its owner has, or had */
export function isCalledAsOwn({ id, hostname }: Called, own: readonly string[]): boolean {
  const name = hostname.toLowerCase();
  return isHostingersOwn(name) || own.some((one) => name === one || name === asideName({ vmId: id, hostname: one }));
}

/** Whether it has a name of the same domain that is none of them: another user's, as far as anybody can tell. Any other may be somebody's whim. */
export function isCalledAsAnothers(vm: Called, own: readonly string[]): boolean {
  return !isCalledAsOwn(vm, own) && own.some((one) => isOfSameDomain(vm.hostname, one));
}

function isOfSameDomain(name: string, own: string): boolean {
  return name.toLowerCase().endsWith(own.slice(own.indexOf(".")));
}

/** @param what would be done with it */
export function otherName({ id, hostname }: Called, own: readonly string[], what: string, next: string): UserVpsError {
  return new UserVpsError("VM_MISMATCH", `VM ${id} is called ${hostname}, expected ${own.join(" or ")}: it may be another user's by now, so it is not ${what}.`, { next });
}
