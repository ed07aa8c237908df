import { UserVpsError } from "../../../providers/core/errors.ts";
import { endAutoRenewal, stopVm, wipeVm } from "../../../providers/hostinger/give-up.ts";
import { isHostingersOwn } from "../../../providers/hostinger/hostname.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";
import type { Queryable } from "../../db/queryable.ts";
import { listChanges } from "../../records/index.ts";
import type { GiveUp } from "../../records/index.ts";
import type { StackVm } from "../engine.ts";
import { isGone } from "./find-vm.ts";
import { setAside } from "./set-aside.ts";

const MOST_CHANGES = 1_000;

/**
 * Besides the VM that the user's record names: one that an interrupted change has bought or not
 * given up yet, and those that were given up for another and still hold the user's data. A VM that
 * has nothing but the user's host name may be somebody else's.
 */
export async function otherVms(db: Queryable, { userId }: GiveUp, vmsOfStack: readonly StackVm[], vmId: number | undefined): Promise<number[]> {
  const replaced = (await listChanges(db, userId, MOST_CHANGES)).filter(({ kind, begunAt }) => kind === "replace" && begunAt !== null);
  const ids = new Set([...vmsOfStack.map((vm) => vm.vmId), ...replaced.map((change) => change.vmId)]);
  return [...ids].filter((id) => id !== vmId);
}

/** Renewal off, wiped if that is wanted, stopped. May be repeated; a VM that has somebody else's name by now is left alone. */
export async function giveUpOther(session: Session, { hostname, templateId, wipe }: GiveUp, vmId: number): Promise<void> {
  try {
    const vm = await getVm(session, vmId, hostname);
    const name = vm.hostname.toLowerCase();
    // Set aside under the host name of that time: see apply-change.ts.
    const isUsers = name === hostname || name.startsWith(`old-${vmId}.`);
    // Wiped by an interrupted run, or put to another use.
    if (!isUsers && !isHostingersOwn(name)) return session.report(`VM ${vmId} has the host name ${name} by now; it is left alone`);
    await endAutoRenewal(session, { vmId, hostname });
    if (wipe && isUsers) await wipeVm(session, { vmId, hostname }, vm.template?.id ?? templateId);
    await stopVm(session, { vmId, hostname });
    if (!wipe && name === hostname) await setAside(session, { vmId, hostname });
  } catch (error) {
    const isMissing = isGone(error) || (error instanceof UserVpsError && error.code === "API_NOT_FOUND");
    if (!isMissing) throw error;
  }
}
