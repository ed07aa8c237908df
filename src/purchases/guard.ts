/** Who looks before something is bought: at the books and the switch in one transaction, at Hostinger and Cloudflare before it. */
import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { Settings } from "../config/index.ts";
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { isOfEndedPool, isPooled, lockVps } from "../records/index.ts";
import { countInTurn, readBooks } from "./books.ts";
import { beginProbe, readBreaker } from "./breaker.ts";
import { entitledPlans } from "./entitlement.ts";
import { judge, judgeReserved } from "./judge.ts";
import type { GuardFacts, Limits, Wait } from "./judge.ts";
import type { LiveFacts, ReadLiveFacts } from "./live-facts.ts";
import { MAY_BUY } from "./purchase.ts";
import type { Purchase, WaitingKind } from "./purchase.ts";
import { lockWish, markReserved, noteWait } from "./purchases.ts";
import { readSwitch } from "./switch.ts";

export type GuardSettings = Pick<Settings,
  "purchases" | "allowedPlans" | "purchasesPerDay" | "spendPerMonthCents" | "fleetLimit" | "maxPriceCents" | "zoneRecordLimit" | "certificatesPerWeek" | "purchaseUncertainPolicy" | "paymentProbeSeconds" | "paymentLookSeconds">;

export interface Guard {
  readonly pool: Pool;
  readonly settings: GuardSettings;
  readonly readLiveFacts: ReadLiveFacts;
}

/** Reservations are made one after the other: whoever is next counts the one before. */
const ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('user-vps:purchases', 0))";

/** Waiting for it is each user's own affair, and holds nobody else back. */
const OF_ONE_PLAN: WaitingKind = "price";

export interface ReserveOptions {
  /** This purchase may be the probe of an open breaker. */
  readonly mayProbe?: boolean;
  /** Part of the transaction that reserves. */
  readonly onReserved?: (db: Queryable) => Promise<void>;
}

/**
 * waiting -> reserved, if every guard lets it pass; else the row says what is waited for. Of any number of calls at
 * once, exactly as many are reserved as the caps leave.
 *
 * @throws UserVpsError PLAN_NOT_ALLOWED; PURCHASE_NOT_ALLOWED if it was for a pool that is not filled any more; API_* if Hostinger or Cloudflare cannot be asked
 */
export async function reserve(guard: Guard, purchase: Purchase, session: Session, { mayProbe = false, onReserved }: ReserveOptions = {}): Promise<Wait | undefined> {
  const { pool, readLiveFacts } = guard;
  await refuseForEndedPool(pool, purchase);
  const atFirst = judge(await readFacts(guard, pool, purchase, undefined, mayProbe));
  if (atFirst) {
    await noteWait(pool, purchase.purchaseId, atFirst.kind);
    return atFirst;
  }
  const live = await readLiveFacts(session, purchase.plan);
  return await inTransaction(pool, async (db) => {
    await db.query(ONE_AT_A_TIME);
    // Before the purchase's row, as whoever cancels it does: neither waits for the other.
    await lockVps(db, purchase.userId);
    if (!(await lockWish(db, purchase))) return undefined;
    await refuseForEndedPool(db, purchase);
    await countInTurn(db);
    const facts = await readFacts(guard, db, purchase, live, mayProbe);
    const wait = judge(facts);
    if (wait) {
      await noteWait(db, purchase.purchaseId, wait.kind);
      return wait;
    }
    if (!(await markReserved(db, purchase.purchaseId, live.price))) return undefined;
    if (facts.breaker.state !== "closed") await beginProbe(db, purchase.purchaseId);
    await onReserved?.(db);
    return undefined;
  });
}

/** A member may have been begun while its pool was still to have it, and have waited since. */
async function refuseForEndedPool(db: Queryable, { userId, username }: Purchase): Promise<void> {
  if (!(await isOfEndedPool(db, userId))) return;
  throw new UserVpsError("PURCHASE_NOT_ALLOWED", `The pool of ${username} is not filled any more, so nothing is bought for it.`, { next: "Nothing: it is given up by itself." });
}

/**
 * What holds a purchase back that has its place: an operator may have switched purchases off since, the card may be refused.
 *
 * @throws UserVpsError API_* if Hostinger or Cloudflare cannot be asked
 */
export async function heldBack(guard: Guard, purchase: Purchase, session: Session): Promise<Wait | undefined> {
  const { pool, readLiveFacts } = guard;
  const judged = async (live: LiveFacts | undefined) => {
    const facts = await readFacts(guard, pool, purchase, live, false);
    return judgeReserved(facts, facts.breaker.probePurchaseId === purchase.purchaseId);
  };
  return (await judged(undefined)) ?? (await judged(await readLiveFacts(session, purchase.plan)));
}

async function readFacts({ settings }: Guard, db: Queryable, purchase: Purchase, live: LiveFacts | undefined, mayProbe: boolean): Promise<GuardFacts> {
  const breaker = await readBreaker(db);
  const isWishOfPool = await isPooled(db, purchase.userId);
  return {
    plan: purchase.plan, live, mayProbe, breaker,
    switch: await readSwitch(db, settings.purchases),
    // What an operator asked for is the operator's choice, as a pool is.
    entitledPlans: purchase.changeId === null && !isWishOfPool ? entitledPlans(await claimedPlans(db, purchase.userId), settings.allowedPlans) : undefined,
    // A user's name it gets later: whoever claims it is asked about that.
    limits: isWishOfPool ? { ...limitsOf(settings), zoneRecordLimit: undefined, certificatesPerWeek: Number.POSITIVE_INFINITY } : limitsOf(settings),
    books: await readBooks(db, purchase.userId),
    ahead: await ahead(db, purchase, isWishOfPool),
  };
}

export function limitsOf({ purchasesPerDay, spendPerMonthCents, fleetLimit, maxPriceCents, zoneRecordLimit, certificatesPerWeek }: GuardSettings): Limits {
  return { purchasesPerDay, spendPerMonthCents, fleetLimit, maxPriceCents, zoneRecordLimit, certificatesPerWeek };
}

async function claimedPlans(db: Queryable, userId: string): Promise<readonly string[] | null> {
  const { rows } = await db.query<{ plans: string[] | null }>("SELECT allowed_plans AS plans FROM user_vps WHERE user_id::text = $1 AND is_managed", [userId]);
  return rows[0]?.plans ?? null;
}

/** Of those who have asked earlier and still want it, the first one's kind. People come before any pool. */
async function ahead(db: Queryable, { askedAt, purchaseId }: Purchase, isWishOfPool: boolean): Promise<WaitingKind | undefined> {
  const { rows } = await db.query<{ kind: WaitingKind }>(
    `SELECT waits_for AS kind FROM vps_purchases JOIN user_vps ON user_vps.user_id::text = vps_purchases.user_id AND user_vps.is_managed
     WHERE state = 'waiting' AND waits_for <> $3 AND (user_vps.is_pooled, asked_at, purchase_id) < ($4, $1, $2) AND ${MAY_BUY}
     ORDER BY user_vps.is_pooled, asked_at, purchase_id LIMIT 1`,
    [askedAt, purchaseId, OF_ONE_PLAN, isWishOfPool],
  );
  return rows[0]?.kind;
}
