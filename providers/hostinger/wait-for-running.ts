import { UserVpsError } from "../core/errors.ts";
import { notYet, patienceFor } from "../core/patience.ts";
import { SECOND_MS, inSeconds, monotonicMs, sleep } from "../core/time.ts";
import { specificationState } from "./api/client.ts";
import type { Action, VirtualMachine } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import { setupRequest } from "./purchase-request.ts";
import { writeWholeScript } from "./script-content.ts";
import type { Session } from "./session.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";
import { isLost, isSuspended } from "./vm-state.ts";

/** A restart is over soon, a first boot takes a minute: by so steep a growth, both are seen soon enough by some 17 looks. */
const FIRST_INTERVAL_MS = 0.025 * SECOND_MS;
const LONGEST_INTERVAL_MS = 10 * SECOND_MS;
const INTERVAL_GROWTH = 1.6;
const REPORT_INTERVAL_MS = 15 * SECOND_MS;
/** So long a run looks that has no patience: a list may show a VM before the VM itself is found, and another run would come at once. */
const NOT_FOUND_HELD_MS = 10 * SECOND_MS;
const NOT_FOUND_FIRST_INTERVAL_MS = 0.25 * SECOND_MS;
/** How often a VM is started that does not stay so, or whose start comes to nothing. */
const MOST_STARTS = 5;
/** What only makes a message nicer is not waited for. */
const NICER_MESSAGE_MS = 5 * SECOND_MS;

/**
 * Waits until the VM is `running` and has an IPv4 address; starts a stopped one and sets up one
 * that was bought but never set up. Polls `GET /virtual-machines/{id}`, less often as time goes on.
 * Errors: VM_ERROR, VM_SUSPENDED, VM_GONE at once (of a new one VM_GONE after some minutes);
 * VM_LOCKED, VM_NOT_RUNNING at the limit; NOT_YET without patience.
 *
 * @param shown the VM as the API has shown it just now: it serves as the first look
 */
export async function waitForRunning(session: Session, vmId: number, inputs: VirtualMachineInputs, { isNew = false, shown }: { readonly isNew?: boolean; readonly shown?: VirtualMachine | undefined } = {}): Promise<VirtualMachine> {
  const startMs = monotonicMs();
  const asked: Asked = { setUp: undefined, starts: 0, start: undefined, startedAtMs: 0 };
  let intervalMs = FIRST_INTERVAL_MS;
  let told = { state: "", atMs: 0 };
  for (;;) {
    const vm = shown ?? (await getVm(session, vmId, inputs.hostname, { isNew }));
    shown = undefined;
    if (vm.state === "running" && vm.ipv4[0]) return vm;
    refuseHopeless(vm, inputs.hostname);
    const waitedMs = monotonicMs() - startMs;
    const patience = patienceFor("running", session.settings.patience);
    await nudge(session, vm, inputs, patience === "own" ? waitedMs : Math.max(waitedMs, ageMs(session, vm)), asked);
    if (patience === "none") throw notYet("running", inputs.hostname, asked.setUp ? `initial, ${asked.setUp}` : vm.state);
    if (patience === "over") throw await notRunning(session, vm, inputs.hostname, session.settings.runningTimeoutMs);
    if (vm.state !== told.state || monotonicMs() - told.atMs > REPORT_INTERVAL_MS) {
      if (told.state !== vm.state) intervalMs = FIRST_INTERVAL_MS;
      told = { state: vm.state, atMs: monotonicMs() };
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

/** When the API last showed a VM to this session. */
const shownTo = new WeakMap<Session, Map<number, number>>();

/**
 * `GET /virtual-machines/{id}`. One that is new, or was there a moment ago, and is not found is not
 * gone: it is looked for again for some minutes. And only if the list lacks it as well is any VM gone.
 * Errors: VM_GONE; VM_NOT_FOUND of one that is listed; API_*; NOT_YET of a new one, without patience.
 */
export async function getVm(session: Session, vmId: number, hostname: string, { isNew = false } = {}): Promise<VirtualMachine> {
  const shownAt = shownTo.get(session) ?? new Map<number, number>();
  shownTo.set(session, shownAt);
  const sinceMs = isNew ? monotonicMs() : shownAt.get(vmId);
  const { notFoundGraceMs } = session.settings;
  const patience = patienceFor("running", session.settings.patience);
  for (let looks = 1; ; looks++) {
    try {
      const vm = await session.client.virtualMachines.get(vmId, { signal: session.signal });
      shownAt.set(vmId, monotonicMs());
      return vm;
    } catch (error) {
      if (!(error instanceof UserVpsError) || error.code !== "API_NOT_FOUND") throw error;
      if (sinceMs === undefined || monotonicMs() - sinceMs >= notFoundGraceMs) throw await notFound(session, vmId, hostname, error);
      if (isNew && patience === "none" && monotonicMs() - sinceMs >= Math.min(NOT_FOUND_HELD_MS, notFoundGraceMs / 2)) throw notYet("running", hostname, "not found yet");
      if (looks === 1) session.report(`${hostname}: Hostinger does not find VM ${vmId}, which is new or was there a moment ago; looking again for up to ${inSeconds(notFoundGraceMs)}`);
      await sleep(Math.min(NOT_FOUND_FIRST_INTERVAL_MS * looks, LONGEST_INTERVAL_MS), session.signal);
    }
  }
}

/** What is called gone may be forgotten while it is renewed, or be bought anew: one answer alone is not believed, nor a list with an entry that may be this VM. */
async function notFound({ client, signal }: Session, vmId: number, hostname: string, cause: UserVpsError): Promise<UserVpsError> {
  const { vms, odd } = await client.virtualMachines.listEntries({ signal });
  const unreadable = odd.find(({ id }) => id === null || id === vmId);
  if (unreadable) return new UserVpsError("VM_NOT_FOUND", `Hostinger does not find VM ${vmId} of ${hostname}, but an entry in its list of VMs that cannot be read (${unreadable.why}) may be that one.`, { cause });
  if (vms.some((vm) => vm.id === vmId && !isLost(vm))) return new UserVpsError("VM_NOT_FOUND", `Hostinger does not find VM ${vmId} of ${hostname}, but lists it.`, { cause });
  return new UserVpsError("VM_GONE", `VM ${vmId} of ${hostname} does not exist any more.`, { cause });
}

function refuseHopeless(vm: VirtualMachine, hostname: string): void {
  if (vm.state === "error") throw new UserVpsError("VM_ERROR", `VM ${vm.id} of ${hostname} is in the state 'error', expected 'running'.`);
  if (isSuspended(vm)) throw new UserVpsError("VM_SUSPENDED", `VM ${vm.id} of ${hostname} is ${vm.state}, expected 'running'.`);
  if (isLost(vm)) throw new UserVpsError("VM_GONE", `VM ${vm.id} of ${hostname} is ${vm.state}.`);
}

interface Asked {
  /** What came of a setup that was ordered; one for which the VM was not found is ordered again. */
  setUp: "set up" | "not found by its setup" | undefined;
  starts: number;
  /** The last start that was ordered; undefined: none was, or it was refused. */
  start: Action | undefined;
  startedAtMs: number;
}

/** Does what a state needs that does not end by itself. A locked VM takes no orders: later. */
async function nudge(session: Session, vm: VirtualMachine, inputs: VirtualMachineInputs, waitedMs: number, asked: Asked): Promise<void> {
  if (vm.actionsLock === "locked") return;
  const { virtualMachines } = session.client;
  // A start that was refused or failed, or after which the VM was stopped again, is ordered anew.
  if (vm.state === "stopped" && asked.starts < MOST_STARTS && !(await isUnderWay(session, vm, asked))) {
    asked.starts++;
    asked.startedAtMs = monotonicMs();
    const started = await orRefused(virtualMachines.start(vm.id, { signal: session.signal }));
    asked.start = typeof started === "string" ? undefined : started;
  }
  // A VM passes through `initial` on its way from purchase to `creating`; only one that stays there needs a setup.
  if (vm.state === "initial" && asked.setUp !== "set up" && waitedMs >= session.settings.initialGraceMs) {
    session.report(`${inputs.hostname}: VM ${vm.id} was never set up; setting it up`);
    await writeWholeScript(session, inputs);
    const setUp = await orRefused(virtualMachines.setup(vm.id, setupRequest(inputs), { signal: session.signal }));
    asked.setUp = setUp === "not found" ? "not found by its setup" : "set up";
  }
}

/** The state may have moved on since it was read, and then the API refuses; one that is shown may not be found yet by whoever takes the order. The next look tells. */
async function orRefused<T>(call: Promise<T>): Promise<T | "refused" | "not found"> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "API_REJECTED") return "refused";
    if (error instanceof UserVpsError && error.code === "API_NOT_FOUND") return "not found";
    throw error;
  }
}

/** An action that was just ordered may take a while to be found, as long as a VM that was just sold. */
async function isUnderWay({ client, settings, signal }: Session, vm: VirtualMachine, { start, startedAtMs }: Asked): Promise<boolean> {
  if (!start) return false;
  const action = await undefinedIfNotFound(client.virtualMachines.action(vm.id, start.id, { signal }));
  return action ? specificationState(action) === "running" : monotonicMs() - startedAtMs < settings.notFoundGraceMs;
}

/** For messages: whatever comes of the call, nothing depends on it. */
async function lastAction(session: Session, vm: VirtualMachine): Promise<string> {
  const [action] = await session.client.virtualMachines.actions(vm.id, { signal: session.signal, timeoutMs: NICER_MESSAGE_MS }).catch(() => []);
  const lock = vm.actionsLock === "locked" ? ", locked" : "";
  return action ? `${lock}, action ${action.name} ${action.state}` : lock;
}

async function notRunning(session: Session, vm: VirtualMachine, hostname: string, waitedMs: number): Promise<UserVpsError> {
  const code = vm.actionsLock === "locked" ? "VM_LOCKED" : "VM_NOT_RUNNING";
  const address = vm.ipv4[0] ? "" : " and has no IPv4 address";
  return new UserVpsError(code, `VM ${vm.id} of ${hostname} is ${vm.state}${await lastAction(session, vm)}${address} after ${inSeconds(waitedMs)}, expected 'running'.`);
}
