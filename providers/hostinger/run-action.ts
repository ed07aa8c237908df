import { UserVpsError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { MINUTE_MS, SECOND_MS, inSeconds, monotonicMs, sleep } from "../core/time.ts";
import { specificationState } from "./api/client.ts";
import type { Action } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import type { Session } from "./session.ts";
import { getVm } from "./wait-for-running.ts";

const ACTION_TIMEOUT_MS = 10 * MINUTE_MS;
const INTERVAL_MS = 1 * SECOND_MS;
const FIRST_INTERVAL_MS = 0.2 * SECOND_MS;
/** Of an order for a VM that is there and not locked. */
const MOST_REFUSALS = 2;
const MAY_PASS: ReadonlySet<ErrorCode> = new Set(["API_REJECTED", "API_NOT_FOUND"]);

/** A VM and the host name by which people know it. */
export interface NamedVm {
  readonly vmId: number;
  readonly hostname: string;
}

/**
 * Orders an action, once the VM is not locked, and waits for its end; returns its id
 * (`GET /virtual-machines/{id}/actions/{actionId}`).
 * Errors: VM_LOCKED, VM_ACTION_FAILED, VM_GONE, VM_NOT_FOUND, API_*.
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
    action = await lookAgain(session, vm, action);
  }
}

/** One that was just ordered may take a while to be found: until then it is as it was. */
export async function lookAgain({ client, signal }: Session, { vmId }: NamedVm, action: Action): Promise<Action> {
  return (await undefinedIfNotFound(client.virtualMachines.action(vmId, action.id, { signal }))) ?? action;
}

/**
 * Somebody else's action may come in between the look and the order, which is then refused; it may be over at the next look.
 * And a VM that is shown may not be found by whoever takes the order: a new one, for a while.
 */
async function orderWhenUnlocked(session: Session, vm: NamedVm, what: string, order: () => Promise<Action>): Promise<Action> {
  const endMs = monotonicMs() + ACTION_TIMEOUT_MS;
  for (let refusals = 1; ; refusals++) {
    await waitUntilUnlocked(session, vm, what);
    session.report(`${vm.hostname}: ${what}`);
    try {
      return await order();
    } catch (error) {
      if (!(error instanceof UserVpsError) || !MAY_PASS.has(error.code) || monotonicMs() > endMs) throw error;
      const isLocked = (await getVm(session, vm.vmId, vm.hostname)).actionsLock === "locked";
      if (isLocked) refusals = 0;
      else if (refusals >= MOST_REFUSALS) throw error.code === "API_NOT_FOUND" ? notFoundThough(vm, what, error) : error;
      else await sleep(INTERVAL_MS, session.signal);
    }
  }
}

function notFoundThough({ vmId, hostname }: NamedVm, what: string, cause: UserVpsError): UserVpsError {
  return new UserVpsError("VM_NOT_FOUND", `${what}: Hostinger shows VM ${vmId} of ${hostname}, but does not find what is ordered for it: ${cause.bareMessage}`, { cause });
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
