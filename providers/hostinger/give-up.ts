import { randomBytes } from "node:crypto";
import { UserVpsError } from "../core/errors.ts";
import type { Action } from "./api/client.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineOutputs } from "./virtual-machine-args.ts";
import { getVm } from "./wait-for-running.ts";

/**
 * What a deletion can be: the API has neither a VM delete nor a cancellation. Auto-renewal goes
 * off first, so that nothing more is charged even if the rest fails; then, if asked for, the VM
 * is wiped and loses the user's host name; then it is stopped, even if the wipe has failed. Each
 * step may be repeated.
 */
export async function giveUp(session: Session, vmId: number, props: VirtualMachineOutputs): Promise<void> {
  const vm: NamedVm = { vmId, hostname: props.hostname };
  try {
    const { paidUntil } = await endAutoRenewal(session, vm);
    try {
      if (props.wipeOnDelete) await wipeVm(session, vm, props.templateId);
    } finally {
      await stopVm(session, vm);
    }
    session.report(`${vm.hostname}: VM ${vmId} is ${props.wipeOnDelete ? "wiped and " : ""}stopped; it stays paid until ${paidUntil?.slice(0, 10) ?? "its term ends"} and is not renewed`);
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "VM_GONE") return;
    throw error;
  }
}

export interface Subscribed {
  readonly subscriptionId: string | undefined;
  /** RFC 3339. */
  readonly paidUntil: string | undefined;
}

/** Until when the VM is paid: `GET /api/billing/v1/subscriptions`. Errors: VM_GONE, API_*. */
export async function subscriptionOf(session: Session, vm: NamedVm): Promise<Subscribed & { readonly isAutoRenewed: boolean | undefined }> {
  const subscriptionId = (await getVm(session, vm.vmId, vm.hostname)).subscriptionId ?? undefined;
  if (!subscriptionId) return { subscriptionId, paidUntil: undefined, isAutoRenewed: undefined };
  const subscription = (await session.client.subscriptions.list({ signal: session.signal })).find(({ id }) => id === subscriptionId);
  return { subscriptionId, paidUntil: subscription?.expiresAt ?? subscription?.nextBillingAt ?? undefined, isAutoRenewed: subscription?.isAutoRenewed };
}

export async function endAutoRenewal(session: Session, vm: NamedVm): Promise<Subscribed> {
  const { subscriptionId, paidUntil, isAutoRenewed } = await subscriptionOf(session, vm);
  if (subscriptionId && isAutoRenewed !== false) await session.client.subscriptions.disableAutoRenewal(subscriptionId, { signal: session.signal });
  return { subscriptionId, paidUntil };
}

export interface WipeMemory {
  /** The action of a wipe that was ordered before, by somebody who did not live to see its end. */
  readonly actionId?: number | undefined;
  readonly onOrdered: (actionId: number) => Promise<void>;
}

/**
 * Installs the VM anew, without script and with a password that nobody knows, then gives back the
 * user's host name: a VM of Hostinger's own host name holds nobody's data. It returns when both
 * actions have succeeded.
 */
export async function wipeVm(session: Session, vm: NamedVm, templateId: number, memory?: WipeMemory): Promise<void> {
  const { virtualMachines } = session.client;
  await runAction(session, vm, `wiping VM ${vm.vmId}`, async () => {
    const earlier = memory?.actionId === undefined ? undefined : await virtualMachines.action(vm.vmId, memory.actionId, { signal: session.signal });
    if (earlier && isSuccess(earlier)) return earlier;
    const password = `Aa1${randomBytes(24).toString("base64url")}`;
    const ordered = await virtualMachines.recreate(vm.vmId, { templateId, password });
    await memory?.onOrdered(ordered.id);
    return ordered;
  });
  await runAction(session, vm, "giving back the host name", () => virtualMachines.resetHostname(vm.vmId));
}

export async function stopVm(session: Session, vm: NamedVm): Promise<void> {
  if ((await getVm(session, vm.vmId, vm.hostname)).state === "stopped") return;
  await runAction(session, vm, `stopping VM ${vm.vmId}`, () => session.client.virtualMachines.stop(vm.vmId));
}

function isSuccess({ state }: Action): boolean {
  return state === "success" || state === "completed";
}
