/** What a person sees of the purchases for a host name, and what a person decides about one in doubt. */
import { UserVpsError } from "../../core/errors.ts";
import type { Session } from "../session.ts";
import { refuseOtherPlan } from "../search.ts";
import { isLost } from "../vm-state.ts";
import { getVm } from "../wait-for-running.ts";
import { readRecordsTwice, removeRecord, serverNowMs, writeRecord } from "./account.ts";
import { certainEvidence } from "./evidence.ts";
import { doubtEndsAtMs, moved } from "./record.ts";
import type { PurchaseData, PurchaseRecord } from "./record.ts";
import { isInDoubt } from "./states.ts";

/** `vm`: it has become this one. `buy-again`: nothing was bought. `give-up`: it is not to be looked for any more. */
export type PurchaseDecision = { readonly kind: "vm"; readonly vmId: number } | { readonly kind: "buy-again" } | { readonly kind: "give-up" };

/** For the records: who decided, and why. */
export interface DecidedBy {
  readonly who: string;
  readonly why: string;
}

export interface ReadPurchasesOptions {
  /** The stack's own post-install script, if it is known: what is older than that is none of this stack's. */
  readonly postInstallScriptId?: number | undefined;
}

/**
 * The purchases for a host name that are not over, the oldest first: none where nothing was ordered,
 * where it was refused, and where the stack's state holds the VM. See record.ts for the shape.
 * @throws UserVpsError API_*: then nothing may be concluded
 */
export async function readPurchases(session: Session, hostname: string, { postInstallScriptId }: ReadPurchasesOptions = {}): Promise<readonly PurchaseRecord[]> {
  const records = await readRecordsTwice(session, hostname, postInstallScriptId);
  return records.filter(({ state }) => state !== "closed");
}

/**
 * Writes a person's decision into the record, so that every possible buyer goes by it: the next run
 * takes the VM over, or buys once more. May be repeated. Returns the record as it is then; undefined
 * if there is no open purchase.
 * @throws UserVpsError INPUT_INVALID if there is nothing to decide yet; VM_GONE, VM_MISMATCH; API_*
 */
export async function resolvePurchase(session: Session, hostname: string, decision: PurchaseDecision, by: DecidedBy, options: ReadPurchasesOptions = {}): Promise<PurchaseRecord | undefined> {
  let last: PurchaseRecord | undefined;
  for (const record of await readPurchases(session, hostname, options)) last = await decide(session, record, decision, by);
  return last;
}

async function decide(session: Session, record: PurchaseRecord, decision: PurchaseDecision, { who, why }: DecidedBy): Promise<PurchaseRecord> {
  const nowMs = serverNowMs(session);
  if (decision.kind === "vm" && record.state === "seen" && record.vmId === decision.vmId) return record;
  refuseTooEarly(session, record, nowMs);
  const noted: PurchaseData["decision"] = { kind: decision.kind, who, why, at: new Date(nowMs).toISOString() };
  if (decision.kind === "vm") {
    await refuseWrongVm(session, record, decision.vmId);
    return await write(session, moved({ ...record, format: "current" }, "seen", nowMs, { vmId: decision.vmId, decision: noted }));
  }
  if (decision.kind === "buy-again") await refuseBought(session, record);
  const reason = decision.kind === "buy-again" ? "a person said to buy again" : "a person gave it up";
  const closed = await write(session, moved(record, "closed", nowMs, { decision: noted, reason }));
  if (record.format !== "current") await removeRecord(session, record.id);
  return closed;
}

/** As long as a buyer may still be at work, or the VM may show by itself, there is nothing to decide. */
function refuseTooEarly(session: Session, record: PurchaseRecord, nowMs: number): void {
  const { id, hostname, state } = record;
  if (state === "intended") throw new UserVpsError("INPUT_INVALID", `The purchase for ${hostname} (record ${id}) was not sent yet: there is nothing to decide.`, { next: "Look again in a few minutes." });
  const endsAtMs = doubtEndsAtMs(record, session.settings.purchaseSettleMs);
  if (isInDoubt(state) && nowMs < endsAtMs) {
    throw new UserVpsError("INPUT_INVALID", `The purchase for ${hostname} (record ${id}) may still show by itself until ${new Date(endsAtMs).toISOString()}.`, { next: "Decide after that." });
  }
}

/** It may have shown since the person looked: what certainly is the purchase's VM is not bought a second time. */
async function refuseBought(session: Session, record: PurchaseRecord): Promise<void> {
  const found = certainEvidence(record, { vms: await session.client.virtualMachines.list({ signal: session.signal }), subscriptions: [] }, undefined);
  if (found?.kind !== "vm") return;
  throw new UserVpsError("INPUT_INVALID", `The purchase for ${record.hostname} (record ${record.id}) has become VM ${found.vmId} by now: ${found.because}.`, { next: `Decide that it is this VM: \`user-vps resolve USER --vm ${found.vmId} --reason WHY\`.` });
}

async function refuseWrongVm(session: Session, { hostname, plan }: PurchaseRecord, vmId: number): Promise<void> {
  const vm = await getVm(session, vmId, hostname);
  if (isLost(vm)) throw new UserVpsError("VM_GONE", `VM ${vmId}, named for ${hostname}, is ${vm.state}.`);
  if (plan !== undefined) refuseOtherPlan(plan, vm);
}

async function write(session: Session, record: PurchaseRecord): Promise<PurchaseRecord> {
  if (await writeRecord(session, record)) return record;
  throw new UserVpsError("API_NOT_FOUND", `The purchase record ${record.id} of ${record.hostname} is gone: somebody else has ended it meanwhile.`);
}
