/** VMs that were given up, are wiped and still paid: the next user can have one in place of a purchase. */
import type { Queryable } from "../db/queryable.ts";
import { GIVE_UP_COLUMNS, type GiveUp } from "./give-ups.ts";
import type { PoolKind } from "./pools.ts";
import { IS_NOBODYS } from "./vm-owner.ts";
import type { VpsRecord } from "./vps-record.ts";

export type WipedVm = GiveUp & { readonly vmId: number; readonly wipeActionId: number };

/** What makes a VM a wiped one that may be reused; it is nobody's by any other record. */
const MAY_BE_REUSED = `
  ended_at IS NOT NULL AND wiped_at IS NOT NULL AND stopped_at IS NOT NULL AND vm_id IS NOT NULL
  AND reused_by IS NULL AND unusable_because IS NULL AND ${IS_NOBODYS}`;

/** @param days a parameter's place */
const isPaidFor = (days: string) => `paid_until >= clock_timestamp() + make_interval(days => ${days})`;

/** One of those that are paid longest, so that users who look at the same time do not all ask about the same one. */
const FIND = `
  SELECT * FROM (
    SELECT ${GIVE_UP_COLUMNS} FROM vps_give_ups
    WHERE ${MAY_BE_REUSED} AND plan_id = $1 AND template_id = $2 AND data_center_id = $3
      AND ${isPaidFor("$4")}
    ORDER BY paid_until DESC LIMIT 10) AS longest
  ORDER BY random() LIMIT 1`;

/** A wiped VM as the user's record wants it, paid for at least so many days more. It is nobody's yet: others may find the same one. */
export async function findWipedVm(db: Queryable, { plan, templateId, dataCenterId }: VpsRecord, leastDays: number): Promise<WipedVm | undefined> {
  const { rows } = await db.query<WipedVm>(FIND, [plan, templateId, dataCenterId, leastDays]);
  return rows[0];
}

/** Binds the VM to the user; false if somebody else has got it meanwhile, nobody may, or it is paid for too short, as is known by now. */
export async function claimWipedVm(db: Queryable, userId: string, giveUpId: number, leastDays: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE vps_give_ups SET reused_by = $1, reused_at = clock_timestamp() WHERE give_up_id = $2 AND ${MAY_BE_REUSED} AND ${isPaidFor("$3")}`, [userId, giveUpId, leastDays]);
  return rowCount === 1;
}

/** How many there are that fit, and that no member of a pool is about to become. */
export async function countReusableVms(db: Queryable, { poolId, plan, templateId, dataCenterId }: PoolKind & { readonly poolId: string }, leastDays: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT (SELECT count(*)::int FROM vps_give_ups WHERE ${MAY_BE_REUSED} AND plan_id = $1 AND template_id = $2 AND data_center_id = $3 AND ${isPaidFor("$4")})
       - (SELECT count(*)::int FROM vps_pool_members WHERE pool_id = $5 AND vps_pool_members.state = 'building' AND is_reused
            AND EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = member_id AND is_pooled AND hostinger_vm_id IS NULL)) AS count`,
    [plan, templateId, dataCenterId, leastDays, poolId],
  );
  return Math.max(0, rows[0]!.count);
}

/** Nobody gets this VM any more, unless somebody has got it meanwhile. */
export async function refuseWipedVm(db: Queryable, giveUpId: number, because: string): Promise<void> {
  await db.query("UPDATE vps_give_ups SET unusable_because = $2 WHERE give_up_id = $1 AND reused_by IS NULL", [giveUpId, because]);
}

/** Whether something may have been bought for the present request: by the books, by a run of a version before them, or by one whose provider may have outlived its worker. */
export async function mayHaveBought(db: Queryable, { userId, requestedAt }: VpsRecord): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(`SELECT EXISTS (SELECT FROM vps_runs WHERE user_id = $1 AND operation = 'up' AND started_at >= $2 AND (outcome = 'lost' OR may_buy_unbooked AND outcome IS DISTINCT FROM 'waiting'))
       OR EXISTS (SELECT FROM vps_purchases WHERE user_id = $1 AND reserved_at >= $2 AND state <> 'released') AS found`, [userId, requestedAt]);
  return rows[0]!.found;
}
