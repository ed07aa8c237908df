/** Members that go: failed ones, those whose term ends, those of a pool that is drained, those that a pool no longer wants and that still wait to be bought. */
import { DAY_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/index.ts";
import { oneOf } from "../db/one-of.ts";
import type { Queryable } from "../db/queryable.ts";
import { findOpenPurchase, withdrawWish } from "../purchases/index.ts";
import { findVpsByUserId, GETTING_READY_STATUSES, isGettingReady, listOwnPoolMembers, listPools, notePoolMemberFailed, notePoolMemberRetried, pausePoolOfShortTerm, requestGiveUp, retirePoolMember, setVpsStatus } from "../records/index.ts";
import type { PoolMember, VpsRecord } from "../records/index.ts";
import type { PoolContext } from "./context.ts";
import { wantedNow } from "./how-many.ts";

/** What an operator has to decide about first: whether there is a VM at all. */
const UNDECIDED = "PURCHASE_UNCERTAIN";
/** For which a VPS is to wait for users at least: one that is over sooner is bought anew each day, if not each minute. */
const SHORTEST_STAY_DAYS = 1;
const UNWANTED = "The pool wants no more, and nothing was bought for it.";

/** What became of a member otherwise than by its own runs' end: an operator has cancelled it, or tries it again. */
export async function noteHowTheyAre({ pool, settings }: PoolContext): Promise<void> {
  const { rows } = await pool.query<{ memberId: string; isFailed: boolean; reason: string | null }>(
    `SELECT member_id AS "memberId", own.status = 'failed' AS "isFailed", own.reason FROM vps_pool_members AS member JOIN user_vps AS own ON own.user_id::text = member.member_id AND own.is_pooled
     WHERE (member.state = 'building' AND own.status = 'failed') OR (member.state = 'failed' AND own.status ${oneOf(GETTING_READY_STATUSES)})`,
  );
  for (const { memberId, isFailed, reason } of rows) {
    await inTransaction(pool, (db) => (isFailed ? notePoolMemberFailed(db, memberId, reason ?? "It failed.", settings.poolFailures) : notePoolMemberRetried(db, memberId)));
  }
}

export async function retireWhatIsOver(context: PoolContext, now: Date): Promise<void> {
  const { pool, jobs, settings, log } = context;
  const pools = await listPools(pool);
  const draining = new Set(pools.filter(({ state }) => state === "draining").map(({ poolId }) => poolId));
  const kept: PoolMember[] = [];
  for (const member of await listOwnPoolMembers(pool)) {
    const why = draining.has(member.poolId) ? "The pool is drained." : whyOver(member, settings.poolLeastDays, now);
    if (why === undefined) {
      kept.push(member);
      continue;
    }
    if (member.state === "ready") await pauseIfShort(context, member);
    const how = await inTransaction(pool, (db) => retire(db, jobs, member, why));
    if (how === "retired") log(`pools: ${member.username} goes: ${why}`);
    // It has failed then, and goes at the next turn.
    if (how === "busy") await jobs.cancel(member.memberId);
  }
  for (const one of pools) await withdrawSurplus(context, kept.filter(({ poolId }) => poolId === one.poolId), wantedNow(one, now));
}

/** None of those that the pool would buy in its place would stay any longer. */
async function pauseIfShort({ pool, settings: { poolLeastDays: days }, log }: PoolContext, { memberId, username, poolId, readyAt, paidUntil }: PoolMember): Promise<void> {
  const because = `${username} was ready on ${dayOf(readyAt)} and is paid until ${dayOf(paidUntil)}: of such a term, POOL_LEAST_DAYS (${days}) leaves users \
less than a day to come, and the pool would buy one VPS after the other. Set POOL_LEAST_DAYS lower, then the pool anew.`;
  if (await pausePoolOfShortTerm(pool, memberId, days + SHORTEST_STAY_DAYS, because)) log(`pools: ${poolId} pauses: ${because}`);
}

/** What is there has been paid for, and stays; a wish costs nothing to withdraw, and would be bought when whatever it waits for is over. */
async function withdrawSurplus({ pool, jobs, log }: PoolContext, had: readonly PoolMember[], wanted: number): Promise<void> {
  let surplus = had.length - wanted;
  for (const member of had.toReversed()) {
    if (surplus <= 0) break;
    if (member.state !== "building" || !(await inTransaction(pool, (db) => withdraw(db, jobs, member)))) continue;
    surplus--;
    log(`pools: ${member.username} goes: ${UNWANTED}`);
  }
}

async function withdraw(db: Queryable, jobs: PoolContext["jobs"], member: PoolMember): Promise<boolean> {
  const own = await lock(db, member);
  if (!own || own.status !== "queued" || own.hostingerVmId !== null || (await findOpenPurchase(db, member.memberId))?.state !== "waiting") return false;
  // A turn of it that comes at this very moment waits for the record's row, and finds no wish.
  await withdrawWish(db, member.memberId);
  await orderToGo(db, jobs, own, UNWANTED);
  return true;
}

/** A claim has locked both rows: whoever comes first has it. */
const LOCK = "SELECT FROM vps_pool_members AS member JOIN user_vps AS own ON own.user_id::text = member_id AND is_pooled WHERE member_id = $1 AND member.state = $2 FOR UPDATE SKIP LOCKED";

async function lock(db: Queryable, { memberId, state }: PoolMember): Promise<VpsRecord | undefined> {
  const { rowCount } = await db.query(LOCK, [memberId, state]);
  return rowCount === 0 ? undefined : await findVpsByUserId(db, memberId);
}

async function retire(db: Queryable, jobs: PoolContext["jobs"], member: PoolMember, why: string): Promise<"retired" | "busy" | "left"> {
  const own = await lock(db, member);
  if (!own || own.errorCode === UNDECIDED || own.status === "deprovisioning") return "left";
  if (isGettingReady(own.status)) return "busy";
  await orderToGo(db, jobs, own, why);
  return "retired";
}

async function orderToGo(db: Queryable, jobs: PoolContext["jobs"], own: VpsRecord, why: string): Promise<void> {
  const { userId } = own;
  await setVpsStatus(db, userId, { status: "deprovisioning" });
  await retirePoolMember(db, userId, why);
  // Wiped, so that it may serve as long as it is paid: see REUSE_WIPED_VMS.
  await requestGiveUp(db, own, { requestedBy: "pool", reason: why, wipe: true, graceHours: 0 });
  await jobs.enqueue(db, { operation: "destroy", userId });
}

function whyOver({ state, paidUntil, reason }: PoolMember, leastDays: number, now: Date): string | undefined {
  if (state === "failed") return `It came to nothing: ${reason ?? "no reason is known"}`;
  if (state !== "ready" || paidUntil === null || paidUntil.getTime() - now.getTime() >= leastDays * DAY_MS) return undefined;
  return `It is paid until ${dayOf(paidUntil)}, and not renewed.`;
}

function dayOf(time: Date | null): string {
  return time?.toISOString().slice(0, 10) ?? "no known day";
}
