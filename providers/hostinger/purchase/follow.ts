/** A purchase that is open, whoever began it: followed until its VM is known, or somebody else has to do something. */
import { UserVpsError } from "../../core/errors.ts";
import { notYet, patienceFor } from "../../core/patience.ts";
import { DAY_MS, inSeconds } from "../../core/time.ts";
import type { PostInstallScript, VirtualMachine } from "../api/client.ts";
import type { LookingSession, Session } from "../session.ts";
import { refuseMismatch } from "../search.ts";
import { isLost } from "../vm-state.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { getVm } from "../wait-for-running.ts";
import { parseRecords, readRecord, removeRecord, serverNowMs, writeRecord } from "./account.ts";
import { certainEvidence, evidence } from "./evidence.ts";
import type { Evidence, Lists } from "./evidence.ts";
import { doubtEndsAtMs, errorOfRefusal, isOver, moved, seenAtMs, sentAtMs } from "./record.ts";
import type { PurchaseData, PurchaseRecord } from "./record.ts";
import { isInDoubt } from "./states.ts";
import type { PurchaseState } from "./states.ts";
import { Wait } from "./wait.ts";

/** The VM that the stack has come by, with the record that ties it to the stack until its state is saved. */
export interface Obtained {
  readonly vmId: number;
  /** `interrupted`: bought for this stack by a run that did not live to say so, or whose answer was lost. */
  readonly how: "bought" | "interrupted";
  readonly orderId: string | undefined;
  readonly recordId: number;
  /** As the purchase's own answer shows it. */
  readonly vm?: VirtualMachine | undefined;
}

/** The stack's word, and that of whoever started this run. */
export function mayBuy({ settings }: Session, { allowPurchase }: VirtualMachineInputs): boolean {
  return allowPurchase && settings.mayBuy;
}

/** By whom the policy's decision is signed. */
export const POLICY = "PURCHASE_UNCERTAIN_POLICY";

/** What cannot be told apart at once is told apart by what shows within this part of the settle time. */
const CERTAIN_FIRST = 1 / 3;
/** Other purchases are looked for so far back, in at most so many pages: see evidence.ts. */
const OTHERS_SINCE_MS = 1 * DAY_MS;
const MOST_PAGES_OF_OTHERS = 40;

/**
 * Returns the VM; undefined: the purchase is over without one, or somebody else has changed its
 * record, and the look around has to be done anew.
 * Errors: PURCHASE_UNCERTAIN, NOT_YET without patience, AWAITING_PAYMENT, PAYMENT_REFUSED, what it was refused with, VM_GONE, VM_MISMATCH, API_*.
 */
export async function follow(session: Session, inputs: VirtualMachineInputs, begun: PurchaseRecord): Promise<Obtained | undefined> {
  const wait = new Wait(session);
  // As it was left by whoever began it: what that one could not write down is known here.
  let record: PurchaseRecord | undefined = begun;
  for (;;) {
    if (isSeen(record)) return await take(session, inputs, record);
    // What showed since the look is not seen by it, however long ago the process has made it: it may have slept.
    const lookedAtMs = serverNowMs(session);
    const found = await lookForEvidence(session, record, inputs.allowReplaceOf);
    const next = await act(session, inputs, record, found, lookedAtMs);
    if (next === "again") return undefined;
    if (next) record = next;
    else {
      refuseToWait(session, record, found, wait, lookedAtMs);
      await wait.untilNextLook(`${inputs.hostname}: ${record.state === "accepted" ? `${orderOf(record)} is accepted; waiting for its payment and its VM` : "a purchase may have been made; looking for its VM"}`);
      const current = await readRecord(session, record.id);
      if (!current || current.state === "closed") return undefined;
      if (current.moves.length >= record.moves.length) record = current;
    }
  }
}

/** The record in its next state, "again" if it is over; undefined if nothing is known yet. */
async function act(session: Session, inputs: VirtualMachineInputs, record: PurchaseRecord, found: Evidence, lookedAtMs: number): Promise<PurchaseRecord | "again" | undefined> {
  switch (found.kind) {
    case "vm":
      session.report(`${inputs.hostname}: VM ${found.vmId} is what was bought: ${found.because}`);
      return await advance(session, record, "seen", { vmId: found.vmId });
    case "order": {
      session.report(`${inputs.hostname}: subscription ${found.subscriptionId} is what was bought: ${found.because}`);
      const known = { subscriptionId: found.subscriptionId };
      return record.state === "accepted" ? await written(session, { ...record, ...known }) : await advance(session, record, "accepted", known);
    }
    case "failed":
      await removeRecord(session, record.id);
      if (record.refusal) throw errorOfRefusal(record.refusal);
      throw new UserVpsError("PAYMENT_REFUSED", `${orderOf(record)} for ${inputs.hostname} has come to nothing: ${found.because}.`);
    case "none":
      if (isOver(record, serverNowMs(session))) {
        await removeRecord(session, record.id);
        return "again";
      }
      return found.isClear && mayBuyAgainByPolicy(session, inputs, record, lookedAtMs) ? await buyAgainByPolicy(session, record, found.looked) : undefined;
  }
}

/** Once, after the settle time, and only if nothing at all shows that may be what was bought. */
function mayBuyAgainByPolicy(session: Session, inputs: VirtualMachineInputs, record: PurchaseRecord, lookedAtMs: number): boolean {
  const { purchaseUncertainPolicy, purchaseSettleMs } = session.settings;
  if (purchaseUncertainPolicy !== "buy-again-without-evidence" || !mayBuy(session, inputs) || record.boughtAgain === true) return false;
  return record.format === "current" && isInDoubt(record.state) && lookedAtMs >= doubtEndsAtMs(record, purchaseSettleMs);
}

async function buyAgainByPolicy(session: Session, record: PurchaseRecord, looked: string): Promise<"again"> {
  session.report(`${record.hostname}: nothing shows of the purchase; ${POLICY} lets it be made once more`);
  const decision: PurchaseData["decision"] = { kind: "buy-again", who: POLICY, why: looked, at: new Date(serverNowMs(session)).toISOString() };
  await advance(session, record, "closed", { decision, reason: "no evidence after the settle time" });
  return "again";
}

/** Written before anything is done with it. */
async function advance(session: Session, record: PurchaseRecord, to: PurchaseState, known: Partial<PurchaseData>): Promise<PurchaseRecord | "again"> {
  return await written(session, moved({ ...record, format: "current" }, to, serverNowMs(session), known));
}

async function written(session: Session, record: PurchaseRecord): Promise<PurchaseRecord | "again"> {
  if (!(await writeRecord(session, record))) return "again";
  // Who moves it to the newest end may have read it just before, and removes it then.
  return (await readRecord(session, record.id)) ? record : "again";
}

/**
 * @param except a VM that is to be given up for the one that was bought
 * @param isOnlyLook nothing that shows later is looked at
 */
export async function lookForEvidence(session: LookingSession, record: PurchaseRecord, except: number | undefined, isOnlyLook = false): Promise<Evidence> {
  const { client, signal, settings } = session;
  const isEarly = !isOnlyLook && serverNowMs(session) < sentAtMs(record) + CERTAIN_FIRST * settings.purchaseSettleMs;
  // The VMs before the records: of a VM that is listed, the record is there.
  const { vms, odd } = await client.virtualMachines.listEntries({ signal });
  const subscriptions = await client.subscriptions.list({ signal });
  const certain = certainEvidence(record, { vms, subscriptions }, except);
  if (certain) return certain;
  // Others' purchases are only asked for where it may depend on them.
  const alone = evidence(record, { vms, odd, subscriptions, others: [] }, except);
  if (alone.kind === "failed" || (alone.kind === "none" && (alone.isClear || record.subscriptionId !== undefined))) return alone;
  return evidence(record, { vms, odd, subscriptions, others: isEarly ? undefined : await otherPurchases(session, record) }, except);
}

/** Undefined if there are too many scripts to be sure. */
async function otherPurchases(session: LookingSession, record: PurchaseRecord): Promise<Lists["others"]> {
  const sinceMs = record.createdAtMs - OTHERS_SINCE_MS;
  try {
    const isOldEnough = ({ createdAt }: PostInstallScript) => Date.parse(createdAt ?? "") < sinceMs;
    const scripts = await session.client.scripts.newest({ leastPages: 1, mostPages: MOST_PAGES_OF_OTHERS, isOldEnough }, { signal: session.signal });
    return (await parseRecords(session, scripts)).filter(({ key }) => key !== record.key);
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "API_LIST_INCOMPLETE") return undefined;
    throw error;
  }
}

function refuseToWait(session: Session, record: PurchaseRecord, found: Evidence, wait: Wait, lookedAtMs: number): void {
  const { runningTimeoutMs, purchaseSettleMs } = session.settings;
  const patience = patienceFor("purchase", session.settings.patience);
  if (record.state === "accepted") {
    if (patience === "own" && wait.waitedMs < runningTimeoutMs) return;
    throw new UserVpsError("AWAITING_PAYMENT", `${orderOf(record)} for ${record.hostname} is accepted since ${new Date(sentAtMs(record)).toISOString()}, and no VM of it shows yet.`);
  }
  const isSettled = lookedAtMs >= doubtEndsAtMs(record, purchaseSettleMs);
  if (!isSettled && patience === "none") throw notYet("purchase", record.hostname, "Hostinger has not told yet; nothing is ordered again");
  if (!isSettled || (record.endsAtMs !== undefined && patience === "own" && wait.waitedMs < runningTimeoutMs)) return;
  const reason = record.reason === undefined ? "" : ` ${record.reason}`;
  const looked = found.kind === "none" ? ` ${found.looked[0]!.toUpperCase()}${found.looked.slice(1)}.` : "";
  throw new UserVpsError("PURCHASE_UNCERTAIN", `A VM for ${record.hostname} was ordered at ${new Date(sentAtMs(record)).toISOString()} and nothing tells what became of it after ${inSeconds(purchaseSettleMs)} (record ${record.id}).${reason}${looked}`);
}

/**
 * It is this stack's: by the answer, by evidence, or by a person's word. One that was set up with
 * another script than the stack has now has other credentials, and is not taken over unseen.
 */
export async function take(session: Session, inputs: VirtualMachineInputs, record: PurchaseRecord & { readonly vmId: number }, how: Obtained["how"] = "interrupted"): Promise<Obtained> {
  const { id, vmId, orderId, format, postInstallScriptId } = record;
  if (how === "interrupted") {
    const vm = await boughtVm(session, record);
    if (isLost(vm)) throw new UserVpsError("VM_GONE", `VM ${vmId}, bought for ${inputs.hostname}, is ${vm.state}.`);
    refuseMismatch(inputs, vm);
    if (format === "current" && postInstallScriptId !== inputs.postInstallScriptId && vm.state !== "initial") {
      throw new UserVpsError("VM_NOT_OURS", `VM ${vmId} was bought for ${inputs.hostname}, but set up with script ${postInstallScriptId ?? "none"}, and this stack has script ${inputs.postInstallScriptId ?? "none"}: its credentials are others.`, {
        next: `To take it over as it is, \`pulumi config set importVmId ${vmId}\`.`,
      });
    }
    session.report(`${inputs.hostname}: VM ${vmId} was bought for it already; going on with it`);
  }
  return { vmId, how, orderId, recordId: id };
}

/** What was sold a moment ago may not be found yet, and is not gone for that. */
async function boughtVm(session: Session, record: PurchaseRecord & { readonly vmId: number }): Promise<VirtualMachine> {
  const isNew = serverNowMs(session) - seenAtMs(record) < session.settings.notFoundGraceMs;
  try {
    return await getVm(session, record.vmId, record.hostname, { isNew });
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "NOT_YET") throw notYet("purchase", record.hostname, `VM ${record.vmId} is sold, but not found yet`);
    throw error;
  }
}

export function isSeen(record: PurchaseRecord): record is PurchaseRecord & { readonly vmId: number } {
  return record.state === "seen" && record.vmId !== undefined;
}

function orderOf({ orderId, subscriptionId }: PurchaseRecord): string {
  if (orderId !== undefined) return `Order ${orderId}`;
  return subscriptionId === undefined ? "The order" : `The order of subscription ${subscriptionId}`;
}
