import { UserVpsError } from "../core/errors.ts";
import { removeForSure } from "../core/removal.ts";
import type { VirtualMachine } from "./api/client.ts";
import { findLiving } from "./find-vm.ts";
import { addressesOf, refuseForeignName } from "./name-check.ts";
import { recreate } from "./recreate.ts";
import { beginAutoRenewal, endAutoRenewal } from "./renewal.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { needsWipe, needsPurchase } from "./virtual-machine-diff.ts";
import { sameKey } from "./api/ssh-keys.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";
import { factsOf } from "./virtual-machine-facts.ts";
import { BEING_MADE, GONE } from "./vm-state.ts";
import { waitForRunning } from "./wait-for-running.ts";

type Values = Record<string, unknown>;

/** What is known of a wiped VM that is taken over: there is nothing on it that a script has installed. */
export const NOTHING_INSTALLED = { postInstallScriptId: 0, postInstallFingerprint: "" } as const;

function isNothingInstalled(olds: Values): boolean {
  return olds["acquired"] === "imported" && olds["postInstallScriptId"] === 0 && olds["postInstallFingerprint"] === "";
}

/**
 * Makes the VM as declared: in place where the API can, by a wipe where the switch allows it for
 * just this VM, and not at all where it would take a purchase. `onDone` hears of each property
 * that has been applied, so that a failure half-way, or an auto-renewal that cannot be switched yet, is remembered as that.
 * Errors: CHANGE_REFUSED, VM_*, API_*.
 *
 * @param shown the VM as the API has shown it just now
 */
export async function applyChanges(session: Session, vmId: number, olds: Values, inputs: VirtualMachineInputs, onDone: (done: Values) => void, shown?: VirtualMachine): Promise<VirtualMachine> {
  const named: NamedVm = { vmId, hostname: inputs.hostname };
  const changed = (property: keyof VirtualMachineInputs) => olds[property] !== inputs[property];
  await refuseWhatNeedsAPurchase(session, named, olds, inputs);

  const wiping = needsWipe(olds, { ...inputs });
  if (wiping.length > 0) {
    await recreate(session, named, inputs, { isAskedFor: wiping.includes("recreation"), holdsNothing: isNothingInstalled(olds) });
    const { templateId, postInstallScriptId, postInstallFingerprint, recreation, rootPassword } = inputs;
    // Root's keys went with the disk.
    onDone({ templateId, postInstallScriptId, postInstallFingerprint, recreation, rootPassword, sshPublicKey: undefined });
    olds = { ...olds, rootPassword, sshPublicKey: undefined };
  }
  const vm = await waitForRunning(session, vmId, inputs, { isNew: olds["state"] === BEING_MADE, shown });
  onDone(factsOf(vm));
  // A VM that was bought may still have Hostinger's own name, where its setup did not go as asked.
  if (changed("hostname") || vm.hostname.toLowerCase() !== inputs.hostname) {
    if (changed("hostname")) await refuseForeignName(session, inputs, addressesOf(vm));
    await runAction(session, named, `changing the host name from ${vm.hostname || "none"}`, () => session.client.virtualMachines.setHostname(vmId, inputs.hostname));
    onDone({ hostname: inputs.hostname });
  }
  if (olds["rootPassword"] !== inputs.rootPassword) {
    await runAction(session, named, "setting the root password", () => session.client.virtualMachines.setRootPassword(vmId, inputs.rootPassword));
    onDone({ rootPassword: inputs.rootPassword });
  }
  if (changed("sshPublicKey")) {
    await exchangeKey(session, named, typeof olds["sshPublicKey"] === "string" ? olds["sshPublicKey"] : undefined, inputs.sshPublicKey);
    onDone({ sshPublicKey: inputs.sshPublicKey });
  }
  if (changed("autoRenew")) {
    if (await setAutoRenewal(session, named, inputs.autoRenew)) onDone({ autoRenew: inputs.autoRenew });
  }
  return vm;
}

/** One that was found gone is looked for once more: Hostinger may show it again. */
async function refuseWhatNeedsAPurchase(session: Session, vm: NamedVm, olds: Values, inputs: VirtualMachineInputs): Promise<void> {
  if (olds["state"] === GONE && !(await findLiving(session, vm))) throw new UserVpsError("VM_GONE", `VM ${vm.vmId} of ${vm.hostname} does not exist any more.`, { next: `To buy a new one, set allowReplaceOf to ${vm.vmId}.` });
  const changed = needsPurchase(olds, { ...inputs });
  if (changed.length === 0) return;
  throw new UserVpsError("CHANGE_REFUSED", `VM ${vm.vmId} of ${vm.hostname} differs in ${changed.join(" and ")}; making it as declared would buy another VM.`, {
    next: `Declare it as it is, or set allowReplaceOf to ${vm.vmId}.`,
  });
}

/** The new key first, so that nobody is locked out; then the old one goes, in whatever words the VM lists it. */
async function exchangeKey(session: Session, { vmId, hostname }: NamedVm, old: string | undefined, key: string | undefined): Promise<void> {
  const { signal } = session;
  const { sshKeys } = session.client;
  if (key !== undefined) {
    session.report(`${hostname}: setting the SSH key`);
    const keys = await sshKeys.add(vmId, [key], { signal });
    if (!keys.some((one) => sameKey(one, key))) throw new UserVpsError("API_WITHOUT_EFFECT", `The SSH key of ${hostname} is not among root's keys on VM ${vmId}, although Hostinger took it.`);
  }
  if (old === undefined || (key !== undefined && sameKey(old, key))) return;
  session.report(`${hostname}: removing the former SSH key`);
  const listed = async () => (await sshKeys.list(vmId, { signal })).filter((one) => sameKey(one, old));
  await removeForSure({
    what: `The former SSH key of ${hostname} on VM ${vmId}`,
    remove: async () => {
      const keys = await listed();
      if (keys.length > 0) await sshKeys.remove(vmId, keys, { signal });
    },
    isThere: async () => (await listed()).length > 0,
    signal,
  });
}

/** Whether it is as declared now. Where nobody knows which subscription pays the VM it is not, and the next `up` tries again. */
async function setAutoRenewal(session: Session, vm: NamedVm, autoRenew: boolean): Promise<boolean> {
  session.report(`${vm.hostname}: switching auto-renewal ${autoRenew ? "on" : "off"}`);
  const isDone = autoRenew ? await beginAutoRenewal(session, vm) : (await endAutoRenewal(session, vm)).isOff;
  if (!isDone) session.report(`${vm.hostname}: auto-renewal is not switched ${autoRenew ? "on" : "off"}: Hostinger does not tell which subscription pays VM ${vm.vmId}`);
  return isDone;
}
