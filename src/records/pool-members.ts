/**
 * The VPSs of a pool, one row of vps_pool_members each. How far a member is in being built stands in its own row of
 * user_vps, by which it is built like any user's VPS.
 *
 *     building -> ready       it is healthy
 *     building -> failed      it came to nothing
 *     failed -> building      an operator retries it
 *     failed -> ready         a later run succeeds
 *     ready -> claimed        a user signs up
 *     claimed -> delivered    the user's VPS is ready
 *     claimed -> set_aside    the VM does not come to it
 *     claimed -> retired      the user gives it up
 *     set_aside -> retired    its VM is gone, as a sweep has seen
 *     building, ready, failed -> retiring    the pool is drained, its term ends, it failed, or it is one too many and not bought yet
 *     building, ready, failed -> retired     an operator has given it up
 *     retiring -> retired     its VM is given up
 */
import { DAY_BEGAN } from "../db/calendar.ts";
import { oneOf } from "../db/one-of.ts";
import type { Queryable } from "../db/queryable.ts";
import { IS_FILLED_NO_MORE, lockPools, notePoolFailure } from "./pools.ts";
import type { PoolRecord } from "./pools.ts";
import { IS_FOR_ALL } from "./roll-outs.ts";
import type { VpsRecord } from "./vps-record.ts";

export const POOL_MEMBER_STATES = ["building", "ready", "failed", "claimed", "delivered", "set_aside", "retiring", "retired"] as const;
export type PoolMemberState = (typeof POOL_MEMBER_STATES)[number];

/** It is the pool's own, and no user's. */
const OWN_STATES: readonly PoolMemberState[] = ["building", "ready", "failed"];
/** Nothing becomes of it any more. What was set aside ends with its VM. */
export const ENDED_STATES: readonly PoolMemberState[] = ["delivered", "retired"];

/** By SQL, of a row: a VM was to be bought for it, and it was begun today. */
export const IS_BOUGHT_TODAY = `NOT is_reused AND created_at >= ${DAY_BEGAN}`;

export interface PoolMember {
  /** The `user_id` of its own row in user_vps. */
  readonly memberId: string;
  /** Of that row and of its stack. */
  readonly username: string;
  readonly poolId: string;
  readonly state: PoolMemberState;
  readonly createdAt: Date;
  readonly readyAt: Date | null;
  readonly vmId: number | null;
  readonly paidUntil: Date | null;
  /** The user who has got its VM. */
  readonly claimedBy: string | null;
  readonly claimedByUsername: string | null;
  readonly claimedAt: Date | null;
  readonly endedAt: Date | null;
  /** Why it failed, was set aside or is retired. */
  readonly reason: string | null;
}

export const POOL_MEMBER_COLUMNS = `
  vps_pool_members.member_id AS "memberId", vps_pool_members.username, vps_pool_members.pool_id AS "poolId", vps_pool_members.state, created_at AS "createdAt", vps_pool_members.ready_at AS "readyAt",
  vm_id::double precision AS "vmId", vps_pool_members.paid_until AS "paidUntil", claimed_by AS "claimedBy", claimed_by_username AS "claimedByUsername", claimed_at AS "claimedAt", vps_pool_members.ended_at AS "endedAt", vps_pool_members.reason`;

export interface NewPoolMember {
  readonly memberId: string;
  readonly username: string;
  readonly hostname: string;
  /** A wiped VM that was paid already is there for it. */
  readonly isReused: boolean;
}

/** The release that was rolled out last to all, to its end: what is built from now on has it. */
const NEWEST_RELEASE = `SELECT version FROM vps_roll_outs WHERE ${IS_FOR_ALL} ORDER BY created_at DESC LIMIT 1`;

/** -> building. @param db inside a transaction */
export async function createPoolMember(db: Queryable, { poolId, plan, templateId, dataCenterId }: PoolRecord, { memberId, username, hostname, isReused }: NewPoolMember): Promise<void> {
  await db.query(
    `INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at, is_pooled, first_release)
     VALUES ($1, $2, $3, $4, $5, $6, 'queued', 'queued', clock_timestamp(), clock_timestamp(), true, (${NEWEST_RELEASE}))`,
    [memberId, username, hostname, plan, templateId, dataCenterId],
  );
  await db.query("INSERT INTO vps_pool_members (member_id, username, pool_id, is_reused) VALUES ($1, $2, $3, $4)", [memberId, username, poolId, isReused]);
}

/**
 * Whether a VM may be bought for a member. One that was to become a wiped VM, which somebody else has got or which is of
 * no use, counts among those that are bought from now on, if the day's limit of its pool leaves room for it.
 *
 * @param db inside a transaction
 */
export async function mayBuyForPool(db: Queryable, memberId: string): Promise<boolean> {
  const { rows: [member] } = await db.query<{ isReused: boolean }>(`SELECT is_reused AS "isReused" FROM vps_pool_members WHERE member_id = $1`, [memberId]);
  if (!member?.isReused) return true;
  await lockPools(db);
  const { rowCount } = await db.query(
    `UPDATE vps_pool_members SET is_reused = false FROM vps_pools
     WHERE member_id = $1 AND vps_pools.pool_id = vps_pool_members.pool_id AND (most_per_day IS NULL OR most_per_day > (
       SELECT count(*) FROM vps_pool_members AS bought WHERE bought.pool_id = vps_pools.pool_id AND ${IS_BOUGHT_TODAY}))`, [memberId]);
  return rowCount === 1;
}

/** Whether it is a member of a pool for which nothing is bought any more. */
export async function isOfEndedPool(db: Queryable, memberId: string): Promise<boolean> {
  return (await db.query(`SELECT FROM vps_pool_members JOIN vps_pools USING (pool_id) WHERE member_id = $1 AND ${IS_FILLED_NO_MORE}`, [memberId])).rowCount !== 0;
}

/** The type of user_vps.user_id, which an older backend may have made: `text`, `uuid`, `bigint`. */
export async function userIdType(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ type: string }>("SELECT data_type AS type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'user_vps' AND column_name = 'user_id'");
  return rows[0]!.type;
}

export async function findPoolMember(db: Queryable, memberId: string): Promise<PoolMember | undefined> {
  return (await db.query<PoolMember>(`SELECT ${POOL_MEMBER_COLUMNS} FROM vps_pool_members WHERE member_id = $1`, [memberId])).rows[0];
}

/** Whether it is a pool's member whose VM a user has by now: its own stack is to end (`destroy`), and nothing of the VM is its any more. */
export async function isMemberLetGo(db: Queryable, { userId, isPooled }: Pick<VpsRecord, "userId" | "isPooled">): Promise<boolean> {
  if (!isPooled) return false;
  const member = await findPoolMember(db, userId);
  return member !== undefined && member.claimedBy !== null;
}

/** Those that are let go, and whose own stack could not be ended: parked for so long at least. */
export async function parkedLetGoes(db: Queryable, seconds: number): Promise<{ readonly memberId: string; readonly username: string }[]> {
  const { rows } = await db.query<{ memberId: string; username: string }>(
    `SELECT member_id AS "memberId", member.username FROM vps_pool_members AS member JOIN user_vps AS own ON own.user_id::text = member_id AND own.is_pooled
     WHERE own.status = 'failed' AND claimed_by IS NOT NULL AND own.updated_at < clock_timestamp() - make_interval(secs => $1)`, [seconds]);
  return rows;
}

/** Those that have not come to an end, the oldest first; set aside ones among them. */
export async function listPoolMembers(db: Queryable): Promise<PoolMember[]> {
  return (await db.query<PoolMember>(`SELECT ${POOL_MEMBER_COLUMNS} FROM vps_pool_members WHERE state NOT ${oneOf(ENDED_STATES)} ORDER BY created_at, member_id`)).rows;
}

/** Those that are the pool's own, the oldest first. */
export async function listOwnPoolMembers(db: Queryable): Promise<PoolMember[]> {
  return (await db.query<PoolMember>(`SELECT ${POOL_MEMBER_COLUMNS} FROM vps_pool_members WHERE state ${oneOf(OWN_STATES)} ORDER BY created_at, member_id`)).rows;
}

/** building, failed, ready -> ready; another one of the pool has succeeded, so that its failures are over. */
export async function notePoolMemberReady(db: Queryable, memberId: string, vmId: number): Promise<void> {
  const { rows } = await db.query<{ poolId: string; isNew: boolean }>(
    `WITH before AS (SELECT state FROM vps_pool_members WHERE member_id = $1)
     UPDATE vps_pool_members SET state = 'ready', vm_id = $2, ready_at = coalesce(ready_at, clock_timestamp()), reason = NULL
     WHERE member_id = $1 AND state ${oneOf(OWN_STATES)} RETURNING pool_id AS "poolId", (SELECT state FROM before) <> 'ready' AS "isNew"`,
    [memberId, vmId],
  );
  if (rows[0]?.isNew) await db.query("UPDATE vps_pools SET failures = 0 WHERE pool_id = $1 AND state <> 'paused'", [rows[0].poolId]);
}

/** building -> failed. @param most failures in a row with which the pool pauses */
export async function notePoolMemberFailed(db: Queryable, memberId: string, reason: string, most: number): Promise<void> {
  const { rows } = await db.query<{ poolId: string }>(`UPDATE vps_pool_members SET state = 'failed', reason = $2 WHERE member_id = $1 AND state = 'building' RETURNING pool_id AS "poolId"`, [memberId, reason]);
  if (rows[0]) await notePoolFailure(db, rows[0].poolId, most, reason);
}

/** failed -> building */
export async function notePoolMemberRetried(db: Queryable, memberId: string): Promise<void> {
  await db.query("UPDATE vps_pool_members SET state = 'building', reason = NULL WHERE member_id = $1 AND state = 'failed'", [memberId]);
}

/** building, ready, failed -> retiring. Whether it was one of these. */
export async function retirePoolMember(db: Queryable, memberId: string, reason: string): Promise<boolean> {
  const { rowCount } = await db.query(`UPDATE vps_pool_members SET state = 'retiring', reason = $2 WHERE member_id = $1 AND state ${oneOf(OWN_STATES)}`, [memberId, reason]);
  return rowCount === 1;
}

/** building, ready, failed, retiring, claimed -> retired: its VM is given up, by whoever had it. */
export async function notePoolMemberRetired(db: Queryable, userId: string): Promise<void> {
  await db.query(
    `UPDATE vps_pool_members SET state = 'retired', ended_at = clock_timestamp() WHERE (member_id = $1 AND (state ${oneOf(OWN_STATES)} OR state = 'retiring')) OR (claimed_by = $1 AND state = 'claimed')`, [userId]);
}

/** set_aside -> retired: the account does not have their VMs any more. One that its user's next run has still to leave waits for that. */
export async function retireGoneMembers(db: Queryable, memberIds: readonly string[]): Promise<void> {
  await db.query(
    `UPDATE vps_pool_members SET state = 'retired', ended_at = clock_timestamp() WHERE member_id = ANY ($1) AND state = 'set_aside'
       AND NOT EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = claimed_by AND pool_member_id = member_id)`, [memberIds]);
}

/** Until when the members' VMs are paid, as far as it is known by now. */
export async function notePoolTerms(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE vps_pool_members SET paid_until = known.paid_until FROM (
       SELECT user_id, vm_id, paid_until FROM vps_purchases WHERE state = 'bought' AND paid_until IS NOT NULL
       UNION ALL SELECT reused_by, vm_id, paid_until FROM vps_give_ups WHERE reused_by IS NOT NULL AND paid_until IS NOT NULL
     ) AS known
     WHERE known.user_id = vps_pool_members.member_id AND known.vm_id = vps_pool_members.vm_id
       AND vps_pool_members.state ${oneOf(OWN_STATES)} AND vps_pool_members.paid_until IS DISTINCT FROM known.paid_until`,
  );
}

/** Whether work on it is for a pool, for a user who has had a VPS ready, or for one whose signup is not through. */
export async function whoseWork(db: Queryable, userId: string): Promise<"pool" | "user" | "signup"> {
  const { rows: [found] } = await db.query<{ isPooled: boolean; wasReady: boolean }>(`SELECT is_pooled AS "isPooled", ready_at IS NOT NULL AS "wasReady" FROM user_vps WHERE user_id::text = $1`, [userId]);
  if (found?.isPooled) return "pool";
  return found?.wasReady ? "user" : "signup";
}

/** Whether it is a pool's member and not a person that has this id. */
export async function isPooled(db: Queryable, userId: string): Promise<boolean> {
  return (await db.query("SELECT FROM user_vps WHERE user_id::text = $1 AND is_pooled", [userId])).rowCount !== 0;
}
