/**
 * Pools, one row of vps_pools each:
 *
 *     filling ── members failed, too many in a row, or a whole term is too short ──> paused ── an operator sets it anew ──> filling
 *     filling, paused ── an operator drains it ──> draining ── set anew ──> filling
 *
 * One that POOLS does not name any more keeps none ready: it gives nothing up that was bought, for a worker may have been started with other settings by mistake.
 */
import type { Queryable } from "../db/queryable.ts";

export const POOL_STATES = ["filling", "paused", "draining"] as const;
export type PoolState = (typeof POOL_STATES)[number];

export interface PoolSize {
  /** Where no rule of the schedule says otherwise. */
  readonly keepReady: number;
  /** See src/config/pool-schedule.ts. */
  readonly schedule: readonly string[];
  /** Bought a day, UTC; null: no limit but those of all purchases. */
  readonly mostPerDay: number | null;
}

export interface PoolKind {
  /** Catalog item. */
  readonly plan: string;
  readonly dataCenterId: number;
  readonly templateId: number;
}

export interface PoolRecord extends PoolSize, PoolKind {
  readonly poolId: string;
  readonly state: PoolState;
  /** Members that came to nothing since one was ready last. */
  readonly failures: number;
  readonly pausedBecause: string | null;
  /** An operator; null: the setting POOLS. */
  readonly setBy: string | null;
  readonly setAt: Date;
}

const COLUMNS = `
  pool_id AS "poolId", plan_id AS plan, data_center_id AS "dataCenterId", template_id AS "templateId", keep_ready AS "keepReady", schedule,
  most_per_day AS "mostPerDay", state, failures, paused_because AS "pausedBecause", set_by AS "setBy", set_at AS "setAt"`;

/** By SQL, of `vps_pools`: nothing is bought for it, whatever the time of day is. */
export const IS_FILLED_NO_MORE = "(vps_pools.state = 'draining' OR (vps_pools.keep_ready = 0 AND vps_pools.schedule = '{}'))";

/** Until the transaction's end: whoever adds to what pools buy does so one after the other. */
export async function lockPools(db: Queryable): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock(hashtextextended('user-vps:pools', 0))");
}

/** By id. */
export async function listPools(db: Queryable): Promise<PoolRecord[]> {
  return (await db.query<PoolRecord>(`SELECT ${COLUMNS} FROM vps_pools ORDER BY pool_id COLLATE "C"`)).rows;
}

/** -> filling. By an operator it counts before the setting from then on; by the setting (`setBy` null) it changes nothing that an operator has said. */
export async function savePool(db: Queryable, poolId: string, { plan, dataCenterId, templateId, keepReady, schedule, mostPerDay }: PoolKind & PoolSize, setBy: string | null): Promise<PoolRecord | undefined> {
  const { rows } = await db.query<PoolRecord>(
    `INSERT INTO vps_pools (pool_id, plan_id, data_center_id, template_id, keep_ready, schedule, most_per_day, set_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (pool_id) DO UPDATE SET keep_ready = EXCLUDED.keep_ready, schedule = EXCLUDED.schedule, most_per_day = EXCLUDED.most_per_day,
       set_by = EXCLUDED.set_by, set_at = clock_timestamp(), state = 'filling', failures = 0, paused_because = NULL
     WHERE EXCLUDED.set_by IS NOT NULL OR (vps_pools.set_by IS NULL
       AND (vps_pools.state = 'draining' OR (vps_pools.keep_ready, vps_pools.schedule, vps_pools.most_per_day) IS DISTINCT FROM (EXCLUDED.keep_ready, EXCLUDED.schedule, EXCLUDED.most_per_day)))
     RETURNING ${COLUMNS}`,
    [poolId, plan, dataCenterId, templateId, keepReady, schedule, mostPerDay, setBy],
  );
  return rows[0];
}

/** filling, paused -> draining. undefined: there is no such pool. */
export async function drainPool(db: Queryable, poolId: string, by: string): Promise<PoolRecord | undefined> {
  const { rows } = await db.query<PoolRecord>(`UPDATE vps_pools SET state = 'draining', paused_because = NULL, set_by = $2, set_at = clock_timestamp() WHERE pool_id = $1 RETURNING ${COLUMNS}`, [poolId, by]);
  return rows[0];
}

/** Nothing is bought any more for those that the setting does not name, also one that a version before has drained for that. The ids of those that were filled until now. */
export async function endUnnamedPools(db: Queryable, named: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ poolId: string }>(
    `UPDATE vps_pools SET keep_ready = 0, schedule = '{}', state = CASE state WHEN 'draining' THEN 'filling' ELSE state END, set_at = clock_timestamp()
     WHERE set_by IS NULL AND pool_id <> ALL ($1) AND (keep_ready > 0 OR schedule <> '{}' OR state = 'draining') RETURNING pool_id AS "poolId"`, [named]);
  return rows.map(({ poolId }) => poolId);
}

/** filling -> paused, if that was one too many. */
export async function notePoolFailure(db: Queryable, poolId: string, most: number, reason: string): Promise<void> {
  await db.query(
    `UPDATE vps_pools SET failures = failures + 1,
       state = CASE WHEN state = 'filling' AND failures + 1 >= $2 THEN 'paused' ELSE state END,
       paused_because = CASE WHEN state = 'filling' AND failures + 1 >= $2 THEN $3 ELSE paused_because END
     WHERE pool_id = $1`,
    [poolId, most, reason],
  );
}

/** filling -> paused, if the member was bought and is paid for less than so many days from when it was ready. A wiped VM's term was another one's first. */
export async function pausePoolOfShortTerm(db: Queryable, memberId: string, days: number, because: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE vps_pools SET state = 'paused', paused_because = $3 FROM vps_pool_members AS member
     WHERE member_id = $1 AND vps_pools.pool_id = member.pool_id AND vps_pools.state = 'filling' AND member.paid_until < member.ready_at + make_interval(days => $2)
       AND NOT EXISTS (SELECT FROM vps_give_ups WHERE reused_by = member_id AND vps_give_ups.vm_id = member.vm_id)`,
    [memberId, days, because],
  );
  return rowCount === 1;
}
