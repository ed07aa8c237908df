/** Before a run that may buy: the wish is written down, and the guards are asked. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { VpsRecord } from "../records/index.ts";
import type { PurchaseAccount } from "./account.ts";
import { reserve } from "./guard.ts";
import type { Guard } from "./guard.ts";
import type { Wait } from "./judge.ts";
import type { Purchase } from "./purchase.ts";
import { findOpenPurchase, markDecidedVm, markEnded, wishFor, withdrawWish } from "./purchases.ts";

export interface PurchaseQuestion {
  readonly record: VpsRecord;
  /** The change that wants another VM, if one does. */
  readonly changeId: number | null;
  /** By what the records and the stack's state say, the run will have to buy. */
  readonly needsPurchase: boolean;
}

export interface Admission {
  /** Undefined: the run may begin. */
  readonly wait?: Wait;
  /** Only with a reservation. Without it the stack refuses to buy, so that even a mistake cannot. */
  readonly mayBuy: boolean;
  readonly purchase: Purchase | undefined;
}

/**
 * @throws UserVpsError PLAN_NOT_ALLOWED; CANCELLED if an operator gave the purchase up; API_* if Hostinger or Cloudflare cannot be asked
 */
export async function admit(guard: Guard, account: PurchaseAccount, session: Session, { record, changeId, needsPurchase }: PurchaseQuestion): Promise<Admission> {
  const { pool, settings } = guard;
  let open = await findOpenPurchase(pool, record.userId);
  if (open?.state === "uncertain" && open.decision !== null) open = await applyDecision(guard, account, session, open);
  // Bought or not, that is for the run to find out; it does not order once more.
  if (open?.state === "awaiting_payment") return { mayBuy: false, purchase: open };
  if (open?.state === "uncertain") return { mayBuy: settings.purchaseUncertainPolicy === "buy-again-without-evidence", purchase: open };
  if (open?.state === "reserved") return { mayBuy: needsPurchase && open.decision !== "vm", purchase: open };
  if (!needsPurchase) {
    if (open) await withdrawWish(pool, record.userId);
    return { mayBuy: false, purchase: undefined };
  }
  const { userId, username, hostname, plan, requestedAt } = record;
  const wish = await wishFor(pool, { userId, username, hostname, plan, changeId, askedAt: requestedAt });
  const wait = await reserve(guard, wish, session);
  if (wait) return { wait, mayBuy: false, purchase: wish };
  const reserved = await findOpenPurchase(pool, userId);
  return { mayBuy: reserved?.state === "reserved", purchase: reserved };
}

/** In the account first: should this process die before the books say so, it is done once more. */
async function applyDecision({ pool }: Guard, account: PurchaseAccount, session: Session, purchase: Purchase): Promise<Purchase | undefined> {
  const { purchaseId, userId, hostname, decision, decidedVmId, decidedBy, decidedWhy } = purchase;
  await account.resolve(session, hostname, { kind: decision!, vmId: decidedVmId, by: decidedBy ?? "an operator", why: decidedWhy ?? "none given" });
  if (decision === "vm") await markDecidedVm(pool, purchaseId);
  else await markEnded(pool, purchaseId, "written_off");
  if (decision === "give-up") throw new UserVpsError("CANCELLED", `The purchase was given up by ${decidedBy}: ${decidedWhy}.`, { next: "Have an operator retry it, if the user is to have a VPS after all." });
  return await findOpenPurchase(pool, userId);
}
