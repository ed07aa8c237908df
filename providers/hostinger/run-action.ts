import { UserVpsError } from "../core/errors.ts";
import { MINUTE_MS, SECOND_MS, inSeconds, monotonicMs, sleep } from "../core/time.ts";
import { specificationState } from "./api/client.ts";
import type { Action } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import type { Session } from "./session.ts";
import { getVm } from "./wait-for-running.ts";

const ACTION_TIMEOUT_MS = 10 * MINUTE_MS;
const INTERVAL_MS = 1 * SECOND_MS;
const FIRST_INTERVAL_MS = 0.2 * SECOND_MS;

/** A VM and the host name by which people know it. */
export interface NamedVm {
  readonly vmId: number;
  readonly hostname: string;
}

/**
 * Orders an action, once the VM is not locked, and waits for its end; returns its id
 * (`GET /virtual-machines/{id}/actions/{actionId}`).
 * Errors: VM_LOCKED, VM_ACTION_FAILED, VM_GONE, API_*.
 */
export async function runAction(session: Session, vm: NamedVm, what: string, order: () => Promise<Action>): Promise<number> {
  let action = await orderWhenUnlocked(session, vm, what, order);
  const startMs = monotonicMs();
  for (let intervalMs = FIRST_INTERVAL_MS; ; intervalMs = Math.min(2 * intervalMs, INTERVAL_MS)) {
    const state = specificationState(action);
    if (state === "completed") return action.id;
    if (state === "failed") {
      throw new UserVpsError("VM_ACTION_FAILED", `${what}: action ${action.id} (${action.name}) on VM ${vm.vmId} of ${vm.hostname} ended in '${action.state}'.`);
    }
    if (monotonicMs() - startMs > ACTION_TIMEOUT_MS) {
      throw new UserVpsError("VM_ACTION_FAILED", `${what}: action ${action.id} (${action.name}) on VM ${vm.vmId} of ${vm.hostname} is still '${action.state}' after ${inSeconds(ACTION_TIMEOUT_MS)}.`);
    }
    await sleep(intervalMs, session.signal);
    // One that was just ordered may take a while to be found.
    action = (await undefinedIfNotFound(session.client.virtualMachines.action(vm.vmId, action.id, { signal: session.signal }))) ?? action;
  }
}

/** Somebody else's action may come in between the look and the order, which is then refused. */
async function orderWhenUnlocked(session: Session, vm: NamedVm, what: string, order: () => Promise<Action>): Promise<Action> {
  const endMs = monotonicMs() + ACTION_TIMEOUT_MS;
  for (;;) {
    await waitUntilUnlocked(session, vm, what);
    session.report(`${vm.hostname}: ${what}`);
    try {
      return await order();
    } catch (error) {
      const isRefusal = error instanceof UserVpsError && error.code === "API_REJECTED";
      if (!isRefusal || monotonicMs() > endMs || (await getVm(session, vm.vmId, vm.hostname)).actionsLock !== "locked") throw error;
    }
  }
}

async function waitUntilUnlocked(session: Session, vm: NamedVm, what: string): Promise<void> {
  const startMs = monotonicMs();
  let reported = false;
  while ((await getVm(session, vm.vmId, vm.hostname)).actionsLock === "locked") {
    if (!reported) session.report(`${vm.hostname}: ${what}: waiting until VM ${vm.vmId} is unlocked`);
    reported = true;
    if (monotonicMs() - startMs > ACTION_TIMEOUT_MS) {
      throw new UserVpsError("VM_LOCKED", `${what}: VM ${vm.vmId} of ${vm.hostname} is locked for ${inSeconds(ACTION_TIMEOUT_MS)} now.`);
    }
    await sleep(INTERVAL_MS, session.signal);
  }
}
