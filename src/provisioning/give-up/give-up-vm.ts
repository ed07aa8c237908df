import { endAutoRenewal, stopVm, subscriptionOf, wipeVm } from "../../../providers/hostinger/give-up.ts";
import type { Subscribed } from "../../../providers/hostinger/give-up.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { Queryable } from "../../db/queryable.ts";
import { noteGiveUp } from "../../records/index.ts";
import type { GiveUp, GiveUpProgress } from "../../records/index.ts";
import { isGone } from "./find-vm.ts";
import { setAside } from "./set-aside.ts";

/** Writes down which VM it is and until when it is paid, while Hostinger still tells. */
export async function noteVm(db: Queryable, session: Session, { giveUpId, hostname }: GiveUp, vmId: number): Promise<void> {
  await noteGiveUp(db, giveUpId, { vmId, ...terms(await subscriptionOf(session, { vmId, hostname })) });
}

/**
 * What the stack's end leaves to do about the VM: renewal off, wiped, stopped, and without a wipe set
 * aside under a name that is nobody's. Each step is written
 * down when it is done, so that whoever goes on after a crash does only what is left. A wipe that
 * fails does not keep the VM from being stopped, and fails the run.
 * Errors: VM_LOCKED, VM_ACTION_FAILED, API_*. A VM that is gone is fine.
 */
export async function giveUpVm(db: Queryable, session: Session, { giveUpId, hostname, templateId, wipe, wipedAt, wipeActionId }: GiveUp, vmId: number): Promise<void> {
  const vm = { vmId, hostname };
  try {
    await noteGiveUp(db, giveUpId, terms(await endAutoRenewal(session, vm)));
    try {
      if (wipe && wipedAt === null) {
        await wipeVm(session, vm, templateId, {
          actionId: wipeActionId ?? undefined,
          onOrdered: (actionId) => noteGiveUp(db, giveUpId, { wipeActionId: actionId }),
        });
        await noteGiveUp(db, giveUpId, {}, "wiped_at");
      }
    } finally {
      await stopVm(session, vm);
    }
    if (!wipe) await setAside(session, vm);
    await noteGiveUp(db, giveUpId, {}, "stopped_at");
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function terms({ subscriptionId, paidUntil }: Subscribed): GiveUpProgress {
  return { subscriptionId, paidUntil: paidUntil === undefined ? undefined : new Date(paidUntil) };
}
