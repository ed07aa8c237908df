import { findVm } from "../../../providers/hostinger/find-vm.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { inTransaction } from "../../db/index.ts";
import { discardCredentials, endOpenChange, leavePoolMember, lockVps, openChange, refuseEndedRun } from "../../records/index.ts";
import type { VpsRecord } from "../../records/index.ts";
import { endRenewal } from "../end-renewal.ts";
import type { OperationContext } from "../operation.ts";
import { stackRequestOf } from "../stack-request.ts";
import { refuseDoubtedAccount } from "../other-account.ts";
import { refuseOtherNames } from "../own-vms.ts";
import { isOfTheVm } from "./of-the-vm.ts";

/**
 * A VM from a pool that did not come to be the user's is given up, as far as it lets itself: its renewal, its DNS record,
 * the VM at rest. One that is called by another name is left as it is: it may be another user's by now. What the user gets next
 * begins afresh; nobody has seen credentials of this one.
 *
 * @returns the record as it is now, without a VM
 * @throws UserVpsError whatever says nothing of the VM: another try may still stop it, and the user's name leads to it until then
 */
export async function leaveMember(context: OperationContext, session: Session): Promise<VpsRecord> {
  const { pool, engine, settings, record, hooks, recorder } = context;
  const { userId, hostname, hostingerVmId } = record;
  recorder.onLine(`VM ${hostingerVmId}, which waited in a pool, is set aside; the user gets another one`);
  if (hostingerVmId !== null && !(await findVm(session, { vmId: hostingerVmId, hostname }))) await refuseDoubtedAccount(context, session);
  const stack = stackRequestOf(record, settings);
  await engine.clearInterruptedRun(stack, hooks);
  try {
    await refuseOtherNames(pool, session, record, hostingerVmId === null ? [] : [hostingerVmId], { what: "given up" });
    await engine.destroy(stack, hooks);
  } catch (error) {
    if (!isOfTheVm(error)) throw error;
    recorder.onLine(`VM ${hostingerVmId} is left as it is: ${error.message}`);
    // One that may be another user's is to stay paid.
    if (error.code !== "VM_MISMATCH") await endRenewalOf(session, record);
    await engine.destroy(stack, hooks, { leavesVm: true });
  }
  return await inTransaction(pool, async (db) => {
    await lockVps(db, userId);
    await refuseEndedRun(db, hooks.runId);
    await discardCredentials(db, userId);
    // A wipe or another VM was asked for in place of this one; a host name is the user's whatever VM comes next.
    const change = await openChange(db, userId);
    if (change && change.kind !== "rename") await endOpenChange(db, userId, "superseded");
    return (await leavePoolMember(db, userId)) ?? record;
  });
}

/** What may have failed before the stack came to it. */
async function endRenewalOf(session: Session, { hostingerVmId: vmId, hostname }: VpsRecord): Promise<void> {
  if (vmId === null) return;
  try {
    await endRenewal(session, { vmId, hostname });
  } catch (error) {
    if (!isOfTheVm(error)) throw error;
    session.report(`VM ${vmId} may be renewed: ${error.message}`);
  }
}
