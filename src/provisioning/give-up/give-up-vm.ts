import { putToRest } from "../../../providers/hostinger/give-up.ts";
import { subscriptionOf } from "../../../providers/hostinger/renewal.ts";
import type { Subscribed } from "../../../providers/hostinger/renewal.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { isGone } from "../../../providers/hostinger/vm-state.ts";
import { wipeVm } from "../../../providers/hostinger/wipe.ts";
import type { Queryable } from "../../db/queryable.ts";
import { noteGiveUp } from "../../records/index.ts";
import type { GiveUp, GiveUpProgress } from "../../records/index.ts";
import { endRenewal } from "../end-renewal.ts";
import { setAside } from "./set-aside.ts";

/** Writes down which VM it is and until when it is paid, while Hostinger still tells. */
export async function noteVm(db: Queryable, session: Session, { giveUpId, hostname }: GiveUp, vmId: number): Promise<void> {
  await noteGiveUp(db, giveUpId, { vmId, ...terms(await subscriptionOf(session, { vmId, hostname })) });
}

/**
 * What the stack's end leaves to do about the VM: renewal off, wiped, stopped, each as far as the
 * VM's state allows it; without a wipe it is set aside under a name that is nobody's. Each step is
 * written down when it is done, so that whoever goes on after a crash does only what is left, and so
 * is what could not be done, and why. A wipe that fails does not keep the VM from being stopped, and
 * fails the run.
 * Errors: VM_LOCKED, VM_ACTION_FAILED, API_*. A VM that is gone is fine.
 */
export async function giveUpVm(db: Queryable, session: Session, { giveUpId, hostname, templateId, wipe, wipedAt, wipeActionId }: GiveUp, vmId: number): Promise<void> {
  const vm = { vmId, hostname };
  try {
    const renewal = await endRenewal(session, vm);
    await noteGiveUp(db, giveUpId, { ...terms(renewal), renewal: renewal.isOff ? "off" : "unknown" });
    try {
      if (wipe && wipedAt === null) await wipeAndNote();
    } finally {
      const restState = await putToRest(session, vm);
      await noteGiveUp(db, giveUpId, { restState }, restState === "stopped" ? "stopped_at" : undefined);
      if (restState !== "stopped") session.report(`VM ${vmId} is left in the state '${restState}', in which it takes no stop`);
    }
    if (!wipe) await setAside(session, vm);
  } catch (error) {
    if (!isGone(error)) throw error;
    await noteGiveUp(db, giveUpId, { restState: "gone" });
  }

  async function wipeAndNote(): Promise<void> {
    const { notWipedBecause } = await wipeVm(session, vm, templateId, {
      actionId: wipeActionId ?? undefined,
      onOrdered: (actionId) => noteGiveUp(db, giveUpId, { wipeActionId: actionId }),
    });
    if (notWipedBecause === undefined) return noteGiveUp(db, giveUpId, {}, "wiped_at");
    session.report(`VM ${vmId} is not wiped: ${notWipedBecause}`);
    await noteGiveUp(db, giveUpId, { notWipedBecause });
  }
}

function terms({ subscriptionId, paidUntil }: Subscribed): GiveUpProgress {
  return { subscriptionId, paidUntil: paidUntil === undefined ? undefined : new Date(paidUntil) };
}
