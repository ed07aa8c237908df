/**
 * The VirtualMachine as Pulumi's engine drives it: check, diff, create, read, update, delete.
 * Loaded at run time by the thin provider in virtual-machine.ts, so that changes here are no
 * diff on existing stacks.
 */
import { initializationFailed, withoutUndefined } from "../core/initialization-failed.ts";
import { messageOf, UserVpsError } from "../core/errors.ts";
import type { VirtualMachine } from "./api/client.ts";
import { applyChanges, NOTHING_INSTALLED } from "./change.ts";
import { permitLeftOver, permitReplacement, refuseDeletion } from "./deletion-fence.ts";
import { changesOf, isOnlyAboutDeletion, needsReplacement } from "./virtual-machine-diff.ts";
import { isHostingersOwn } from "./hostinger-hostname.ts";
import { addressesOf, refuseForeignName } from "./name-check.ts";
import { isCalledAsOwn, otherName } from "./own-name.ts";
import { refuseMismatch } from "./search.ts";
import { BEING_MADE, GONE, isGone, isLost } from "./vm-state.ts";
import { findLiving } from "./find-vm.ts";
import { giveUp } from "./give-up.ts";
import { closePurchase, isPurchaseOpen, obtainVm, purchaseOfVm } from "./purchase/index.ts";
import type { Obtained } from "./purchase/index.ts";
import { writeStub, writeWholeScript } from "./script-content.ts";
import { currentSession, stackSetting } from "./session.ts";
import type { Session } from "./session.ts";
import { withoutProvider } from "./property-values.ts";
import { isAnothersNow, noteCreating, noteKept, noteTakenOver } from "./taken-over.ts";
import { DEFAULT_INPUTS } from "./virtual-machine-args.ts";
import type { VirtualMachineInputs, VirtualMachineOutputs } from "./virtual-machine-args.ts";
import { factsOf } from "./virtual-machine-facts.ts";
import { getVm } from "./wait-for-running.ts";

export { configure } from "./session.ts";
export { checkVirtualMachine as check } from "./virtual-machine-check.ts";
export { readVirtualMachine as read } from "./virtual-machine-read.ts";

type Values = Record<string, unknown>;
type AcquiredVm = Obtained | { vmId: number; how: "imported"; orderId: undefined; recordId: number | undefined; hostname: string; isWiped: boolean };

export function diff(id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  const replaces = needsReplacement(Number(id), olds, news);
  const { allowReplaceOf, hostname } = news;
  if (replaces.length > 0) permitReplacement(Number(id));
  else if (typeof allowReplaceOf === "number" && allowReplaceOf !== Number(id)) permitLeftOver(allowReplaceOf, String(hostname));
  if (allowReplaceOf !== Number(id)) noteKept("VM", id, news);
  return { changes: replaces.length > 0 || changesOf(olds, news).length > 0, replaces };
}

/** Goes on with a purchase that is open, or buys the VM, and waits until it runs. From the moment the VM is known, no failure forgets it. */
export async function create(given: Values): Promise<{ id: string; outs: Values }> {
  const session = currentSession();
  const inputs = inputsFrom(given);
  noteCreating("VM", given);
  const acquired = inputs.importId === undefined ? await buyVm(session, inputs) : await importVm(session, inputs, inputs.importId);
  const id = String(acquired.vmId);
  if (acquired.how !== "bought") noteTakenOver("VM", id);
  let known = knownAfter(acquired, inputs);
  try {
    const vm = await applyChanges(session, acquired.vmId, known, inputs, (done) => (known = { ...known, ...done }), "vm" in acquired ? acquired.vm : undefined);
    return { id, outs: outputsOf(known, vm, inputs) };
  } catch (error) {
    throw failedKeeping(error, id, known, given);
  }
}

/** Of a purchase that goes on: no need to ask whether a VM may still come. */
const GOES_ON: ReadonlySet<string> = new Set(["NOT_YET", "AWAITING_PAYMENT", "PURCHASE_UNCERTAIN"]);

/** Where nothing comes of it, the script's secrets do not stay in the account: the next try writes it anew. */
async function buyVm(session: Session, inputs: VirtualMachineInputs): Promise<Obtained> {
  try {
    // What is to be replaced has the name already.
    if (inputs.allowReplaceOf === undefined) await refuseForeignName(session, inputs, []);
    await writeWholeScript(session, inputs);
    return await obtainVm(session, inputs);
  } catch (error) {
    const goesOn = error instanceof UserVpsError && GOES_ON.has(error.code);
    if (!goesOn) await takeSecretsBack(session, inputs).catch((trouble: unknown) => session.report(`${inputs.hostname}: its script stays in the Hostinger account for now: ${messageOf(trouble)}`));
    throw error;
  }
}

/** Unless a VM may still come that is installed with it, or its content is not known here: nobody could write it anew. */
async function takeSecretsBack(session: Session, { hostname, postInstallScriptId: scriptId, postInstallScript: content }: VirtualMachineInputs): Promise<void> {
  if (scriptId === undefined || content === undefined || (await isPurchaseOpen(session, hostname, scriptId))) return;
  await writeStub(session, scriptId);
}

/** What the VM has already. What one that was taken over may lack is left out, so that it counts as a change. */
function knownAfter(acquired: AcquiredVm, inputs: VirtualMachineInputs): Values {
  const { rootPassword, sshPublicKey, autoRenew: _autoRenew, ...rest } = recorded(inputs);
  const facts = { vmId: acquired.vmId, orderId: acquired.orderId, purchaseRecordId: acquired.recordId, state: BEING_MADE };
  if (acquired.how === "imported") {
    return { ...rest, ...facts, hostname: acquired.hostname, acquired: "imported", ...(acquired.isWiped && NOTHING_INSTALLED) };
  }
  return { ...rest, ...facts, rootPassword, sshPublicKey, autoRenew: true, acquired: "bought" };
}

/** Changes in place what can be changed in place, after the VM runs. A failure keeps what was done so far. */
export async function update(id: string, oldValues: Values, given: Values): Promise<{ outs: Values }> {
  const session = currentSession();
  const olds = withoutProvider(oldValues);
  // See check: left out, it is as it is.
  const inputs = { ...inputsFrom(given), rootPassword: (given["rootPassword"] ?? olds["rootPassword"]) as string };
  if (isOnlyAboutDeletion(olds, { ...inputs })) {
    const noted = withoutUndefined({ ...olds, ...recorded(inputs) });
    return { outs: oldValues["state"] === BEING_MADE ? noted : await withPurchaseClosed(session, noted) };
  }
  // They ask nothing of the VM: also one that does not come to run can be given up, or stays protected.
  let known: Values = { ...olds, allowDelete: inputs.allowDelete, wipeOnDelete: inputs.wipeOnDelete };
  try {
    const vm = await applyChanges(session, Number(id), known, inputs, (done) => (known = { ...known, ...done }));
    // In the `up` that ends what was begun, the script's stub ends the purchase too: see ScriptStub.
    if (oldValues["state"] !== BEING_MADE) known = await withPurchaseClosed(session, known);
    return { outs: outputsOf(known, vm, inputs) };
  } catch (error) {
    throw failedKeeping(error, id, known, given);
  }
}

/** One that turned out to be gone is kept as such: the run that may buy in its place does, and does not look for it again. */
function failedKeeping(error: unknown, id: string, known: Values, given: Values): Error {
  return initializationFailed(error, id, isGone(error) ? { ...known, state: GONE } : known, given);
}

async function deleteVirtualMachine(id: string, props: Values): Promise<void> {
  const outputs = props as unknown as VirtualMachineOutputs;
  if (isAnothersNow("VM", id)) return;
  const isNoneAnyMore = outputs.state === GONE && (await findLiving(currentSession(), { vmId: Number(id), hostname: outputs.hostname })) === undefined;
  if (!isNoneAnyMore) refuseDeletion(Number(id), outputs);
  const session = currentSession();
  await giveUp(session, Number(id), outputs, { isNew: outputs.state === BEING_MADE });
  await withPurchaseClosed(session, props);
}
export { deleteVirtualMachine as delete };

/** The state that was handed in names the VM, so nobody has to find it by its purchase any more. */
async function withPurchaseClosed(session: Session, { purchaseRecordId, ...known }: Values): Promise<Values> {
  if (purchaseRecordId !== undefined) await closePurchase(session, Number(purchaseRecordId));
  return known;
}

async function importVm(session: Session, inputs: VirtualMachineInputs, vmId: number): Promise<AcquiredVm> {
  const vm = await getVm(session, vmId, inputs.hostname);
  if (isLost(vm)) throw new UserVpsError("VM_GONE", `VM ${vmId}, to be imported for ${inputs.hostname}, is ${vm.state}.`);
  refuseMismatch(inputs, vm);
  if (stackSetting("fromPool") === "true") refuseNotOfPool(inputs, vm);
  await refuseForeignName(session, inputs, addressesOf(vm));
  const isWiped = inputs.importWiped === true && isHostingersOwn(vm.hostname);
  // It gets the host name after it has been installed: with that, an interrupted run had come as far.
  if (inputs.importWiped && !isWiped && vm.hostname.toLowerCase() !== inputs.hostname) {
    throw new UserVpsError("VM_MISMATCH", `VM ${vmId}, to be installed anew for ${inputs.hostname}, has the host name ${vm.hostname}: it is not a wiped one.`);
  }
  return { vmId, how: "imported", orderId: undefined, recordId: await purchaseOfVm(session, inputs, vm), hostname: vm.hostname, isWiped };
}

/** Nobody else has got it since it was in the pool: it is called as it was booted there, or as it is to be by now. */
function refuseNotOfPool({ hostname }: VirtualMachineInputs, vm: VirtualMachine): void {
  const own = [hostname, stackSetting("bootHostname")].filter((name) => name !== undefined);
  if (!isCalledAsOwn(vm, own)) throw otherName(vm, own, "taken from a pool", "See in hPanel whose it is. If it is still a pool's, `bootHostname` is the host name by which it was booted there.");
}

/** As declared, but for the auto-renewal: it is what it was where it could not be switched. */
function outputsOf(known: Values, vm: VirtualMachine, inputs: VirtualMachineInputs): Values {
  return withoutUndefined({ ...known, ...factsOf(vm), ...recorded(inputs), autoRenew: known["autoRenew"] });
}

/** What the outputs repeat of the inputs. The script is large, and known to its own resource. */
function recorded({ postInstallScript: _, ...inputs }: VirtualMachineInputs): VirtualMachineInputs {
  return inputs;
}

function inputsFrom(given: Values): VirtualMachineInputs {
  return { ...DEFAULT_INPUTS, ...withoutProvider(given) } as unknown as VirtualMachineInputs;
}
