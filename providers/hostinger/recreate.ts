import { UserVpsError } from "../core/errors.ts";
import { moment } from "../core/time.ts";
import { specificationState } from "./api/client.ts";
import { earlierWipe } from "./earlier-wipe.ts";
import { lookAgain, runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import { writeWholeScript } from "./script-content.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

export interface WipeReason {
  /** By `recreation`, which is not the one of the last wipe: only such a wipe can be told from an earlier one. */
  readonly isAskedFor: boolean;
  /** It was wiped, and nothing has been installed since: needs no permission, and an earlier wipe is the one that emptied it. */
  readonly holdsNothing: boolean;
}

/**
 * Wipes the VM and installs it anew, if that is allowed for just this VM. Where `recreation` tells
 * after which action of the VM it comes (it ends in `after action ID`; of version 0.1.0: in the ISO
 * 8601 time at which it was asked for), a wipe that was ordered since then by a run that did not
 * live to see its end is waited for: the user may be at work on the VM already, so another one must
 * not be ordered.
 */
export async function recreate(session: Session, vm: NamedVm, inputs: VirtualMachineInputs, { isAskedFor, holdsNothing }: WipeReason): Promise<void> {
  if (inputs.allowRecreateOf !== vm.vmId && !holdsNothing) {
    throw new UserVpsError("CHANGE_REFUSED", `Template or post-install script of ${vm.hostname} differ from VM ${vm.vmId}; applying them would wipe it.`, {
      next: `Declare them as they are (a new Conductor or CLI reaches the VM by a release), or set allowRecreateOf to ${vm.vmId}.`,
    });
  }
  const { virtualMachines } = session.client;
  const earlier = isAskedFor && !holdsNothing ? await earlierWipe(session, vm, inputs.recreation) : undefined;
  if (earlier && specificationState(earlier) === "completed") return session.report(`${vm.hostname}: VM ${vm.vmId} was wiped by an interrupted run already: action ${earlier.id}, ordered at ${moment(earlier.createdAt) ?? "an unknown time"}`);
  if (!earlier) await writeWholeScript(session, inputs);
  await runAction(session, vm, `wiping VM ${vm.vmId} and installing it anew`, () => (earlier ? lookAgain(session, vm, earlier) : virtualMachines.recreate(vm.vmId, {
    templateId: inputs.templateId,
    password: inputs.rootPassword,
    ...(inputs.postInstallScriptId === undefined ? {} : { postInstallScriptId: inputs.postInstallScriptId }),
  })));
}
