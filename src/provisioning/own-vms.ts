/** Before anything is done to VMs whose ids are recorded: whether they are called by a name of their user's. */
import { findVm } from "../../providers/hostinger/find-vm.ts";
import { isCalledAsAnothers, isCalledAsOwn, otherName } from "../../providers/hostinger/own-name.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { Queryable } from "../db/queryable.ts";
import { ownHostnames } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";

type Owner = Pick<VpsRecord, "userId" | "username" | "hostname">;

interface Intent {
  /** As in: it is not … */
  readonly what: string;
  /** Of VMs that were sold a short while ago Hostinger may not know yet. */
  readonly sold?: ReadonlySet<number>;
}

/**
 * For what gives a VM away or ends what is on it: any name but one of the user's own, or of Hostinger's, is refused.
 * One that is gone is fine.
 *
 * @throws UserVpsError VM_MISMATCH
 */
export async function refuseOtherNames(db: Queryable, session: Session, owner: Owner, vmIds: Iterable<number>, intent: Intent): Promise<void> {
  await refuse(db, session, owner, vmIds, intent, (vm, own) => !isCalledAsOwn(vm, own));
}

/**
 * For all else: a VM that somebody has called by an odd name is still the user's, and a repair gives it its name back.
 * One that is called as another user would be is left alone.
 *
 * @throws UserVpsError VM_MISMATCH
 */
export async function refuseNamesOfOthers(db: Queryable, session: Session, owner: Owner, vmIds: Iterable<number>, intent: Intent): Promise<void> {
  await refuse(db, session, owner, vmIds, intent, isCalledAsAnothers);
}

async function refuse(db: Queryable, session: Session, { userId, username, hostname }: Owner, vmIds: Iterable<number>, { what, sold }: Intent, isOther: typeof isCalledAsAnothers): Promise<void> {
  const ids = new Set(vmIds);
  if (ids.size === 0) return;
  const own = await ownHostnames(db, userId);
  for (const vmId of ids) {
    const vm = await findVm(session, { vmId, hostname }, { isNew: sold?.has(vmId) ?? false });
    if (!vm || !isOther(vm, own)) continue;
    throw otherName(vm, own, what, `See in hPanel whose VM ${vmId} is. If it is ${username}'s, give it the host name ${hostname} there; if it is another user's, write it into that user's record (docs/runbook.md, "A VM is called by another user's name"). Then \`user-vps retry ${username}\`, if it has failed, or ask again.`);
  }
}
