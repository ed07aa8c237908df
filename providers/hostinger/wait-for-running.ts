import { UserVpsError } from "../core/errors.ts";
import { notYet } from "../core/patience.ts";
import { SECOND_MS, inSeconds, sleep } from "../core/time.ts";
import type { VirtualMachine } from "./api/client.ts";
import { setupRequest } from "./purchase-request.ts";
import { writeWholeScript } from "./script-content.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

const FIRST_INTERVAL_MS = 0.25 * SECOND_MS;
const LONGEST_INTERVAL_MS = 10 * SECOND_MS;
const INTERVAL_GROWTH = 1.4;
const REPORT_INTERVAL_MS = 15 * SECOND_MS;

/**
 * Waits until the VM is `running` and has an IPv4 address; starts a stopped one and sets up one
 * that was bought but never set up. Polls `GET /virtual-machines/{id}`, less often as time goes on.
 * Errors: VM_ERROR, VM_SUSPENDED, VM_GONE at once; VM_LOCKED, VM_NOT_RUNNING at the limit; NOT_YET without patience.
 */
export async function waitForRunning(session: Session, vmId: number, inputs: VirtualMachineInputs): Promise<VirtualMachine> {
  const startMs = Date.now();
  const asked = new Set<string>();
  let intervalMs = FIRST_INTERVAL_MS;
  let told = { state: "", atMs: 0 };
  for (;;) {
    const vm = await getVm(session, vmId, inputs.hostname);
    if (vm.state === "running" && vm.ipv4[0]) return vm;
    refuseHopeless(vm, inputs.hostname);
    const waitedMs = Date.now() - startMs;
    const { patience } = session.settings;
    await nudge(session, vm, inputs, patience === "own" ? waitedMs : Math.max(waitedMs, ageMs(session, vm)), asked);
    if (patience === "none") throw notYet("running", inputs.hostname, asked.has("initial") ? "initial, set up" : vm.state);
    if (patience === "over") throw await notRunning(session, vm, inputs.hostname, session.settings.runningTimeoutMs);
    if (vm.state !== told.state || Date.now() - told.atMs > REPORT_INTERVAL_MS) {
      if (told.state !== vm.state) intervalMs = FIRST_INTERVAL_MS;
      told = { state: vm.state, atMs: Date.now() };
      session.report(`${inputs.hostname}: waiting for VM ${vm.id} to run: ${vm.state}${await lastAction(session, vm)} (${inSeconds(waitedMs)})`);
    }
    const leftMs = session.settings.runningTimeoutMs - waitedMs;
    if (leftMs <= 0) throw await notRunning(session, vm, inputs.hostname, waitedMs);
    await sleep(Math.min(intervalMs, leftMs), session.signal);
    intervalMs = Math.min(intervalMs * INTERVAL_GROWTH, LONGEST_INTERVAL_MS);
  }
}

/** Since it was bought, by Hostinger's clock; 0 where it is not told. */
function ageMs(session: Session, vm: VirtualMachine): number {
  const createdMs = Date.parse(vm.createdAt ?? "");
  return Number.isNaN(createdMs) ? 0 : Date.now() + session.client.serverTimeOffsetMs - createdMs;
}

export async function getVm(session: Session, vmId: number, hostname: string): Promise<VirtualMachine> {
  try {
    return await session.client.virtualMachines.get(vmId, { signal: session.signal });
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "API_NOT_FOUND") {
      throw new UserVpsError("VM_GONE", `VM ${vmId} of ${hostname} does not exist any more.`, { cause: error });
    }
    throw error;
  }
}

function refuseHopeless(vm: VirtualMachine, hostname: string): void {
  if (vm.state === "error") throw new UserVpsError("VM_ERROR", `VM ${vm.id} of ${hostname} is in the state 'error', expected 'running'.`);
  if (vm.state === "suspended" || vm.state === "suspending") throw new UserVpsError("VM_SUSPENDED", `VM ${vm.id} of ${hostname} is ${vm.state}, expected 'running'.`);
  if (vm.state === "destroyed" || vm.state === "destroying") throw new UserVpsError("VM_GONE", `VM ${vm.id} of ${hostname} is ${vm.state}.`);
}

/** Does once what a state needs that does not end by itself. A locked VM takes no orders: later. */
async function nudge(session: Session, vm: VirtualMachine, inputs: VirtualMachineInputs, waitedMs: number, asked: Set<string>): Promise<void> {
  if (asked.has(vm.state) || vm.actionsLock === "locked") return;
  const { virtualMachines } = session.client;
  if (vm.state === "stopped") {
    asked.add(vm.state);
    await orRejected(virtualMachines.start(vm.id, { signal: session.signal }));
  }
  // A VM passes through `initial` on its way from purchase to `creating`; only one that stays there needs a setup.
  if (vm.state === "initial" && waitedMs >= session.settings.initialGraceMs) {
    asked.add(vm.state);
    session.report(`${inputs.hostname}: VM ${vm.id} was never set up; setting it up`);
    await writeWholeScript(session, inputs);
    await orRejected(virtualMachines.setup(vm.id, setupRequest(inputs), { signal: session.signal }));
  }
}

/** The state may have moved on since it was read, and then the API refuses: the next look tells. */
async function orRejected(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof UserVpsError) || error.code !== "API_REJECTED") throw error;
  }
}

async function lastAction(session: Session, vm: VirtualMachine): Promise<string> {
  const [action] = await session.client.virtualMachines.actions(vm.id, { signal: session.signal });
  const lock = vm.actionsLock === "locked" ? ", locked" : "";
  return action ? `${lock}, action ${action.name} ${action.state}` : lock;
}

async function notRunning(session: Session, vm: VirtualMachine, hostname: string, waitedMs: number): Promise<UserVpsError> {
  const code = vm.actionsLock === "locked" ? "VM_LOCKED" : "VM_NOT_RUNNING";
  const address = vm.ipv4[0] ? "" : " and has no IPv4 address";
  return new UserVpsError(code, `VM ${vm.id} of ${hostname} is ${vm.state}${await lastAction(session, vm)}${address} after ${inSeconds(waitedMs)}, expected 'running'.`);
}
