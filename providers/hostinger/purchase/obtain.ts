/**
 * A stack comes by its VM: it goes on with the purchase that is open for its host name, or buys one,
 * at most one, whatever dies or stands still when.
 *
 *     look: records, and before them the VMs unless this is the first look of one that may buy
 *       ├─ a purchase of this stack is open ───────> follow it (follow.ts)
 *       ├─ a VM of this host name, without one ────> refused: a name is no proof (VM_NOT_OURS)
 *       └─ nothing ─> write `intended` into a record of one's own
 *            look again: records since, then VMs
 *              ├─ somebody else's `intended` was first, and is in time ─> step back, wait for it, look anew
 *              ├─ it is past its deadline ───────────────────────────────> take it away
 *              └─ write `sent` over one's own record, and read it again ─> gone: taken away; look anew
 *                   └─ the call, if the deadline is still to come ──> its outcome is written into the record
 *
 * Who may stand still where: before `sent`, the record is taken away by others, and the write fails.
 * After it, everybody else sees a purchase that may have been made, and nobody buys but by a person's
 * word; and the call does not begin once the deadline is over.
 */
import { randomUUID } from "node:crypto";
import { UserVpsError, messageOf } from "../../core/errors.ts";
import { SECOND_MS, inSeconds } from "../../core/time.ts";
import type { PurchaseOutcome, VirtualMachine, VmList } from "../api/client.ts";
import { isHostingersOwn } from "../hostinger-hostname.ts";
import { purchaseRequest } from "../purchase-request.ts";
import { isLost } from "../vm-state.ts";
import type { Session } from "../session.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { createRecord, lookOfThisRun, readRecord, readRecords, removeRecord, serverNowMs, writeRecord, writeWherever } from "./account.ts";
import type { RecordsLook } from "./account.ts";
import { startStopwatch } from "./deadline.ts";
import { isRecordsOwn, mayBeOurs, mayHaveBecome } from "./evidence.ts";
import { follow, mayBuy, POLICY, take } from "./follow.ts";
import { shownAfterRefusal } from "./refusal.ts";
import type { Obtained } from "./follow.ts";
import { isAnothers, moved, refusalOf, takenAwayFromMs } from "./record.ts";
import type { PurchaseData, PurchaseRecord } from "./record.ts";
import { mayHaveBought } from "./states.ts";
import type { PurchaseState } from "./states.ts";
import { Wait } from "./wait.ts";

/** So often somebody else may come first, or the world may change between two looks. */
const MOST_TURNS = 30;
/** What is tidied up after a failure or a cancellation may take so long. */
const TIDY_UP = { signal: null, timeoutMs: 15 * SECOND_MS } as const;
/** What the call came to is written down even if nobody waits for it any more. */
const TO_THE_END = { signal: null } as const;

export interface ObtainOptions {
  /** The script is the stack's own: there before this stack bought anything. Else records are looked for as far back as any may be open. */
  readonly hasOwnScript?: boolean;
}

/**
 * @throws UserVpsError PURCHASE_NOT_ALLOWED, VM_NOT_OURS, PAYMENT_REFUSED, AWAITING_PAYMENT,
 * PURCHASE_UNCERTAIN, NOT_YET, VM_GONE, VM_MISMATCH, API_*
 */
export async function obtainVm(session: Session, inputs: VirtualMachineInputs, { hasOwnScript = true }: ObtainOptions = {}): Promise<Obtained> {
  const sinceId = hasOwnScript ? inputs.postInstallScriptId : undefined;
  let isTakenAway = false;
  for (let turn = 1; turn <= MOST_TURNS; turn++) {
    // Who may buy lists the VMs once the intent is written, where it counts; if that look finds a namesake, it is looked for here.
    const list = turn === 1 && mayBuy(session, inputs) ? undefined : await session.client.virtualMachines.listEntries({ signal: session.signal });
    const known = turn === 1 ? await lookOfThisRun(session, inputs.hostname, inputs.postInstallScriptId) : undefined;
    const look = known ?? (await readRecords(session, inputs.hostname, { sinceId }));
    const open = await openPurchase(session, inputs, look.records);
    if (!open && list) refuseNamesakes(session, inputs, list);
    if (isTakenAway) refuseUnexplained(inputs.hostname, look.records);
    const obtained = open ? await follow(session, inputs, open) : await attempt(session, inputs, look);
    if (obtained && obtained !== "takenAway") return obtained;
    isTakenAway = obtained === "takenAway";
  }
  throw new UserVpsError("API_UNAVAILABLE", `Somebody else was about to buy a VM for ${inputs.hostname}, ${MOST_TURNS} times in a row.`);
}

/** No other buyer has taken the intent away: whoever did may have given its place in the books to somebody else. */
function refuseUnexplained(hostname: string, records: readonly PurchaseRecord[]): void {
  if (records.some(({ state }) => state !== "closed")) return;
  throw new UserVpsError("API_UNAVAILABLE", `The intent to buy a VM for ${hostname} was taken away before its purchase, and nobody else is buying it: nothing was bought.`, { next: "Run it again; the service does so by itself." });
}

/** The purchase that this stack has to go on with. */
async function openPurchase(session: Session, inputs: VirtualMachineInputs, records: readonly PurchaseRecord[]): Promise<PurchaseRecord | undefined> {
  const open: PurchaseRecord[] = [];
  for (const record of records) {
    if (!mayHaveBought(record.state)) continue;
    // That one's VM is what is to be given up for a new one.
    if (inputs.allowReplaceOf !== undefined && (await hasBecome(session, record, inputs.allowReplaceOf, inputs.owner))) await removeRecord(session, record.id);
    else open.push(record);
  }
  const foreign = open.find((record) => isAnothers(record, inputs.owner));
  if (foreign) {
    throw new UserVpsError("VM_NOT_OURS", `A purchase for ${inputs.hostname} is open (record ${foreign.id}, ${foreign.state}), but it is ${foreign.owner}'s, expected ${inputs.owner}'s.`, {
      next: "Have the other's purchase end first: docs/runbook.md, or take another host name.",
    });
  }
  return open.find(({ state }) => state === "seen") ?? open.find(({ state }) => state === "accepted") ?? open[0];
}

/** So is one that does not say so: a copy that was moved to the newest scripts at the very moment when its VM was written down. */
async function hasBecome(session: Session, record: PurchaseRecord, vmId: number, owner: string | undefined): Promise<boolean> {
  if (record.state === "seen") return record.vmId === vmId;
  if (isAnothers(record, owner)) return false;
  const vm = (await session.client.virtualMachines.list({ signal: session.signal })).find(({ id }) => id === vmId);
  return vm !== undefined && isRecordsOwn(record, vm.subscriptionId) && mayHaveBecome(record, vm);
}

/** A host name is no proof of whose a VM is; and one that cannot be read may be just that one. */
function refuseNamesakes(session: Session, inputs: VirtualMachineInputs, list: VmList): void {
  const { hostname, allowReplaceOf } = inputs;
  const namesake = namesakeOf(inputs, list);
  if (namesake) {
    throw new UserVpsError("VM_NOT_OURS", `VM ${namesake.id} has the host name ${hostname}, but nothing else ties it to this stack.`, {
      next: `If it is meant to be this stack's, \`pulumi config set importVmId ${namesake.id}\`; else give it another host name.`,
    });
  }
  const unreadable = list.odd.find((entry) => entry.id !== allowReplaceOf && mayBeOurs(entry, hostname, []));
  if (unreadable) {
    throw new UserVpsError("API_ANSWER_UNEXPECTED", `An entry in the list of VMs (${unreadable.id ?? "without an id"}) cannot be read (${unreadable.why}), and may be the VM of ${hostname}: nothing is bought.`);
  }
  if (!mayBuy(session, inputs)) throw new UserVpsError("PURCHASE_NOT_ALLOWED", `There is no VM of the host name ${hostname}, and this ${inputs.allowPurchase ? "run" : "stack"} may not buy one.`);
}

function namesakeOf({ hostname, allowReplaceOf }: VirtualMachineInputs, { vms }: VmList): VirtualMachine | undefined {
  return vms.find((vm) => vm.id !== allowReplaceOf && vm.hostname.toLowerCase() === hostname && !isLost(vm));
}

/** Undefined: nothing was sent, and the look around has to be done anew. "takenAway": so it is, and its own record was gone. */
async function attempt(session: Session, inputs: VirtualMachineInputs, look: RecordsLook): Promise<Obtained | "takenAway" | undefined> {
  const { hostname } = inputs;
  const intentMs = session.settings.purchaseIntentMs;
  const sinceMs = startStopwatch();
  const mine = await createRecord(session, hostname, intended(session, inputs, look.records));
  const isTooLate = () => sinceMs() >= intentMs;
  const dateAtFirst = serverNowMs(session);
  const sent = await untilSent().catch(async (error: unknown) => {
    // Nothing was sent, and nobody shall think so.
    await removeRecord(session, mine.id, TIDY_UP).catch(() => undefined);
    throw error;
  });
  if (!sent || sent === "takenAway") return sent;
  session.report(`${hostname}: buying ${inputs.plan} in data center ${inputs.dataCenterId}`);
  // Without the session's signal: a purchase in flight is better finished than cut off.
  const outcome = await session.client.virtualMachines.purchase(purchaseRequest(inputs), { timeoutMs: session.settings.purchaseTimeoutMs, mayBegin: () => !isTooLate() });
  return await afterCall(session, inputs, sent.record, newOnly(outcome, sent.before), look.records);

  /** The record as `sent`, and the VMs that were there before; undefined if somebody else comes first. It is removed then. */
  async function untilSent(): Promise<{ readonly record: PurchaseRecord; readonly before: VmList } | "takenAway" | undefined> {
    const rival = await firstRival(session, mine, look);
    let isGone = rival === "gone";
    const list = rival ? undefined : await session.client.virtualMachines.listEntries({ signal: session.signal });
    // Whose a VM is that was not there at first, the next look around tells: it has a record now, or is refused.
    const isAlone = list !== undefined && namesakeOf(inputs, list) === undefined;
    if (isAlone) refuseNamesakes(session, inputs, list);
    const next = moved(mine, "sent", serverNowMs(session), { vmIdsBefore: unnamedOf(list) });
    if (isAlone && !isTooLate()) {
      const written = await writeRecord(session, next);
      const confirmed = written && (await readRecord(session, mine.id));
      isGone = confirmed === undefined;
      // By Hostinger's clock as well: on a machine that was paused from outside, no other has run on.
      const isLateThere = (written?.writtenAtMs ?? 0) - mine.createdAtMs > intentMs || serverNowMs(session) - dateAtFirst > intentMs;
      if (confirmed?.state === "sent" && confirmed.key === mine.key && !isLateThere && !isTooLate()) return { record: next, before: list };
    }
    await removeRecord(session, mine.id);
    if (rival && rival !== "gone") await waitFor(session, rival);
    return isGone ? "takenAway" : undefined;
  }
}

/** Who has a name cannot be taken for what was bought; and the fleet may be large. Undefined: there is none. */
function unnamedOf(list: VmList | undefined): number[] | undefined {
  const { vms = [], odd = [] } = list ?? {};
  const ids = [...vms, ...odd].flatMap(({ id, hostname }) => (id !== null && isHostingersOwn(hostname ?? "") ? [id] : []));
  return ids.length === 0 ? undefined : ids;
}

/** What was there before the call is not what it bought, whatever the answer says: then nobody knows. */
function newOnly(outcome: PurchaseOutcome, { vms, odd }: VmList): PurchaseOutcome {
  if (outcome.kind !== "named" && outcome.kind !== "accepted" && outcome.kind !== "refused") return outcome;
  const vmId = outcome.kind === "named" ? outcome.vmId : undefined;
  const { subscriptionId } = outcome;
  const known = [...vms, ...odd].find((vm) => (vmId !== undefined && vm.id === vmId) || (subscriptionId !== undefined && vm.subscriptionId === subscriptionId));
  if (!known) return outcome;
  return { kind: "unknown", said: `The purchase was answered with ${known.id === vmId ? `VM ${vmId}` : `the subscription ${subscriptionId} of VM ${known.id}`}, which was there before.` };
}

function intended(session: Session, inputs: VirtualMachineInputs, earlier: readonly PurchaseRecord[]): Omit<PurchaseData, "version"> {
  return {
    key: randomUUID(),
    owner: inputs.owner,
    plan: inputs.plan,
    postInstallScriptId: inputs.postInstallScriptId,
    intentMs: session.settings.purchaseIntentMs,
    state: "intended",
    moves: [{ state: "intended", at: new Date(serverNowMs(session)).toISOString() }],
    // The policy buys again once, however often it comes to that.
    ...(earlier.some(({ boughtAgain, decision }) => boughtAgain === true || decision?.who === POLICY) && { boughtAgain: true }),
  };
}

/** Whose turn it is before ours; "gone": ours has been taken away. Who is past the deadline is taken away: its own write finds that out. */
async function firstRival(session: Session, mine: PurchaseRecord, look: RecordsLook): Promise<PurchaseRecord | "gone" | undefined> {
  const since = await readRecords(session, mine.hostname, { sinceId: look.scripts[0]?.id ?? 0, leastPages: 1 });
  if (!since.records.some(({ id }) => id === mine.id)) {
    if (!(await readRecord(session, mine.id))) return "gone";
    throw new UserVpsError("API_LIST_INCOMPLETE", `The list of post-install scripts does not show ${mine.id}, which was just made: it may not show others' either.`);
  }
  const rivals = new Map([...look.records, ...since.records].map((record) => [record.id, record]));
  rivals.delete(mine.id);
  for (const seen of rivals.values()) {
    if (seen.state === "closed" || (seen.state === "intended" && seen.id > mine.id)) continue;
    const rival = await readRecord(session, seen.id);
    if (!rival || rival.state === "closed") continue;
    // One clock has told both times.
    if (mayHaveBought(rival.state) || mine.createdAtMs < takenAwayFromMs(rival)) return rival;
    session.report(`${mine.hostname}: an intent to buy that was never followed by its purchase is taken away`);
    await removeRecord(session, rival.id);
  }
  return undefined;
}

/** Until it has moved on, or its deadline is over. */
async function waitFor(session: Session, rival: PurchaseRecord): Promise<void> {
  const wait = new Wait(session);
  const longestMs = takenAwayFromMs(rival) - rival.createdAtMs;
  while (wait.waitedMs < longestMs) {
    await wait.untilNextLook(`${rival.hostname}: somebody else is about to buy its VM; waiting for up to ${inSeconds(longestMs)}`);
    const now = await readRecord(session, rival.id);
    if (now?.state !== "intended") return;
  }
}

/** What the call came to is written down; that this fails changes nothing of it. */
async function afterCall(session: Session, inputs: VirtualMachineInputs, sent: PurchaseRecord, outcome: PurchaseOutcome, earlier: readonly PurchaseRecord[]): Promise<Obtained | undefined> {
  const { hostname } = inputs;
  const note = async (to: PurchaseState, known: Partial<PurchaseData>): Promise<PurchaseRecord> => {
    const next = moved(sent, to, serverNowMs(session), known);
    const written = await writeWherever(session, next, TO_THE_END).catch((error: unknown) => {
      session.report(`${hostname}: that the purchase is ${to} could not be written down: ${messageOf(error)}`);
      return undefined;
    });
    // What a person or the policy closed has led to this one, which remembers it.
    for (const closed of earlier.filter(({ state }) => state === "closed")) await removeRecord(session, closed.id, TIDY_UP).catch(() => undefined);
    return written ?? next;
  };
  const over = async (because: Error): Promise<never> => {
    // It stays as `sent` where even this fails: then a person decides.
    await removeRecord(session, sent.id, TO_THE_END).catch((error: unknown) => session.report(`${hostname}: the record of the refused purchase could not be removed: ${messageOf(error)}`));
    throw because;
  };
  switch (outcome.kind) {
    case "named": {
      const { vmId, orderId, subscriptionId, vm } = outcome;
      return { ...(await take(session, inputs, { ...(await note("seen", { vmId, orderId, subscriptionId })), vmId }, "bought")), vm };
    }
    case "accepted": {
      const { orderId, subscriptionId } = outcome;
      return await follow(session, inputs, await note("accepted", { orderId, subscriptionId }));
    }
    case "unknown":
      session.report(`${hostname}: the purchase's outcome is unknown; looking for its VM`);
      return await follow(session, inputs, await note("uncertain", { reason: outcome.said }));
    case "refused": {
      const shown = await shownAfterRefusal(session, sent, outcome, inputs.allowReplaceOf);
      if (shown === undefined) return await over(outcome.error);
      session.report(`${hostname}: the purchase was refused, but may have been made: ${shown.what}`);
      const known = { subscriptionId: shown.subscriptionId, vmId: shown.vmId, reason: `${outcome.error.bareMessage} But ${shown.what}.`, refusal: refusalOf(outcome.error, shown.shows) };
      return await follow(session, inputs, await note(shown.vmId === undefined ? "refused" : "seen", known));
    }
    case "notSent":
      return await over(outcome.error);
  }
}
