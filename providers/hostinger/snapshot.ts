import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";

/**
 * Makes the snapshot of the VM and waits for its end (`POST /virtual-machines/{id}/snapshot`). A VM
 * has one: it replaces the one before. Errors: as `runAction`.
 */
export async function makeSnapshot(session: Session, vm: NamedVm): Promise<void> {
  await runAction(session, vm, `making a snapshot of VM ${vm.vmId}`, () => session.client.virtualMachines.snapshot.create(vm.vmId, { signal: session.signal }));
}
