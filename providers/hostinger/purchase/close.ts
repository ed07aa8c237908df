import { messageOf } from "../../core/errors.ts";
import type { VirtualMachine } from "../api/client.ts";
import type { Session } from "../session.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { dropRecord, readRecordsTwice, removeRecord } from "./account.ts";
import { mayHaveBecome } from "./evidence.ts";
import { isAnothers } from "./record.ts";
import { mayHaveBought } from "./states.ts";

/**
 * The last edge: the stack's saved state holds the VM's id, so the record has done its work and goes.
 * That it cannot be removed right now is no reason to fail: it names the VM, and whoever looks next
 * finds the same one.
 */
export async function closePurchase(session: Session, recordId: number): Promise<void> {
  await unlessItStays(session, recordId, removeRecord(session, recordId));
}

/**
 * The same at the end of the `up` that made the VPS: one call, for nobody asks afterwards whether the record is gone
 * indeed. The VM's next update, and its end, do (closePurchase).
 */
export async function dropPurchase(session: Session, recordId: number): Promise<void> {
  await unlessItStays(session, recordId, dropRecord(session, recordId));
}

async function unlessItStays(session: Session, recordId: number, removal: Promise<void>): Promise<void> {
  await removal.catch((error: unknown) => session.report(`the purchase record ${recordId} could not be removed yet: ${messageOf(error)}`));
}

/** Whether anybody has bought, or is about to buy, a VM for the stack that would be installed with its script. */
export async function isPurchaseOpen(session: Session, hostname: string, scriptId: number): Promise<boolean> {
  const records = await readRecordsTwice(session, hostname, scriptId);
  return records.some(({ state }) => state !== "closed");
}

/**
 * The record of the purchase that a VM, which is imported by its id, may have come from: naming it
 * there is a person's word for what it has become. Undefined if there is none.
 */
export async function purchaseOfVm(session: Session, { hostname, owner, postInstallScriptId }: VirtualMachineInputs, vm: VirtualMachine): Promise<number | undefined> {
  const records = await readRecordsTwice(session, hostname, postInstallScriptId);
  return records.find((record) => !isAnothers(record, owner) && mayHaveBought(record.state) && mayHaveBecome(record, vm))?.id;
}
