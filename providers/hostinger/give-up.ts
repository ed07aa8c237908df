import { endAutoRenewal } from "./renewal.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineOutputs } from "./virtual-machine-args.ts";
import { restAfterRefusal } from "./take-off.ts";
import { isGone, REST_MEANINGS, restStateOf } from "./vm-state.ts";
import type { RestState } from "./vm-state.ts";
import { getVm } from "./wait-for-running.ts";
import { wipeVm } from "./wipe.ts";

/**
 * What a deletion can be: the API has neither a VM delete nor a cancellation. Auto-renewal goes
 * off first, so that nothing more is charged even if the rest fails; then, if asked for, the VM
 * is wiped and loses the user's host name; then it is stopped, even if the wipe has failed. Each
 * step may be repeated, and each does what the VM's state allows.
 *
 * @param isNew it was sold, and nobody has seen it run: Hostinger may not find it yet, and renews it all the same
 */
export async function giveUp(session: Session, vmId: number, props: VirtualMachineOutputs, { isNew }: { readonly isNew: boolean }): Promise<void> {
  const vm: NamedVm = { vmId, hostname: props.hostname };
  try {
    // What was shown once is looked for again by every later look.
    if (isNew) await getVm(session, vmId, vm.hostname, { isNew });
    const { paidUntil, isOff } = await endAutoRenewal(session, vm);
    let done: string | undefined;
    try {
      if (props.wipeOnDelete) {
        const { notWipedBecause } = await wipeVm(session, vm, props.templateId);
        done = notWipedBecause === undefined ? "wiped" : `not wiped (${notWipedBecause})`;
      }
    } finally {
      const rest = await putToRest(session, vm);
      done = [done, REST_MEANINGS[rest]].filter(Boolean).join(" and ");
    }
    session.report(`${vm.hostname}: VM ${vmId} is ${done}; it stays paid until ${paidUntil?.slice(0, 10) ?? "its term ends"} and ${isOff ? "is not renewed" : "MAY BE RENEWED: its subscription is not known, so its renewal has to be switched off in the Hostinger panel"}`);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/**
 * Stops the VM, if its state needs that and allows it; one in 'error' may or may not take it. Errors: as `runAction`.
 *
 * @returns how it is left
 */
export async function putToRest(session: Session, vm: NamedVm): Promise<RestState> {
  const rest = restStateOf(await getVm(session, vm.vmId, vm.hostname));
  if (rest && rest !== "error") return rest;
  try {
    await runAction(session, vm, `stopping VM ${vm.vmId}`, () => session.client.virtualMachines.stop(vm.vmId, { signal: session.signal }));
    return "stopped";
  } catch (error) {
    // One in 'error' takes no stop and serves nothing.
    return await restAfterRefusal(session, vm, error);
  }
}
