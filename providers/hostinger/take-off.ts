import { UserVpsError } from "../core/errors.ts";
import type { Action } from "./api/client.ts";
import { runAction } from "./run-action.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { isGone, REST_MEANINGS, restStateOf } from "./vm-state.ts";
import type { RestState } from "./vm-state.ts";
import { getVm } from "./wait-for-running.ts";

/**
 * Takes something of a stack's off a VM that the stack leaves, such as its firewall. Nothing waits for
 * one that takes no orders in its state: it keeps what it has, and a report says so. Errors: as `runAction`.
 */
export async function takeOff(session: Session, vm: NamedVm, what: string, order: () => Promise<Action>): Promise<void> {
  try {
    await runAction(session, vm, what, order);
  } catch (error) {
    if (isGone(error)) return;
    const rest = await restAfterRefusal(session, vm, error);
    if (rest === "stopped") throw error;
    session.report(`${vm.hostname}: ${what}: not done, for VM ${vm.vmId} is ${REST_MEANINGS[rest]}`);
  }
}

/** The state in which the VM took no order; it may have come to it since. @throws the error, if that is no reason for it */
export async function restAfterRefusal(session: Session, { vmId, hostname }: NamedVm, error: unknown): Promise<RestState> {
  if (!(error instanceof UserVpsError) || error.code !== "API_REJECTED") throw error;
  const rest = restStateOf(await getVm(session, vmId, hostname));
  if (!rest) throw error;
  return rest;
}
