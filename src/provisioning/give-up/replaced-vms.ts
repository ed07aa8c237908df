import { putToRest } from "../../../providers/hostinger/give-up.ts";
import { isHostingersOwn } from "../../../providers/hostinger/hostinger-hostname.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";
import { isGone } from "../../../providers/hostinger/vm-state.ts";
import { wipeVm } from "../../../providers/hostinger/wipe.ts";
import type { Queryable } from "../../db/queryable.ts";
import { isVmOfAnother, replacedVms } from "../../records/index.ts";
import type { GiveUp } from "../../records/index.ts";
import { endRenewal } from "../end-renewal.ts";
import { setAside } from "./set-aside.ts";

/** Those of the VMs that somebody else has by now, whatever stack or purchase names them: they are left alone. */
export async function vmsOfOthers(db: Queryable, session: Session, { userId }: GiveUp, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  for (const id of new Set(ids)) {
    if (!(await isVmOfAnother(db, userId, id))) continue;
    session.report(`VM ${id} belongs to somebody else by now; it is left alone`);
    found.add(id);
  }
  return found;
}

/**
 * Besides the VM that the user's record names: what the stack has or an interrupted run has bought
 * (`known`), and those that were given up for another and still hold the user's data. Whose they
 * are is told by the records, whatever host name they have by now.
 */
export async function replacedVmsOf(db: Queryable, session: Session, giveUp: GiveUp, known: readonly number[], vmId: number | undefined): Promise<number[]> {
  const ids = [...new Set([...known, ...(await replacedVms(db, giveUp.userId))])].filter((id) => id !== vmId);
  const ofOthers = await vmsOfOthers(db, session, giveUp, ids);
  return ids.filter((id) => !ofOthers.has(id));
}

/**
 * Renewal off, wiped if that is wanted, stopped. May be repeated.
 *
 * @param isNew it was sold a short while ago: Hostinger may not find it yet
 */
export async function giveUpReplaced(session: Session, { hostname, templateId, wipe }: GiveUp, vmId: number, { isNew = false } = {}): Promise<void> {
  try {
    const vm = await getVm(session, vmId, hostname, { isNew });
    await endRenewal(session, { vmId, hostname });
    // Under Hostinger's own name it was wiped, by an interrupted run, or never set up.
    if (wipe && !isHostingersOwn(vm.hostname.toLowerCase())) {
      const { notWipedBecause } = await wipeVm(session, { vmId, hostname }, vm.template?.id ?? templateId);
      if (notWipedBecause !== undefined) session.report(`VM ${vmId} is not wiped: ${notWipedBecause}`);
    }
    await putToRest(session, { vmId, hostname });
    if (!wipe && vm.hostname.toLowerCase() === hostname) await setAside(session, { vmId, hostname });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
