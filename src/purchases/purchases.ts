/** The rows of vps_purchases: each function is one edge, or some, of the drawing in records/purchase-states.ts. */
import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import { IS_DECIDABLE, IS_OPEN, mayBecome } from "../records/index.ts";
import type { Price } from "./live-facts.ts";
import { PURCHASE_COLUMNS } from "./purchase.ts";
import type { Purchase, PurchaseDecision, PurchaseState, WaitingKind } from "./purchase.ts";

/** What of a purchase is known by now; what is not named stays. */
export interface Bought {
  readonly vmId?: number | undefined;
  readonly orderId?: string | null | undefined;
  readonly subscriptionId?: string | null | undefined;
}

export interface Wish {
  readonly userId: string;
  readonly username: string;
  readonly hostname: string;
  readonly plan: string;
  readonly changeId: number | null;
  readonly askedAt: Date;
}

export async function findOpenPurchase(db: Queryable, userId: string): Promise<Purchase | undefined> {
  const { rows } = await db.query<Purchase>(`SELECT ${PURCHASE_COLUMNS} FROM vps_purchases WHERE user_id = $1 AND ${IS_OPEN}`, [userId]);
  return rows[0];
}

/** The user's last one, open or not. */
export async function findLastPurchase(db: Queryable, userId: string): Promise<Purchase | undefined> {
  return (await db.query<Purchase>(`SELECT ${PURCHASE_COLUMNS} FROM vps_purchases WHERE user_id = $1 ORDER BY purchase_id DESC LIMIT 1`, [userId])).rows[0];
}

/** -> waiting; the user's open one, if there is one already. */
export async function wishFor(db: Queryable, { userId, username, hostname, plan, changeId, askedAt }: Wish): Promise<Purchase> {
  const { rows } = await db.query<Purchase>(
    `INSERT INTO vps_purchases (user_id, username, hostname, plan_id, change_id, state, asked_at, refusals)
     VALUES ($1, $2, $3, $4, $5, 'waiting', $6, coalesce((SELECT refusals FROM vps_purchases WHERE user_id = $1 AND state = 'refused' AND asked_at = $6 ORDER BY purchase_id DESC LIMIT 1), 0))
     ON CONFLICT (user_id) WHERE ${IS_OPEN} DO UPDATE SET
       plan_id = CASE WHEN vps_purchases.state = 'waiting' THEN EXCLUDED.plan_id ELSE vps_purchases.plan_id END,
       hostname = CASE WHEN vps_purchases.state = 'waiting' THEN EXCLUDED.hostname ELSE vps_purchases.hostname END,
       change_id = CASE WHEN vps_purchases.state = 'waiting' THEN EXCLUDED.change_id ELSE vps_purchases.change_id END
     RETURNING ${PURCHASE_COLUMNS}`,
    [userId, username, hostname, plan, changeId, askedAt],
  );
  return rows[0]!;
}

export async function noteWait(db: Queryable, purchaseId: number, kind: WaitingKind): Promise<void> {
  await db.query("UPDATE vps_purchases SET waits_for = $2 WHERE purchase_id = $1 AND state = 'waiting' AND waits_for IS DISTINCT FROM $2", [purchaseId, kind]);
}

/** Whether it is still the wish that was judged: for another plan, something else may hold it back. @param db inside a transaction, to whose end it stays so */
export async function lockWish(db: Queryable, { purchaseId, plan, changeId }: Purchase): Promise<boolean> {
  const { rowCount } = await db.query("SELECT FROM vps_purchases WHERE purchase_id = $1 AND state = 'waiting' AND plan_id = $2 AND change_id IS NOT DISTINCT FROM $3 FOR UPDATE", [purchaseId, plan, changeId]);
  return rowCount === 1;
}

/** waiting -> reserved. Whether it was waiting. */
export async function markReserved(db: Queryable, purchaseId: number, price: Price | undefined): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE vps_purchases SET state = 'reserved', waits_for = NULL, reserved_at = clock_timestamp(), price_cents = $2, currency = $3 WHERE purchase_id = $1 AND state = 'waiting'",
    [purchaseId, price?.firstTermCents ?? null, price?.currency ?? null],
  );
  return rowCount === 1;
}

/** reserved -> waiting, in the place it had: nothing was sent, and a guard holds it back by now. */
export async function markWaiting(db: Queryable, purchaseId: number, kind: WaitingKind): Promise<void> {
  await db.query(`UPDATE vps_purchases SET state = 'waiting', waits_for = $2, reserved_at = NULL WHERE purchase_id = $1 AND ${mayBecome("waiting")}`, [purchaseId, kind]);
}

/** -> bought; of one that was bought, what is known since. */
export async function markBought(db: Queryable, purchaseId: number, { vmId, orderId, subscriptionId }: Bought): Promise<void> {
  await db.query(
    `UPDATE vps_purchases SET state = 'bought', bought_at = coalesce(bought_at, clock_timestamp()),
       vm_id = coalesce($2, vm_id), order_id = coalesce($3, order_id), subscription_id = coalesce($4, subscription_id)
     WHERE purchase_id = $1 AND ${mayBecome("bought")}`,
    [purchaseId, vmId ?? null, orderId ?? null, subscriptionId ?? null],
  );
}

/** -> awaiting_payment. @returns how often it was looked for before */
export async function markAwaitingPayment(db: Queryable, purchaseId: number, { orderId, subscriptionId }: Bought): Promise<number> {
  const { rows } = await db.query<{ looks: number }>(
    `UPDATE vps_purchases SET state = 'awaiting_payment', looks = looks + 1, order_id = coalesce($2, order_id), subscription_id = coalesce($3, subscription_id)
     WHERE purchase_id = $1 AND ${mayBecome("awaiting_payment")} RETURNING looks`,
    [purchaseId, orderId ?? null, subscriptionId ?? null],
  );
  return (rows[0]?.looks ?? 1) - 1;
}

/** -> uncertain */
export async function markUncertain(db: Queryable, purchaseId: number, evidence: string): Promise<void> {
  await db.query(`UPDATE vps_purchases SET state = 'uncertain', evidence = $2 WHERE purchase_id = $1 AND ${mayBecome("uncertain")}`, [purchaseId, evidence]);
}

/** -> refused, released, written_off */
export async function markEnded(db: Queryable, purchaseId: number, state: "refused" | "released" | "written_off"): Promise<void> {
  await db.query(
    `UPDATE vps_purchases SET state = $2, waits_for = NULL, ended_at = clock_timestamp(), refusals = refusals + CASE WHEN $2 = 'refused' THEN 1 ELSE 0 END WHERE purchase_id = $1 AND state <> $2 AND ${mayBecome(state)}`,
    [purchaseId, state],
  );
}

/** waiting -> released, of a user who wants nothing any more. */
export async function withdrawWish(db: Queryable, userId: string): Promise<void> {
  await db.query("UPDATE vps_purchases SET state = 'released', waits_for = NULL, ended_at = clock_timestamp() WHERE user_id = $1 AND state = 'waiting'", [userId]);
}

/** Of two users for whom the same VM is named at once, the second one is asked about when the first one's is written. @param db inside a transaction */
export async function decideInTurn(db: Queryable): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock(hashtextextended('user-vps:decisions', 0))");
}

/** @returns whether there is something to decide: a purchase in doubt, or an order whose payment or VM does not come */
export async function decide(db: Queryable, userId: string, { kind, vmId, by, why }: PurchaseDecision): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE vps_purchases SET decision = $2, decided_vm_id = $3, decided_by = $4, decided_why = $5, decided_at = clock_timestamp() WHERE user_id = $1 AND ${IS_DECIDABLE}`,
    [userId, kind, vmId, by, why],
  );
  return rowCount === 1;
}

/** What an operator decided, and no run has gone by yet. */
export async function withdrawDecision(db: Queryable, userId: string): Promise<void> {
  await db.query(
    `UPDATE vps_purchases SET decision = NULL, decided_vm_id = NULL, decided_by = NULL, decided_why = NULL, decided_at = NULL WHERE user_id = $1 AND ${IS_DECIDABLE} AND decision IS NOT NULL`,
    [userId],
  );
}

/** decidable -> reserved: an operator has said which VM it is. */
export async function markDecidedVm(db: Queryable, purchaseId: number): Promise<void> {
  await db.query(`UPDATE vps_purchases SET state = 'reserved' WHERE purchase_id = $1 AND ${IS_DECIDABLE} AND decision = 'vm'`, [purchaseId]);
}

export interface PurchaseFilter {
  readonly username?: string | undefined;
  readonly state?: PurchaseState | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: number | undefined;
}

/** Newest first. */
export async function listPurchases(db: Queryable, { username, state, limit, cursor }: PurchaseFilter): Promise<Page<Purchase, number>> {
  const { rows } = await db.query<Purchase>(
    `SELECT ${PURCHASE_COLUMNS} FROM vps_purchases
     WHERE ($1::text IS NULL OR username = $1) AND ($2::text IS NULL OR state = $2) AND ($3::bigint IS NULL OR purchase_id < $3)
     ORDER BY purchase_id DESC LIMIT $4`,
    [username ?? null, state ?? null, cursor ?? null, limit + 1],
  );
  return firstPage(rows, limit, ({ purchaseId }) => purchaseId);
}
