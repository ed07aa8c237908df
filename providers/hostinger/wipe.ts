import { randomBytes } from "node:crypto";
import { UserVpsError } from "../core/errors.ts";
import { specificationState } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { getVm } from "./wait-for-running.ts";

export interface WipeMemory {
  /** The action of a wipe that was ordered before, by somebody who did not live to see its end. */
  readonly actionId?: number | undefined;
  readonly onOrdered: (actionId: number) => Promise<void>;
}

export interface WipeEnd {
  /** undefined: it is wiped. Otherwise the VM's state allows none, and this is why. */
  readonly notWipedBecause: string | undefined;
}

/** States in which Hostinger takes no wipe. */
const UNWIPEABLE: Readonly<Record<string, string | undefined>> = {
  initial: "nothing was ever installed on it",
  suspending: "Hostinger is suspending it, and a suspended VM takes no orders; its data stays on it until its term ends",
  suspended: "Hostinger has suspended it, and a suspended VM takes no orders; its data stays on it until its term ends",
  destroying: "Hostinger is destroying it",
  destroyed: "Hostinger has destroyed it",
};

/**
 * Installs the VM anew, without script and with a password that nobody knows, then gives back the
 * user's host name: a VM of Hostinger's own host name holds nobody's data. It returns when both
 * actions have succeeded, or when the VM's state allows no wipe. Errors: as `runAction`.
 */
export async function wipeVm(session: Session, vm: NamedVm, templateId: number, memory?: WipeMemory): Promise<WipeEnd> {
  const { virtualMachines } = session.client;
  const call = { signal: session.signal };
  const { state } = await getVm(session, vm.vmId, vm.hostname);
  const notWipedBecause = UNWIPEABLE[state];
  if (notWipedBecause !== undefined) return { notWipedBecause };
  try {
    await runAction(session, vm, `wiping VM ${vm.vmId}`, async () => {
      // One that is not found, yet or any more, is ordered anew: nobody is on the VM whom a second wipe could harm.
      const earlier = memory?.actionId === undefined ? undefined : await undefinedIfNotFound(virtualMachines.action(vm.vmId, memory.actionId, call));
      if (earlier && specificationState(earlier) === "completed") return earlier;
      const password = `Aa1${randomBytes(24).toString("base64url")}`;
      const ordered = await virtualMachines.recreate(vm.vmId, { templateId, password });
      await memory?.onOrdered(ordered.id);
      return ordered;
    });
  } catch (error) {
    const refused = await refusalByState(session, vm, error);
    if (refused === undefined) throw error;
    return { notWipedBecause: refused };
  }
  await runAction(session, vm, "giving back the host name", () => virtualMachines.resetHostname(vm.vmId));
  return { notWipedBecause: undefined };
}

/** A VM in 'error' may or may not take a wipe, and the state may have changed since it was looked at. */
async function refusalByState(session: Session, vm: NamedVm, error: unknown): Promise<string | undefined> {
  if (!(error instanceof UserVpsError) || error.code !== "API_REJECTED") return undefined;
  const { state } = await getVm(session, vm.vmId, vm.hostname);
  return state === "error" ? "it is in the state 'error' and Hostinger refuses to install it anew; its data stays on it until its term ends" : UNWIPEABLE[state];
}
