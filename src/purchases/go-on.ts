/** Those who wait go on by themselves: people before pools, in their order, as soon as the guards let them. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { IS_OPEN, lockVps } from "../records/index.ts";
import { WAITS_NO_MORE } from "../records/set-vps-status.ts";
import type { PurchaseAccount } from "./account.ts";
import { endProbe, putProbeOff, readBreaker } from "./breaker.ts";
import { reserve } from "./guard.ts";
import type { Guard } from "./guard.ts";
import type { Wait } from "./judge.ts";
import { BUYS_NO_MORE, PURCHASE_COLUMNS } from "./purchase.ts";
import type { Purchase } from "./purchase.ts";
import { lockWish, markBought, markEnded } from "./purchases.ts";
import { readAccount, settleByAccount } from "./settle.ts";

/** In one turn; the next one goes on. */
const MOST_A_TURN = 50;

/** No wait ends these. */
const NOT_ALLOWED: ReadonlySet<ErrorCode> = new Set(["PLAN_NOT_ALLOWED", "PURCHASE_NOT_ALLOWED"]);

/** Whose record waits; a run that goes on writes down itself what it waits for. */
const WAITING_USER = "JOIN user_vps ON user_vps.user_id::text = vps_purchases.user_id AND user_vps.is_managed AND user_vps.status = 'queued' AND user_vps.waiting_kind IS NOT NULL";

/** @param onGo has the user's run done; part of the transaction that reserves @returns the users who go on */
export async function goOn(guard: Guard, session: Session, onGo: (db: Queryable, userId: string) => Promise<void>): Promise<string[]> {
  const { pool } = guard;
  await withdrawOvertaken(pool);
  const gone: string[] = [];
  const passedOver: string[] = [];
  for (let turn = 0; turn < MOST_A_TURN; turn++) {
    const breaker = await readBreaker(pool);
    const mayProbe = breaker.isProbeDue;
    const next = await firstInLine(pool, passedOver, mayProbe);
    if (!next) break;
    try {
      const wait = await reserve(guard, next, session, { mayProbe, onReserved: (db) => go(db, next.userId, onGo) });
      if (!wait) gone.push(next.userId);
      else if (wait.kind === "price") passedOver.push(next.plan);
      if (wait) await tell(pool, next, wait);
      if (wait && wait.kind !== "price") break;
    } catch (error) {
      // The run says it to the user.
      if (!(error instanceof UserVpsError) || !NOT_ALLOWED.has(error.code)) throw error;
      await inTransaction(pool, async (db) => {
        await lockVps(db, next.userId);
        if (!(await lockWish(db, next))) return;
        await go(db, next.userId, onGo);
        await markEnded(db, next.purchaseId, "released");
      });
    }
  }
  await countPlaces(pool);
  return gone;
}

async function go(db: Queryable, userId: string, onGo: (db: Queryable, userId: string) => Promise<void>): Promise<void> {
  await db.query(`UPDATE user_vps SET ${WAITS_NO_MORE} WHERE user_id::text = $1 AND is_managed`, [userId]);
  await onGo(db, userId);
}

/** Of an open breaker, whoever was refused least often is its next probe: one user's trouble does not hold up all. */
async function firstInLine(db: Queryable, passedOver: readonly string[], mayProbe: boolean): Promise<Purchase | undefined> {
  const { rows } = await db.query<Purchase>(
    `SELECT ${PURCHASE_COLUMNS} FROM vps_purchases ${WAITING_USER}
     WHERE vps_purchases.state = 'waiting' AND vps_purchases.plan_id <> ALL ($1) ORDER BY user_vps.is_pooled, CASE WHEN $2 THEN refusals ELSE 0 END, asked_at, purchase_id LIMIT 1`,
    [passedOver, mayProbe],
  );
  return rows[0];
}

/** The first one's reason may have changed: what is waited for is told anew. A price is that of all who want the plan. */
async function tell(db: Queryable, { purchaseId, plan }: Purchase, { kind, text }: Wait): Promise<void> {
  await db.query(
    `WITH told AS (
       UPDATE vps_purchases SET waits_for = $3 WHERE state = 'waiting' AND (purchase_id = $1 OR ($3 = 'price' AND plan_id = $2)) RETURNING user_id
     )
     UPDATE user_vps SET waiting_since = CASE WHEN waiting_kind = $3 THEN waiting_since ELSE clock_timestamp() END, waiting_kind = $3, waiting_for = $4
     FROM told WHERE user_vps.user_id::text = told.user_id AND is_managed AND status = 'queued' AND waiting_kind IS NOT NULL AND (waiting_kind, waiting_for) IS DISTINCT FROM ($3, $4)`,
    [purchaseId, plan, kind, text],
  );
}

/** Whose place has changed is told so. */
export async function countPlaces(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE user_vps SET waiting_place = places.place FROM (
       SELECT user_id, row_number() OVER (ORDER BY EXISTS (SELECT FROM vps_pool_members WHERE member_id = vps_purchases.user_id), asked_at, purchase_id)::int AS place FROM vps_purchases WHERE state = 'waiting'
     ) AS places
     WHERE user_vps.user_id::text = places.user_id AND user_vps.is_managed AND status = 'queued' AND waiting_kind IS NOT NULL AND waiting_place IS DISTINCT FROM places.place`,
  );
}

/** Wishes of users who were cancelled, given up, or have their VPS by another way. */
async function withdrawOvertaken(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE vps_purchases SET state = 'released', waits_for = NULL, ended_at = clock_timestamp() FROM user_vps
     WHERE state = 'waiting' AND user_vps.user_id::text = vps_purchases.user_id AND user_vps.is_managed AND ${BUYS_NO_MORE}`,
  );
}

/** Whether anybody waits, or a reservation or a probe may have been left behind. One look at an index. */
export async function hasWork(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>(`SELECT EXISTS (SELECT FROM vps_purchases WHERE ${IS_OPEN}) OR EXISTS (SELECT FROM vps_purchase_breaker WHERE state <> 'closed') AS has`);
  return rows[0]!.has;
}

/** The ones that were not looked at for longest: one of which nothing can be told holds up no other. */
const NEXT_LEFT = `
  WITH next AS (
    SELECT purchase_id, user_vps.hostinger_vm_id, user_vps.version FROM vps_purchases JOIN user_vps ON user_vps.user_id::text = vps_purchases.user_id AND user_vps.is_managed
    WHERE state = 'reserved' AND ${BUYS_NO_MORE} AND user_vps.updated_at < clock_timestamp() - make_interval(secs => $1)
    ORDER BY settle_tried_at NULLS FIRST, purchase_id LIMIT 20 FOR UPDATE OF vps_purchases SKIP LOCKED
  )
  UPDATE vps_purchases SET settle_tried_at = clock_timestamp() FROM next WHERE vps_purchases.purchase_id = next.purchase_id
  RETURNING ${PURCHASE_COLUMNS}, next.hostinger_vm_id::double precision AS "recordVmId", next.version`;

/** The VM of a user's stack, but for one that a change is to replace. */
type VmOfStack = (username: string, replacedVmId: number | undefined) => Promise<number | undefined>;

/** Reservations of users at rest, or who are given up, whose run could not tell what became of the purchase, and whose records have not changed for `quietSeconds`. */
export async function settleLeft({ pool, settings }: Guard, account: PurchaseAccount, session: Session, vmOfStack: VmOfStack, quietSeconds: number): Promise<void> {
  const { rows } = await pool.query<Purchase & { recordVmId: number | null; version: number }>(NEXT_LEFT, [quietSeconds]);
  for (const { recordVmId, version, ...purchase } of rows) {
    const vmId = await vmOfStack(purchase.username, purchase.changeId === null ? undefined : (recordVmId ?? undefined));
    const isStillSo = async () => await inTransaction(pool, async (db) => await isAsRead(db, purchase, version));
    const said = vmId === undefined ? await readAccount(account, session, purchase.hostname, isStillSo) : undefined;
    await inTransaction(pool, async (db) => {
      if (!(await isAsRead(db, purchase, version))) return;
      if (vmId !== undefined) await markBought(db, purchase.purchaseId, { vmId });
      else if (said) await settleByAccount(db, purchase, said);
    });
  }
  await endProbe(pool);
  await putProbeOff(pool, settings.paymentProbeSeconds);
}

/** Stack and account take their time to answer: a user who was tried again meanwhile may be buying with this very reservation. @param db inside a transaction, to whose end it stays so */
async function isAsRead(db: Queryable, { purchaseId, userId }: Purchase, version: number): Promise<boolean> {
  await lockVps(db, userId);
  const { rowCount } = await db.query(
    "SELECT FROM vps_purchases JOIN user_vps ON user_vps.user_id::text = vps_purchases.user_id AND user_vps.is_managed WHERE purchase_id = $1 AND state = 'reserved' AND version = $2 FOR UPDATE OF vps_purchases",
    [purchaseId, version],
  );
  return rowCount === 1;
}
