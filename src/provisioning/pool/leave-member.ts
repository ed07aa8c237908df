import { UserVpsError } from "../../../providers/core/errors.ts";
import { discardCredentials, endOpenChange, leavePoolMember, openChange } from "../../records/index.ts";
import type { VpsRecord } from "../../records/index.ts";
import { inTransaction } from "../../db/index.ts";
import type { OperationContext } from "../operation.ts";
import { stackRequestOf } from "../stack-request.ts";

/** Say nothing of the VM: another try may still stop it and end its renewal. */
const PASSING: ReadonlySet<string> = new Set(["CANCELLED", "RUN_LOST", "RUN_TIMED_OUT", "STACK_LOCKED", "DATABASE_FAILED", "API_RATE_LIMITED", "API_UNAVAILABLE", "API_UNREACHABLE", "API_TIMEOUT", "VM_NOT_FOUND"]);

/**
 * A VM from a pool that did not come to be the user's is given up, as far as it lets itself: its renewal, its DNS record,
 * the VM at rest. What the user gets next begins afresh; nobody has seen credentials of this one.
 *
 * @returns the record as it is now, without a VM
 */
export async function leaveMember({ pool, engine, settings, record, hooks, recorder }: OperationContext): Promise<VpsRecord> {
  const { userId, hostingerVmId } = record;
  recorder.onLine(`VM ${hostingerVmId}, which waited in a pool, is set aside; the user gets another one`);
  const stack = stackRequestOf(record, settings);
  await engine.clearInterruptedRun(stack, hooks);
  try {
    await engine.destroy(stack, hooks);
  } catch (error) {
    if (!(error instanceof UserVpsError) || PASSING.has(error.code)) throw error;
    // The rest of the stack goes before the VM does, so only the VM is left of it.
    recorder.onLine(`VM ${hostingerVmId} is left as it is: ${error.message}`);
    await engine.destroy(stack, hooks, { leavesVm: true });
  }
  return await inTransaction(pool, async (db) => {
    await discardCredentials(db, userId);
    // A wipe or another VM was asked for in place of this one; a host name is the user's whatever VM comes next.
    const change = await openChange(db, userId);
    if (change && change.kind !== "rename") await endOpenChange(db, userId, "superseded");
    return (await leavePoolMember(db, userId)) ?? record;
  });
}
