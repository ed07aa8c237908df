/** What grows by itself is removed by itself: records of what is long over. */
import type { Pool } from "pg";
import type { Queryable } from "../db/queryable.ts";
import { drawCountsTogether } from "./counts.ts";
import { oneOf } from "../db/one-of.ts";
import { ENDED_STATES } from "./pool-members.ts";

export interface Retention {
  /** Runs with their logs, phases and processes; resolved findings with their repairs, and sweeps; VPSs of ended roll-outs. */
  readonly runsKeptDays: number;
  /** What operators have asked for. */
  readonly auditKeptDays: number;
  readonly notificationsKeptDays: number;
}

const BATCH = 1_000;
/** Of one night; what is left is for the next. */
const MOST_BATCHES = 1_000;

/**
 * Not a run that goes on, nor a user's last one, nor those of a request that has not come to its end:
 * by them a later run knows whether something may have been bought already.
 */
const OLD_RUNS = `
  DELETE FROM vps_runs WHERE run_id IN (
    SELECT run_id FROM vps_runs AS old
    WHERE ended_at < clock_timestamp() - make_interval(days => $1)
      AND EXISTS (SELECT FROM vps_runs AS later WHERE later.user_id = old.user_id AND (later.started_at, later.run_id) > (old.started_at, old.run_id))
      AND NOT EXISTS (
        SELECT FROM user_vps WHERE user_vps.user_id::text = old.user_id AND is_managed AND status NOT IN ('ready', 'deprovisioned') AND old.started_at >= user_vps.requested_at)
    ORDER BY ended_at LIMIT ${BATCH})`;

const OLD_FINDINGS = `DELETE FROM vps_findings WHERE finding_id IN (SELECT finding_id FROM vps_findings WHERE resolved_at < clock_timestamp() - make_interval(days => $1) LIMIT ${BATCH})`;

/** The last that succeeded is what metrics tell of. */
const OLD_SWEEPS = `
  DELETE FROM vps_sweeps WHERE sweep_id IN (
    SELECT sweep_id FROM vps_sweeps WHERE finished_at < clock_timestamp() - make_interval(days => $1)
      AND sweep_id <> coalesce((SELECT max(sweep_id) FROM vps_sweeps WHERE outcome = 'succeeded'), 0) LIMIT ${BATCH})`;

const OLD_ACTIONS = `DELETE FROM vps_operator_actions WHERE action_id IN (SELECT action_id FROM vps_operator_actions WHERE asked_at < clock_timestamp() - make_interval(days => $1) LIMIT ${BATCH})`;

/** Of pools: the own rows of members that are a user's by now, or gone, and the members themselves, which a month's numbers are made of. */
const OLD_POOL_ROWS = `DELETE FROM user_vps WHERE is_pooled AND user_id IN (SELECT user_id FROM user_vps WHERE is_pooled AND status = 'deprovisioned' AND updated_at < clock_timestamp() - make_interval(days => greatest($1::int, 31)) LIMIT ${BATCH})`;
const OLD_POOL_MEMBERS = `
  DELETE FROM vps_pool_members WHERE member_id IN (
    SELECT member_id FROM vps_pool_members WHERE state ${oneOf(ENDED_STATES)} AND ended_at < clock_timestamp() - make_interval(days => greatest($1::int, 31))
      AND NOT EXISTS (SELECT FROM user_vps WHERE user_id::text = member_id AND is_pooled) LIMIT ${BATCH})`;
/** Not what tells which release a VPS has: see releases.ts. */
const OLD_ROLL_OUT_MEMBERS = `
  WITH removed AS (
    DELETE FROM vps_roll_out_members WHERE (roll_out_id, user_id) IN (
      SELECT roll_out_id, old.user_id FROM vps_roll_outs JOIN vps_roll_out_members AS old USING (roll_out_id)
      WHERE vps_roll_outs.ended_at < clock_timestamp() - make_interval(days => $1) AND (old.status IN ('failed', 'skipped') OR (old.status = 'succeeded'
        AND (EXISTS (SELECT FROM vps_roll_out_members AS later WHERE later.user_id = old.user_id AND later.status = 'succeeded' AND later.ended_at > old.ended_at)
          OR NOT EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = old.user_id AND user_vps.requested_at <= old.ended_at))))
      LIMIT ${BATCH})
    RETURNING roll_out_id, status
  ), counted AS (
    UPDATE vps_roll_outs SET removed_succeeded = removed_succeeded + succeeded, removed_failed = removed_failed + failed, removed_skipped = removed_skipped + skipped
    FROM (SELECT roll_out_id AS id, count(*) FILTER (WHERE status = 'succeeded') AS succeeded, count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'skipped') AS skipped
      FROM removed GROUP BY roll_out_id) AS told
    WHERE roll_out_id = told.id
  )
  SELECT FROM removed`;
const OLD_NOTIFICATIONS = `DELETE FROM vps_notifications WHERE notification_id IN (SELECT notification_id FROM vps_notifications WHERE created_at < clock_timestamp() - make_interval(days => $1) LIMIT ${BATCH})`;
const OLD_EVENTS = `DELETE FROM vps_notification_events WHERE event_id IN (SELECT event_id FROM vps_notification_events WHERE occurred_at < clock_timestamp() - make_interval(days => $1) LIMIT ${BATCH})`;

export interface Removed {
  readonly runs: number;
  readonly findings: number;
  readonly sweeps: number;
  readonly operatorActions: number;
  readonly notifications: number;
}

/** Removes what is older than it is kept, a batch at a time, so that nobody waits for it; how much that was. */
export async function removeOld(pool: Pool, { runsKeptDays, auditKeptDays, notificationsKeptDays }: Retention): Promise<Removed> {
  const removed = {
    runs: await inBatches(pool, OLD_RUNS, runsKeptDays),
    findings: await inBatches(pool, OLD_FINDINGS, runsKeptDays),
    sweeps: await inBatches(pool, OLD_SWEEPS, runsKeptDays),
    operatorActions: await inBatches(pool, OLD_ACTIONS, auditKeptDays),
    notifications: await inBatches(pool, OLD_NOTIFICATIONS, notificationsKeptDays),
  };
  await inBatches(pool, OLD_POOL_ROWS, runsKeptDays);
  await inBatches(pool, OLD_POOL_MEMBERS, runsKeptDays);
  await inBatches(pool, OLD_EVENTS, notificationsKeptDays);
  await inBatches(pool, OLD_ROLL_OUT_MEMBERS, runsKeptDays);
  await drawCountsTogether(pool);
  return removed;
}

async function inBatches(db: Queryable, statement: string, days: number): Promise<number> {
  let removed = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const { rowCount } = await db.query(statement, [days]);
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH) break;
  }
  return removed;
}
