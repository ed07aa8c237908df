import { UserVpsError } from "../core/errors.ts";
import type { VirtualMachine } from "./api/client.ts";
import { recreate } from "./recreate.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { needsWipe, needsPurchase } from "./virtual-machine-diff.ts";
import { sameKey } from "./virtual-machine-read.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";
import { factsOf } from "./virtual-machine-facts.ts";
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
 * that has been applied, so that a failure half-way is remembered as half-way.
 * Errors: CHANGE_REFUSED, VM_*, API_*.
 */
export async function applyChanges(session: Session, vmId: number, olds: Values, inputs: VirtualMachineInputs, onDone: (done: Values) => void): Promise<VirtualMachine> {
  const named: NamedVm = { vmId, hostname: inputs.hostname };
  const changed = (property: keyof VirtualMachineInputs) => olds[property] !== inputs[property];
  refuseWhatNeedsAPurchase(named, olds, inputs);

  if (needsWipe(olds, { ...inputs }).length > 0) {
    const installation = await recreate(session, named, inputs, isNothingInstalled(olds));
    const { templateId, postInstallScriptId, postInstallFingerprint, recreation, rootPassword } = inputs;
    onDone({ templateId, postInstallScriptId, postInstallFingerprint, recreation, rootPassword, installation });
    olds = { ...olds, rootPassword };
  }
  const vm = await waitForRunning(session, vmId, inputs);
  onDone(factsOf(vm));
  if (changed("hostname")) {
    await runAction(session, named, `changing the host name from ${String(olds["hostname"])}`, () => session.client.virtualMachines.setHostname(vmId, inputs.hostname));
    onDone({ hostname: inputs.hostname });
  }
  if (olds["rootPassword"] !== inputs.rootPassword) {
    await runAction(session, named, "setting the root password", () => session.client.virtualMachines.setRootPassword(vmId, inputs.rootPassword));
    onDone({ rootPassword: inputs.rootPassword });
  }
  if (changed("sshPublicKey") && inputs.sshPublicKey !== undefined) {
    await attachKey(session, named, inputs.sshPublicKeyName ?? "spoq-deploy", inputs.sshPublicKey);
    onDone({ sshPublicKey: inputs.sshPublicKey });
  }
  if (changed("autoRenew")) {
    await setAutoRenewal(session, named, inputs.autoRenew);
    onDone({ autoRenew: inputs.autoRenew });
  }
  return vm;
}

function refuseWhatNeedsAPurchase(vm: NamedVm, olds: Values, inputs: VirtualMachineInputs): void {
  if (olds["state"] === "gone") throw new UserVpsError("VM_GONE", `VM ${vm.vmId} of ${vm.hostname} does not exist any more.`, { next: `To buy a new one, set allowReplaceOf to ${vm.vmId}.` });
  const changed = needsPurchase(olds, { ...inputs });
  if (changed.length === 0) return;
  throw new UserVpsError("CHANGE_REFUSED", `VM ${vm.vmId} of ${vm.hostname} differs in ${changed.join(" and ")}; making it as declared would buy another VM.`, {
    next: `Declare it as it is, or set allowReplaceOf to ${vm.vmId}.`,
  });
}

/** A key is attached by its id in the account, where the same key may be listed already. The API cannot detach one. */
async function attachKey(session: Session, vm: NamedVm, name: string, key: string): Promise<void> {
  const { publicKeys } = session.client;
  const listed = (await publicKeys.list({ signal: session.signal })).find((publicKey) => sameKey(publicKey.key, key));
  const { id } = listed ?? (await publicKeys.create({ name, key }, { signal: session.signal }));
  await runAction(session, vm, "attaching the SSH key", () => publicKeys.attach(vm.vmId, [id]));
}

async function setAutoRenewal(session: Session, vm: NamedVm, autoRenew: boolean): Promise<void> {
  const { subscriptionId } = await session.client.virtualMachines.get(vm.vmId, { signal: session.signal });
  if (!subscriptionId) return session.report(`${vm.hostname}: VM ${vm.vmId} has no subscription to renew`);
  session.report(`${vm.hostname}: switching auto-renewal ${autoRenew ? "on" : "off"}`);
  const { subscriptions } = session.client;
  await (autoRenew ? subscriptions.enableAutoRenewal(subscriptionId) : subscriptions.disableAutoRenewal(subscriptionId));
}
