import { specificationState } from "./api/client.ts";
import type { Action } from "./api/client.ts";
import { lookAgain, runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { actionsOf } from "./vm-actions.ts";

/**
 * Makes the snapshot of the VM and waits for its end (`POST /virtual-machines/{id}/snapshot`). A VM
 * has one: it replaces the one before. Errors: as `runAction`.
 *
 * @param ordered by a run that did not live to see its end: that one is waited for
 */
export async function makeSnapshot(session: Session, vm: NamedVm, ordered?: Action): Promise<void> {
  const { snapshot } = session.client.virtualMachines;
  await runAction(session, vm, `making a snapshot of VM ${vm.vmId}`, () => (ordered ? lookAgain(session, vm, ordered) : snapshot.create(vm.vmId, { signal: session.signal })));
}

/** The last that was ordered after this action of the VM, and has not failed. */
export async function snapshotOrderedAfter(session: Session, vm: NamedVm, actionId: number): Promise<Action | undefined> {
  return (await actionsOf(session, vm)).find((action) => action.id > actionId && makesSnapshot(action) && specificationState(action) !== "failed");
}

/** The API's documents name no action: it may be `create_snapshot` or another name of that kind. */
function makesSnapshot({ name }: Action): boolean {
  return /snapshot/i.test(name) && !/restore|delete/i.test(name);
}
