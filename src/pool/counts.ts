import { oneOf } from "../db/one-of.ts";
import type { Queryable } from "../db/queryable.ts";
import { GETTING_READY_STATUSES, IS_BOUGHT_TODAY } from "../records/index.ts";
import type { PoolCounts } from "./how-many.ts";

const MEMBERS = `
  SELECT
    count(*) FILTER (WHERE member.pool_id = $1 AND (member.state = 'ready' OR member.state = 'building'))::int AS had,
    (SELECT count(*)::int FROM vps_pool_members WHERE pool_id = $1 AND ${IS_BOUGHT_TODAY}) AS "begunToday",
    count(*) FILTER (WHERE member.state = 'building' AND own.hostinger_vm_id IS NULL)::int AS "onTheWay"
  FROM vps_pool_members AS member JOIN user_vps AS own ON own.user_id::text = member.member_id AND own.is_pooled
  WHERE member.state IN ('building', 'ready')`;

export async function countMembers(db: Queryable, poolId: string): Promise<{ readonly counts: PoolCounts; readonly onTheWay: number }> {
  const { had, begunToday, onTheWay } = (await db.query<PoolCounts & { onTheWay: number }>(MEMBERS, [poolId])).rows[0]!;
  return { counts: { had, begunToday }, onTheWay };
}

/** A run of a claim ends within seconds; whatever takes longer holds the pools up no more. */
const CLAIM_SECONDS = 30;

/** A person who is being worked on, and whose VPS has no VM yet or is just being taken from a pool. Who waits for a guard is counted by the wish. */
export async function isAnybodyOnTheWay(db: Queryable): Promise<boolean> {
  const { rows: [answer] } = await db.query<{ is: boolean }>(
    `SELECT EXISTS (SELECT FROM user_vps WHERE status ${oneOf(GETTING_READY_STATUSES)} AND is_managed AND NOT is_pooled AND hostinger_vm_id IS NULL AND waiting_kind IS NULL)
       OR EXISTS (SELECT FROM vps_pool_members WHERE state = 'claimed' AND claimed_at > clock_timestamp() - make_interval(secs => $1)) AS is`, [CLAIM_SECONDS]);
  return answer!.is;
}

/** Anybody's, a pool's own among them: what comes behind it would only wait as well. */
export async function isAnyWishWaiting(db: Queryable): Promise<boolean> {
  return (await db.query("SELECT FROM vps_purchases WHERE state = 'waiting' AND waits_for IS NOT NULL LIMIT 1")).rowCount !== 0;
}
