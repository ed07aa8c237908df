/** After a run that might have bought: the books are brought to what is known by then. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { Queryable } from "../db/queryable.ts";
import { IS_DECIDABLE, IS_OPEN } from "../records/index.ts";
import type { AccountPurchase, PurchaseAccount } from "./account.ts";
import { endProbe, openBreaker, putProbeOff } from "./breaker.ts";
import type { GuardSettings } from "./guard.ts";
import type { Wait } from "./judge.ts";
import type { Purchase } from "./purchase.ts";
import { findOpenPurchase, markAwaitingPayment, markBought, markEnded, markUncertain, wishFor } from "./purchases.ts";
import type { Bought } from "./purchases.ts";

export interface RunFailure {
  readonly userId: string;
  /** The order of those who wait: when the user asked. */
  readonly askedAt: Date;
  readonly code: ErrorCode;
  readonly message: string;
  /** The VM that the stack has got, if it is not one from before. */
  readonly vmId: number | undefined;
  /** Nothing goes on by itself after this run. */
  readonly isAtRest: boolean;
  /** What the account said; undefined: it, or the stack's state, could not be asked, so nothing is concluded. */
  readonly account: AccountPurchase | undefined;
}

/** What the user waits for from now on. */
export interface Aftermath {
  readonly wait: Wait;
  /** When the next run is due; undefined: when the guards let it pass. */
  readonly againMs: number | undefined;
}

const FIRST_LOOK_MS = 10 * SECOND_MS;
const ZONE_LOOK_MS = 10 * MINUTE_MS;

/** Codes after which the account's own record says more than the error. */
export function asksTheAccount(code: ErrorCode, isAtRest: boolean): boolean {
  return isAtRest || code === "AWAITING_PAYMENT" || code === "PAYMENT_REFUSED" || code === "PURCHASE_UNCERTAIN";
}

/** The account's word; undefined if it cannot be asked. @param mayWithdraw whether still nobody goes on by itself: then an intent that is over is taken away; undefined: somebody does */
export async function readAccount(account: PurchaseAccount, session: Session, hostname: string, mayWithdraw?: () => Promise<boolean>): Promise<AccountPurchase | undefined> {
  try {
    const said = await account.read(session, hostname);
    if (!mayWithdraw || said.state !== "intended") return said;
    await account.withdrawIntents(session, hostname, mayWithdraw);
    return await account.read(session, hostname);
  } catch (error) {
    if (!(error instanceof UserVpsError) && !session.signal.aborted) throw error;
    return undefined;
  }
}

/** @param db inside the transaction that ends the run */
export async function settleFailure(db: Queryable, settings: GuardSettings, failure: RunFailure): Promise<Aftermath | undefined> {
  const { userId, code, message, vmId, isAtRest, account } = failure;
  // The VM is there and paid; its record has no room.
  const afterwards = code === "ZONE_FULL" ? { wait: { kind: "zone_records" as const, text: "the DNS zone is full; it is tried again now and then" }, againMs: ZONE_LOOK_MS } : undefined;
  const purchase = await findOpenPurchase(db, userId);
  if (!purchase || purchase.state === "waiting") return code === "AWAITING_PAYMENT" ? paymentAfter(settings, undefined, account?.orderId) : afterwards;
  const known: Bought = { vmId, orderId: account?.orderId, subscriptionId: account?.subscriptionId };
  if (vmId !== undefined) {
    await markBought(db, purchase.purchaseId, known);
    await endProbe(db);
    return afterwards;
  }
  if (code === "AWAITING_PAYMENT") return await waitForPayment(db, settings, purchase, known);
  if (code === "PURCHASE_UNCERTAIN") await markUncertain(db, purchase.purchaseId, message);
  else if (code === "PAYMENT_REFUSED") return await afterRefusal(db, settings, purchase, failure);
  else if (isAtRest && account) await settleByAccount(db, purchase, account);
  await endProbe(db);
  await putProbeOff(db, settings.paymentProbeSeconds);
  return undefined;
}

/** What the account says of a purchase whose run is over. */
export async function settleByAccount(db: Queryable, { purchaseId }: Purchase, { state, vmId, orderId, subscriptionId }: AccountPurchase): Promise<void> {
  if (state === "none") await markEnded(db, purchaseId, "released");
  if (state === "bought") await markBought(db, purchaseId, { vmId, orderId, subscriptionId });
  if (state === "accepted") await markAwaitingPayment(db, purchaseId, { orderId, subscriptionId });
  if (state === "doubt") await markUncertain(db, purchaseId, "The run ended before it could tell what became of the purchase.");
}

/** Looked for again at growing intervals, without a limit. */
async function waitForPayment(db: Queryable, settings: GuardSettings, purchase: Purchase, known: Bought): Promise<Aftermath> {
  const looks = await markAwaitingPayment(db, purchase.purchaseId, known);
  await putProbeOff(db, settings.paymentProbeSeconds);
  return paymentAfter(settings, looks, known.orderId ?? purchase.orderId);
}

/** @param looks so far; undefined: the books do not know the order */
function paymentAfter({ paymentLookSeconds }: GuardSettings, looks: number | undefined, orderId: string | null | undefined): Aftermath {
  const longestMs = paymentLookSeconds * SECOND_MS;
  const againMs = looks === undefined ? longestMs : Math.min(longestMs, FIRST_LOOK_MS * 2 ** Math.min(looks, 20));
  return { againMs, wait: { kind: "payment", text: `Hostinger's order ${orderId ? `${orderId} ` : ""}stands, its payment is under way; nothing is ordered again` } };
}

/** The card is not tried for everybody: one probe at a time, and this user waits like the others. */
async function afterRefusal(db: Queryable, { paymentProbeSeconds }: GuardSettings, purchase: Purchase, { askedAt, message }: RunFailure): Promise<Aftermath> {
  await markEnded(db, purchase.purchaseId, "refused");
  await openBreaker(db, purchase.purchaseId, message, paymentProbeSeconds);
  const { userId, username, hostname, plan, changeId } = purchase;
  const wish = await wishFor(db, { userId, username, hostname, plan, changeId, askedAt });
  await db.query("UPDATE vps_purchases SET waits_for = 'payment_refused' WHERE purchase_id = $1", [wish.purchaseId]);
  return { againMs: undefined, wait: { kind: "payment_refused", text: "the payment was refused; it is tried again until one succeeds" } };
}

/** What a change wanted that was withdrawn before it had begun: by then no engine had been started that might buy. @param db inside the transaction that withdraws it */
export async function releaseWithdrawn(db: Queryable, changeId: number): Promise<void> {
  const { rows } = await db.query<{ purchaseId: number }>(`SELECT purchase_id::double precision AS "purchaseId" FROM vps_purchases WHERE change_id = $1 AND ${IS_OPEN} AND NOT ${IS_DECIDABLE}`, [changeId]);
  for (const { purchaseId } of rows) await markEnded(db, purchaseId, "released");
  await endProbe(db);
}

/** The purchase has become the VM that the stack has, unless that is the one which was to be replaced: then its own may still come. */
async function isOf(db: Queryable, { changeId }: Purchase, vmId: number): Promise<boolean> {
  const { rowCount } = await db.query("SELECT FROM vps_changes WHERE change_id = $1 AND vm_id = $2", [changeId, vmId]);
  return rowCount === 0;
}

/** The stack has a VM: the user's open purchase is over, if it has become that one. Whether it has. */
export async function settleWithVm(db: Queryable, userId: string, known: Bought & { readonly vmId: number }): Promise<boolean> {
  const open = await findOpenPurchase(db, userId);
  if (!open || open.state === "waiting" || !(await isOf(db, open, known.vmId))) return false;
  await markBought(db, open.purchaseId, known);
  return true;
}

/** The VPS is ready: the books have its VM. */
export async function settleSuccess(db: Queryable, userId: string, known: Bought & { readonly vmId: number }): Promise<void> {
  if (!(await settleWithVm(db, userId, known))) await db.query("UPDATE vps_purchases SET order_id = coalesce($3, order_id), subscription_id = coalesce($4, subscription_id) WHERE user_id = $1 AND vm_id = $2 AND state = 'bought'", [userId, known.vmId, known.orderId ?? null, known.subscriptionId ?? null]);
  await endProbe(db);
}
