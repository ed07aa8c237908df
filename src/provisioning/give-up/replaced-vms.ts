import { UserVpsError } from "../../../providers/core/errors.ts";
import { putToRest } from "../../../providers/hostinger/give-up.ts";
import { isHostingersOwn } from "../../../providers/hostinger/hostinger-hostname.ts";
import { endAutoRenewal } from "../../../providers/hostinger/renewal.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";
import { isGone } from "../../../providers/hostinger/vm-state.ts";
import { wipeVm } from "../../../providers/hostinger/wipe.ts";
import type { Queryable } from "../../db/queryable.ts";
import { isVmOfAnother, replacedVms } from "../../records/index.ts";
import type { GiveUp } from "../../records/index.ts";
import { setAside } from "./set-aside.ts";

/**
 * Besides the VM that the user's record names: what the stack has or an interrupted run has bought
 * (`known`), and those that were given up for another and still hold the user's data. Whose they
 * are is told by the records, whatever host name they have by now.
 */
export async function replacedVmsOf(db: Queryable, session: Session, { userId }: GiveUp, known: readonly number[], vmId: number | undefined): Promise<number[]> {
  const ids = new Set([...known, ...(await replacedVms(db, userId))]);
  const others: number[] = [];
  for (const id of ids) {
    if (id === vmId) continue;
    if (await isVmOfAnother(db, userId, id)) session.report(`VM ${id} belongs to somebody else by now; it is left alone`);
    else others.push(id);
  }
  return others;
}

/** Renewal off, wiped if that is wanted, stopped. May be repeated. */
export async function giveUpReplaced(session: Session, { hostname, templateId, wipe }: GiveUp, vmId: number): Promise<void> {
  try {
    const vm = await getVm(session, vmId, hostname);
    await endAutoRenewal(session, { vmId, hostname });
    // Under Hostinger's own name it was wiped, by an interrupted run, or never set up.
    if (wipe && !isHostingersOwn(vm.hostname.toLowerCase())) {
      const { notWipedBecause } = await wipeVm(session, { vmId, hostname }, vm.template?.id ?? templateId);
      if (notWipedBecause !== undefined) session.report(`VM ${vmId} is not wiped: ${notWipedBecause}`);
    }
    await putToRest(session, { vmId, hostname });
    if (!wipe && vm.hostname.toLowerCase() === hostname) await setAside(session, { vmId, hostname });
  } catch (error) {
    const isMissing = isGone(error) || (error instanceof UserVpsError && error.code === "API_NOT_FOUND");
    if (!isMissing) throw error;
  }
}
