import { findVm } from "../../../providers/hostinger/find-vm.ts";
import { isLost } from "../../../providers/hostinger/vm-state.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { inTransaction } from "../../db/index.ts";
import type { Queryable } from "../../db/queryable.ts";
import { findFormerVm, forgetFormerVm, lockVps, refuseEndedRun, returnFormerVm, takeOverVm } from "../../records/index.ts";
import type { FormerVm, VpsRecord } from "../../records/index.ts";
import type { OperationContext } from "../operation.ts";
import { refuseDoubtedAccount } from "../other-account.ts";
import { refuseOtherNames } from "../own-vms.ts";
import { claimMember } from "../pool/claim-member.ts";
import { setNamesakesAside } from "./set-aside.ts";
import { takeWipedVm } from "./take-wiped-vm.ts";

/**
 * The VM that a user without one gets in place of a purchase, by what is recorded and never by its
 * name alone: the one that the record names though the stack's state does not (it was lost), else the one
 * that the user gave up without a wipe, else one that waits in a pool, else, if that is switched on, one that is proven to be wiped.
 * It is bound to the user from here on. VMs of others that still have the user's host name lose it.
 *
 * @returns the record as it is now
 * @throws UserVpsError VM_NOT_FOUND where one is not there and the account is doubted; VM_MISMATCH of one that is called by another name than the user's. Whether one of a pool, or a wiped one, is what it was, its import looks
 */
export async function takeOver(context: OperationContext, session: Session): Promise<VpsRecord> {
  const { pool, engine, record } = context;
  const { userId, username, hostingerVmId, takenOverVmId, takenOverIsWiped, poolMemberId } = record;
  const isInStack = (await engine.vms(username)).some(({ isLeftOver }) => !isLeftOver);
  if (isInStack) return record;
  await setNamesakesAside(pool, session, record);
  const isTakenOver = hostingerVmId !== null && takenOverVmId === hostingerVmId;
  if (isTakenOver && (takenOverIsWiped || poolMemberId !== null)) return record;
  if (hostingerVmId !== null) await refuseOtherNames(pool, session, record, [hostingerVmId], { what: "taken over" });
  if (isTakenOver) return record;
  if (hostingerVmId !== null) {
    session.report(`the stack ${username} knows of no VM, but VM ${hostingerVmId} is the user's: it is taken over`);
    return (await bound(context, (db) => takeOverVm(db, userId, { vmId: hostingerVmId, isWiped: false }))) ?? record;
  }
  return (await takeFormerVm(context, session)) ?? (await claimMember(context)) ?? (await takeWipedVm(context, session)) ?? record;
}

/** One that is gone at Hostinger by now is not asked about again. */
async function takeFormerVm(context: OperationContext, session: Session): Promise<VpsRecord | undefined> {
  const { pool, record } = context;
  for (let former = await findFormerVm(pool, record.userId); former; former = await findFormerVm(pool, record.userId)) {
    const { vmId, giveUpId } = former;
    if (!(await isStillThere(session, former))) {
      await refuseDoubtedAccount(context, session);
      session.report(`VM ${vmId}, which was the user's, does not exist any more`);
      await forgetFormerVm(pool, giveUpId, "it does not exist any more");
      continue;
    }
    await refuseOtherNames(pool, session, record, [vmId], { what: "given back" });
    session.report(`VM ${vmId} was the user's and was not wiped: the user gets it back`);
    const returned = former;
    return await bound(context, (db) => returnFormerVm(db, returned));
  }
  return undefined;
}

/** By a run that still goes on. */
async function bound({ pool, record, hooks }: OperationContext, bind: (db: Queryable) => Promise<VpsRecord | undefined>): Promise<VpsRecord | undefined> {
  return await inTransaction(pool, async (db) => {
    await lockVps(db, record.userId);
    await refuseEndedRun(db, hooks.runId);
    return await bind(db);
  });
}

async function isStillThere(session: Session, { vmId, hostname }: FormerVm): Promise<boolean> {
  const vm = await findVm(session, { vmId, hostname });
  return vm !== undefined && !isLost(vm);
}
