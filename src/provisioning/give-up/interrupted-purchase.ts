/** A VM that was paid for a user, and that neither the stack's state nor the user's record names: the record in the Hostinger account does. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { abandonPurchase, leftPurchases } from "../../../providers/hostinger/purchase/index.ts";
import type { LeftPurchase } from "../../../providers/hostinger/purchase/index.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { Queryable } from "../../db/queryable.ts";
import { findOpenPurchase, isDecidable, markBought, markEnded } from "../../purchases/index.ts";
import { isVmOfAnother } from "../../records/index.ts";
import type { GiveUp } from "../../records/index.ts";

export async function interruptedPurchases(db: Queryable, session: Session, { userId, hostname }: GiveUp): Promise<LeftPurchase[]> {
  const open = await findOpenPurchase(db, userId);
  const left: LeftPurchase[] = [];
  // Of a user who was renamed meanwhile, it may be recorded under the name of before.
  for (const name of new Set([hostname, open?.hostname ?? hostname])) {
    for (const purchase of await leftPurchases(session, { hostname: name, owner: userId })) {
      if (purchase.vmId !== undefined && (await isVmOfAnother(db, userId, purchase.vmId))) session.report(`VM ${purchase.vmId} belongs to somebody else by now; it is left alone`);
      else left.push(open?.decision === "give-up" ? { ...purchase, isStillToCome: false } : purchase);
    }
  }
  return left;
}

/**
 * Last of all, when their VMs are given up.
 * @throws UserVpsError AWAITING_PAYMENT while a VM may still come of one: it has to be stopped then
 */
export async function endPurchases(session: Session, { hostname }: GiveUp, left: readonly LeftPurchase[]): Promise<void> {
  const toCome = left.find(({ isStillToCome }) => isStillToCome);
  for (const purchase of left) if (!purchase.isStillToCome) await abandonPurchase(session, purchase);
  if (!toCome) return;
  throw new UserVpsError("AWAITING_PAYMENT", `A VM for ${hostname} was ordered (record ${toCome.recordId}) and does not show yet: it is to be stopped and not renewed when it does.`, {
    next: "Nothing: it is looked for again, and given up when it shows. If hPanel says that the order has come to nothing, `user-vps resolve USER --give-up --reason WHY` ends it.",
  });
}

/** In the books as well. */
export async function settleGivenUp(db: Queryable, { userId }: GiveUp, left: readonly LeftPurchase[]): Promise<void> {
  const open = await findOpenPurchase(db, userId);
  if (!open) return;
  const bought = left.find(({ vmId }) => vmId !== undefined);
  if (bought && open.state !== "waiting") await markBought(db, open.purchaseId, bought);
  else await markEnded(db, open.purchaseId, isDecidable(open) ? "written_off" : "released");
}
