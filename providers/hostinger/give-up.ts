import { randomBytes } from "node:crypto";
import { UserVpsError } from "../core/errors.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineOutputs } from "./virtual-machine-args.ts";
import { getVm } from "./wait-for-running.ts";

/**
 * What a deletion can be: the API has neither a VM delete nor a cancellation. Auto-renewal goes
 * off first, so that nothing more is charged even if the rest fails; then, if asked for, the VM
 * is wiped and loses the user's host name; then it is stopped. Each step may be repeated.
 */
export async function giveUp(session: Session, vmId: number, props: VirtualMachineOutputs): Promise<void> {
  const vm: NamedVm = { vmId, hostname: props.hostname };
  try {
    const { subscriptionId } = await getVm(session, vmId, props.hostname);
    const paidUntil = subscriptionId ? await endAutoRenewal(session, subscriptionId) : undefined;
    if (props.wipeOnDelete) await wipe(session, vm, props.templateId);
    await stop(session, vm);
    session.report(`${vm.hostname}: VM ${vmId} is ${props.wipeOnDelete ? "wiped and " : ""}stopped; it stays paid until ${paidUntil ?? "its term ends"} and is not renewed`);
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "VM_GONE") return;
    throw error;
  }
}

/** The day until which the VM stays paid. */
async function endAutoRenewal(session: Session, subscriptionId: string): Promise<string | undefined> {
  const { subscriptions } = session.client;
  const subscription = (await subscriptions.list({ signal: session.signal })).find(({ id }) => id === subscriptionId);
  if (subscription?.isAutoRenewed !== false) await subscriptions.disableAutoRenewal(subscriptionId, { signal: session.signal });
  return (subscription?.expiresAt ?? subscription?.nextBillingAt)?.slice(0, 10);
}

/** Without script, with a password that nobody knows. */
async function wipe(session: Session, vm: NamedVm, templateId: number): Promise<void> {
  const { virtualMachines } = session.client;
  const password = `Aa1${randomBytes(24).toString("base64url")}`;
  await runAction(session, vm, `wiping VM ${vm.vmId}`, () => virtualMachines.recreate(vm.vmId, { templateId, password }));
  await runAction(session, vm, "giving back the host name", () => virtualMachines.resetHostname(vm.vmId));
}

async function stop(session: Session, vm: NamedVm): Promise<void> {
  if ((await getVm(session, vm.vmId, vm.hostname)).state === "stopped") return;
  await runAction(session, vm, `stopping VM ${vm.vmId}`, () => session.client.virtualMachines.stop(vm.vmId));
}
