/** A change that an operator asked for, as `up` applies it: with what it permits, and for as long as it is needed. */
import { findVm } from "../../providers/hostinger/find-vm.ts";
import { subscriptionOf } from "../../providers/hostinger/renewal.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { newestActionOf } from "../../providers/hostinger/vm-actions.ts";
import { isGone } from "../../providers/hostinger/vm-state.ts";
import { begunInstallations, replacedVms, saveActionBefore, saveBootHostname, saveVpsResult } from "../records/index.ts";
import type { VpsChange, VpsRecord } from "../records/index.ts";
import { setAside } from "./give-up/set-aside.ts";
import type { StackRequest, UpOptions } from "./engine.ts";
import type { OperationContext } from "./operation.ts";
import { refuseDoubtedAccount } from "./other-account.ts";
import { recreationOf } from "./stack-request.ts";

export interface PlannedChange {
  readonly change: VpsChange;
  /** Settings that permit it; undefined: it needs none, or has happened already. */
  readonly permission: Readonly<Record<string, string>> | undefined;
  /** The VM is, or will be, one that was set up with what is declared now. */
  readonly isInstalledAnew: boolean;
}

/**
 * Before a wipe may be ordered: after which action of the VM it comes, so that the next run can tell
 * it from an earlier one, whatever dies in between.
 */
export async function noteActionBefore({ pool, record }: Pick<OperationContext, "pool" | "record">, session: Session, change: VpsChange): Promise<VpsRecord> {
  // One that has begun by a version before goes by the time at which it was asked for.
  if (change.kind !== "recreate" || change.begunAt !== null || record.recreationAfterAction !== null) return record;
  const newest = await newestActionOf(session, { vmId: change.vmId, hostname: record.hostname });
  return (await saveActionBefore(pool, record.userId, newest)) ?? record;
}

/**
 * Of a VM that was wiped or bought by a change that came to no end: by which host name it was
 * installed. Otherwise whatever else is asked for would count as another wipe.
 */
export async function noteInstallation({ pool, engine, record }: Pick<OperationContext, "pool" | "engine" | "record">): Promise<VpsRecord> {
  const installations = await begunInstallations(pool, record);
  if (installations.length === 0) return record;
  const vm = (await engine.vms(record.username)).find(({ isLeftOver }) => !isLeftOver);
  const done = installations.find(({ kind, vmId, before }) => vm !== undefined && (kind === "replace" ? vm.vmId !== vmId : record.recreation === before.recreation + 1 && vm.recreation === recreationOf(record)));
  if (!done || done.outcome === "succeeded" || done.after.hostname === (record.bootHostname ?? record.hostname)) return record;
  return (await saveBootHostname(pool, record.userId, done.after.hostname)) ?? record;
}

/** VMs in whose place the stack has another one, by a `replace` that came to no end: whatever is wanted by now, they are given up. */
export async function replacedLeftOvers({ pool, engine, record }: Pick<OperationContext, "pool" | "engine" | "record">): Promise<number[]> {
  const replaced = await replacedVms(pool, record.userId);
  if (replaced.length === 0) return [];
  return (await engine.vms(record.username)).filter(({ vmId, isLeftOver }) => isLeftOver && replaced.includes(vmId)).map(({ vmId }) => vmId);
}

/** By what the stack's state says of its VM, so that a permission is good for one wipe or purchase and no more. */
export async function planChange(context: Pick<OperationContext, "engine" | "record" | "pool" | "settings">, session: Session, change: VpsChange): Promise<PlannedChange> {
  const { engine, record } = context;
  const vm = (await engine.vms(record.username)).find(({ isLeftOver }) => !isLeftOver);
  if (change.kind === "rename") return { change, permission: undefined, isInstalledAnew: false };
  if (change.kind === "recreate") {
    const isDone = vm !== undefined && vm.recreation === recreationOf(record);
    return { change, permission: isDone ? undefined : { allowRecreateOf: String(change.vmId) }, isInstalledAnew: true };
  }
  // Another VM is there: the old one, which was protected, is all that is left to give up.
  if (vm && vm.vmId !== change.vmId) return { change, permission: { protect: "false" }, isInstalledAnew: true };
  const differs = vm?.plan !== record.plan || vm.dataCenterId !== record.dataCenterId;
  const isMissing = !differs && (await findVm(session, { vmId: change.vmId, hostname: record.hostname })) === undefined;
  if (isMissing) await refuseDoubtedAccount(context, session);
  const isNeeded = differs || isMissing;
  // A protected VM cannot be given up for another; the next `up` protects again.
  return { change, permission: isNeeded ? { allowReplaceOf: String(change.vmId), protect: "false" } : undefined, isInstalledAnew: isNeeded };
}

/** A VM that is to be replaced may have been taken over, and one that is installed anew was not set up under another name. */
export function stackOfChange({ stackName, config }: StackRequest, { change, isInstalledAnew }: PlannedChange): StackRequest {
  if (!isInstalledAnew) return { stackName, config };
  const { bootHostname: _name, ...rest } = config;
  if (change.kind === "recreate") return { stackName, config: rest };
  const { importVmId: _vm, importWiped: _wiped, ...bought } = rest;
  return { stackName, config: bought };
}

/**
 * `up` with the permission. It may be repeated after whatever died: a VM that was wiped or bought
 * already is as declared. If it fails, the record names the VM that the stack has by then, so that
 * whatever is asked for next is about that one.
 */
export async function applyChange({ pool, engine, hooks, record }: OperationContext, stack: StackRequest, permission: Readonly<Record<string, string>>, allowed: Pick<UpOptions, "mayBuy" | "leftOvers" | "again">): Promise<Readonly<Record<string, number>>> {
  try {
    // The permission is for what the VM is by now, also one of a user who was never ready.
    return (await engine.up({ ...stack, config: { ...stack.config, ...permission } }, hooks, { refresh: true, ...allowed })).changes;
  } catch (error) {
    const vm = (await engine.vms(stack.stackName).catch(() => [])).find(({ isLeftOver }) => !isLeftOver);
    if (vm && vm.vmId !== record.hostingerVmId) await saveVpsResult(pool, record.userId, { hostingerVmId: vm.vmId }, hooks.runId).catch(() => undefined);
    throw error;
  }
}

/**
 * The old VM is stopped and not renewed by now, its data still on it. It loses the user's host name,
 * so that nobody takes it for the user's VM.
 *
 * @returns until when it is paid, if that is known
 */
export async function setReplacedAside(session: Session, vm: { readonly vmId: number; readonly hostname: string }): Promise<Date | undefined> {
  const paidUntil = await paidUntilOf(session, vm);
  await setAside(session, vm);
  return paidUntil;
}

async function paidUntilOf(session: Session, vm: { readonly vmId: number; readonly hostname: string }): Promise<Date | undefined> {
  try {
    const { paidUntil } = await subscriptionOf(session, vm);
    return paidUntil === undefined ? undefined : new Date(paidUntil);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
