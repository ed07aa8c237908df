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
import { UserVpsError } from "../../core/errors.ts";
import type { Session } from "../session.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { lookOfThisRun, readRecords, removeRecord } from "./account.ts";
import { attempt } from "./attempt.ts";
import { isRecordsOwn, mayHaveBecome } from "./evidence.ts";
import { follow, mayBuy } from "./follow.ts";
import type { Obtained } from "./follow.ts";
import { refuseNamesakes } from "./namesakes.ts";
import { isAnothers } from "./record.ts";
import type { PurchaseRecord } from "./record.ts";
import { mayHaveBought } from "./states.ts";

/** So often somebody else may come first, or the world may change between two looks. */
const MOST_TURNS = 30;

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
      next: "Have the other's purchase end first: docs/runbook.md, or take another host name. If it is this resource's own, from before it, its stack or its project was renamed, set `owner` to that of the record.",
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
