/** Whether a run has to buy, and may: asked before an engine is started. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { inTransaction } from "../db/index.ts";
import { admit } from "../purchases/index.ts";
import type { Admission } from "../purchases/index.ts";
import { mayBuyForPool } from "../records/index.ts";
import type { PlannedChange } from "./apply-change.ts";
import type { StackVm } from "./engine.ts";
import type { OperationContext } from "./operation.ts";

export async function askToBuy({ engine, record, purchases: { guard, account, refuseDoubtedAccount } }: OperationContext, session: Session, planned: PlannedChange | undefined): Promise<Admission> {
  const isReplaced = planned?.permission?.["allowReplaceOf"] !== undefined;
  const hasVm = record.hostingerVmId !== null || (await engine.vms(record.username)).some(({ isLeftOver }) => !isLeftOver);
  if (!hasVm && record.isPooled && !(await inTransaction(guard.pool, (db) => mayBuyForPool(db, record.userId)))) {
    throw new UserVpsError("PURCHASE_NOT_ALLOWED", `The wiped VM that ${record.username} was to become is not to be had any more, and its pool may buy no more today.`, { next: "Nothing: the pool is filled again by itself." });
  }
  if (!hasVm || isReplaced) await refuseDoubtedAccount?.(session);
  return await admit(guard, account, session, { record, changeId: isReplaced ? planned.change.changeId : null, needsPurchase: isReplaced || !hasVm });
}

/** The VM of the stack, unless it is the one that a change is to replace. */
export function newVm(vms: readonly StackVm[], replacedVmId: number | undefined): number | undefined {
  return vms.find(({ isLeftOver, vmId }) => !isLeftOver && vmId !== replacedVmId)?.vmId;
}
