/** A user gets the VM of a pool's member: see the drawing in pool-members.ts. */
import type { Queryable } from "../db/queryable.ts";
import { acceptableDataCenters } from "./data-center-choice.ts";
import { openRunsOf } from "./find-runs.ts";
import { POOL_MEMBER_COLUMNS } from "./pool-members.ts";
import type { PoolMember } from "./pool-members.ts";
import { IS_FILLED_NO_MORE } from "./pools.ts";
import { holdOffRollOuts, passOnRollOuts } from "./roll-out-members.ts";
import { IS_FOR_ALL } from "./roll-outs.ts";
import { CLEARED_BY_STATUS } from "./set-vps-status.ts";
import { VPS_COLUMNS } from "./vps-record.ts";
import type { VpsRecord } from "./vps-record.ts";

/** One that ends sooner is not handed out any more: its renewal might come too late. */
const SHORTEST_TERM = "interval '1 day'";

/** The pools that fit, by where the user's VPS may be, the best first: $3. One that is not filled any more is there as long as it has something left. */
const POOLS_OF = `
  SELECT pool_id AS "poolId" FROM vps_pools
  WHERE plan_id = $1 AND template_id = $2 AND data_center_id = ANY ($3::int[]) AND (NOT ${IS_FILLED_NO_MORE} OR EXISTS (SELECT FROM vps_pool_members WHERE vps_pool_members.pool_id = vps_pools.pool_id AND vps_pool_members.state = 'ready'))
  ORDER BY array_position($3::int[], data_center_id)`;

/**
 * Of the members of the best pool that has one, the one whose term ends first, so that few are given up unused; one that waits for a release
 * comes last. A member that is being worked on, or of which anything but a renewal is known that should not be, is passed over, and so is one that somebody else is about to get.
 */
const CHOOSE = `
  SELECT ${POOL_MEMBER_COLUMNS}, own.hostname, own.subscription_id AS "subscriptionId", own.hostinger_order_id AS "orderId", own.data_center_id AS "dataCenterId"
  FROM vps_pool_members JOIN user_vps AS own ON own.user_id::text = vps_pool_members.member_id AND own.is_pooled
  WHERE vps_pool_members.pool_id = ANY ($1::text[]) AND vps_pool_members.member_id <> ALL ($2::text[]) AND vps_pool_members.state = 'ready' AND own.status = 'ready' AND own.hostinger_vm_id = vps_pool_members.vm_id
    AND (vps_pool_members.paid_until IS NULL OR vps_pool_members.paid_until > clock_timestamp() + ${SHORTEST_TERM})
    AND NOT EXISTS (SELECT FROM vps_roll_out_members AS released WHERE released.user_id = vps_pool_members.member_id AND released.status = 'running')
    AND NOT EXISTS (SELECT FROM vps_findings WHERE vps_findings.user_id = vps_pool_members.member_id AND resolved_at IS NULL AND kind <> 'PooledVmRenewed')
    AND NOT EXISTS (SELECT FROM vps_runs WHERE vps_runs.user_id = vps_pool_members.member_id AND vps_runs.outcome IS NULL)
  ORDER BY array_position($1::text[], vps_pool_members.pool_id), EXISTS (SELECT FROM vps_roll_out_members AS released WHERE released.user_id = vps_pool_members.member_id AND released.status = 'waiting'),
    vps_pool_members.paid_until NULLS LAST, vps_pool_members.ready_at, vps_pool_members.member_id
  LIMIT 1 FOR UPDATE OF vps_pool_members, own SKIP LOCKED`;

type ChosenMember = PoolMember & { readonly vmId: number; readonly hostname: string; readonly subscriptionId: string | null; readonly orderId: string | null; readonly dataCenterId: number };

/** What the VM was booted as is told by `boot_hostname`, and where the user would have been otherwise; the release that it has by then is the user's first. */
const BIND = `
  UPDATE user_vps SET hostinger_vm_id = $2, taken_over_vm_id = $2, taken_over_is_wiped = false, boot_hostname = $3, subscription_id = $4, hostinger_order_id = $5,
    pool_member_id = $6, pool_id = $7, nearest_data_center_id = nullif(data_center_id, $8), data_center_id = $8, first_release = (
      SELECT version FROM vps_roll_outs WHERE ${IS_FOR_ALL}
        OR EXISTS (SELECT FROM vps_roll_out_members AS released WHERE released.roll_out_id = vps_roll_outs.roll_out_id AND released.user_id = $6 AND released.status = 'succeeded')
      ORDER BY created_at DESC LIMIT 1)
  WHERE user_id::text = $1 AND is_managed AND NOT is_pooled AND hostinger_vm_id IS NULL
  RETURNING ${VPS_COLUMNS}`;

/**
 * ready -> claimed, if there is a member that fits; its VM is the user's from then on, and its own stack is to end
 * without it (the caller queues that: `destroy` of the member).
 *
 * @param db inside a transaction
 * @returns the record as it is now, and the member; undefined if none is left
 */
export async function claimPoolMember(db: Queryable, record: VpsRecord): Promise<{ readonly record: VpsRecord; readonly memberId: string } | undefined> {
  const { userId, username, plan, templateId } = record;
  if (record.hostingerVmId !== null || record.isPooled) return undefined;
  const { rows: pools } = await db.query<{ poolId: string }>(POOLS_OF, [plan, templateId, await acceptableDataCenters(db, userId)]);
  if (!pools[0]) return undefined;
  if (record.poolId === null) await db.query("UPDATE user_vps SET pool_id = $2 WHERE user_id::text = $1 AND is_managed", [userId, pools[0].poolId]);
  const member = await choose(db, pools.map(({ poolId }) => poolId));
  if (!member) return undefined;
  const { memberId, poolId, vmId, hostname, subscriptionId, orderId, dataCenterId } = member;
  const { rows: [bound] } = await db.query<VpsRecord>(BIND, [userId, vmId, hostname, subscriptionId, orderId, memberId, poolId, dataCenterId]);
  if (!bound) return undefined;
  await db.query("UPDATE vps_pool_members SET state = 'claimed', claimed_by = $2, claimed_by_username = $3, claimed_at = clock_timestamp() WHERE member_id = $1", [memberId, userId, username]);
  // A wiped VM that was reused for the member is the user's by that record as well.
  await db.query("UPDATE vps_give_ups SET reused_by = $2 WHERE reused_by = $1 AND vm_id = $3", [memberId, userId, vmId]);
  await passOnRollOuts(db, memberId, record);
  await db.query(`UPDATE user_vps SET status = 'deprovisioning', phase = NULL, ${CLEARED_BY_STATUS}, hostinger_vm_id = NULL, address = NULL, url = NULL, subscription_id = NULL WHERE user_id::text = $1 AND is_pooled`, [memberId]);
  return { record: bound, memberId };
}

/** A roll-out or a run may have begun with the member at the very moment in which it was chosen. Each turn passes one more over, so it ends with the pool. */
async function choose(db: Queryable, poolIds: readonly string[]): Promise<ChosenMember | undefined> {
  const passedOver: string[] = [];
  for (;;) {
    const { rows: [member] } = await db.query<ChosenMember>(CHOOSE, [poolIds, passedOver]);
    // Statements of their own, which see what has begun since; from here on both wait for this transaction.
    if (!member || ((await holdOffRollOuts(db, member.memberId)) && (await openRunsOf(db, member.memberId)).length === 0)) return member;
    passedOver.push(member.memberId);
  }
}

/** claimed -> delivered. */
export async function notePoolMemberDelivered(db: Queryable, userId: string): Promise<void> {
  await db.query("UPDATE vps_pool_members SET state = 'delivered', ended_at = clock_timestamp() WHERE claimed_by = $1 AND state = 'claimed'", [userId]);
}

/** claimed -> set_aside: the user's next run leaves its VM. Whether there was one. */
export async function setPoolMemberAside(db: Queryable, userId: string, reason: string): Promise<boolean> {
  const { rowCount } = await db.query("UPDATE vps_pool_members SET state = 'set_aside', reason = $2 WHERE claimed_by = $1 AND state = 'claimed'", [userId, reason]);
  return rowCount === 1;
}

/** Whether the user's member was set aside, and the user has not left its VM yet. */
export async function isPoolMemberSetAside(db: Queryable, { poolMemberId }: Pick<VpsRecord, "poolMemberId">): Promise<boolean> {
  if (poolMemberId === null) return false;
  const { rowCount } = await db.query("SELECT FROM vps_pool_members WHERE member_id = $1 AND state = 'set_aside'", [poolMemberId]);
  return rowCount === 1;
}

/** The user has nothing of the member any more: whatever comes next is as if there had been none. */
export async function leavePoolMember(db: Queryable, userId: string): Promise<VpsRecord | undefined> {
  const { rows } = await db.query<VpsRecord>(
    `UPDATE user_vps SET hostinger_vm_id = NULL, taken_over_vm_id = NULL, taken_over_is_wiped = false, boot_hostname = NULL, subscription_id = NULL, hostinger_order_id = NULL, address = NULL, url = NULL,
       pool_member_id = NULL, first_release = NULL, data_center_id = coalesce(nearest_data_center_id, data_center_id), nearest_data_center_id = NULL
     WHERE user_id::text = $1 AND is_managed AND pool_member_id IS NOT NULL RETURNING ${VPS_COLUMNS}`, [userId]);
  return rows[0];
}
