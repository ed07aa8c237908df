import { UserVpsError } from "../../providers/core/errors.ts";
import { subscriptionOf } from "../../providers/hostinger/give-up.ts";
import { runAction } from "../../providers/hostinger/run-action.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { VpsChange } from "../records/index.ts";
import type { StackRequest } from "./engine.ts";
import type { OperationContext } from "./operation.ts";

export interface AppliedChange {
  readonly changes: Readonly<Record<string, number>>;
  /** Of the VM that was given up for another. */
  readonly paidUntil: Date | undefined;
}

/** Another host name asks for no permission. */
export function needsPermission({ kind }: VpsChange): boolean {
  return kind !== "rename";
}

/**
 * `up` with the permission that an operator gave: for the one VM that it names. It may be repeated
 * after whatever died: a VM that was wiped or bought already is as declared.
 */
export async function applyChange({ engine, hooks, record }: OperationContext, session: Session, stack: StackRequest, change: VpsChange): Promise<AppliedChange> {
  const { changes } = await engine.up({ ...stack, config: { ...stack.config, ...permissionOf(change) } }, hooks, { refresh: record.readyAt !== null });
  return { changes, paidUntil: change.kind === "replace" ? await setAside(session, change) : undefined };
}

/** A VM that is to be replaced may itself have been taken over; the one in its place is not. */
export function withoutImport({ stackName, config }: StackRequest): StackRequest {
  const { importVmId: _vm, importWiped: _wiped, ...rest } = config;
  return { stackName, config: rest };
}

function permissionOf({ kind, vmId }: VpsChange): Record<string, string> {
  // A protected VM cannot be given up for another; the next `up` protects again.
  return kind === "replace" ? { allowReplaceOf: String(vmId), protect: "false" } : { allowRecreateOf: String(vmId) };
}

/**
 * The old VM is stopped and not renewed by now, its data still on it. It loses the user's host name,
 * so that nobody takes it for the user's VM, but gets none of Hostinger's own: such a VM would
 * count as one that holds nothing.
 */
async function setAside(session: Session, { vmId, after: { hostname } }: VpsChange): Promise<Date | undefined> {
  const vm = { vmId, hostname };
  try {
    const { paidUntil } = await subscriptionOf(session, vm);
    const aside = `old-${vmId}.${hostname}`;
    if ((await session.client.virtualMachines.get(vmId, { signal: session.signal })).hostname !== aside) {
      await runAction(session, vm, `setting the old VM aside as ${aside}`, () => session.client.virtualMachines.setHostname(vmId, aside));
    }
    return paidUntil === undefined ? undefined : new Date(paidUntil);
  } catch (error) {
    // A VM that is gone needs nothing; one that is stopped may not take another name.
    if (error instanceof UserVpsError && ["VM_GONE", "API_NOT_FOUND", "API_REJECTED"].includes(error.code)) {
      session.report(`the old VM ${vmId} keeps its host name: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}
