/** What is the same for all who ask how far they are: read about once a second, however many ask. */
import { kept } from "../../providers/core/kept.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { COUNTED_WAITS } from "./wait-times.ts";

const KEPT_MS = 1 * SECOND_MS;
/** Of so many runs the median is the usual time. */
const COUNTED_RUNS = 100;

/** Seconds. */
export interface UsualTimes {
  readonly run: number;
  readonly running: number;
  readonly health: number;
  /** Runs that go on at the moment: as many go at once while somebody waits for one. */
  readonly runsAtOnce: number;
}

export interface FleetPace {
  /** Since when each of those who wait for a worker does, in seconds since 1970, ascending. */
  queuedAt(): Promise<readonly number[]>;
  /** How many wait for their turn to buy. */
  buyersWaiting(): Promise<number>;
  /** Undefined as long as nobody's VPS has come so far. */
  usualTimes(): Promise<UsualTimes | undefined>;
}

const QUEUE = `
  SELECT coalesce(json_agg(extract(epoch FROM queued_at)::float8 ORDER BY queued_at), '[]') AS queue FROM user_vps
  WHERE is_managed AND NOT is_pooled AND status = 'queued' AND waiting_kind IS NULL AND error_code IS NULL`;

const BUYERS = "SELECT count(*)::int AS total FROM vps_purchases WHERE state = 'waiting' AND NOT EXISTS (SELECT FROM vps_pool_members WHERE member_id = vps_purchases.user_id)";

const usualWait = (what: string) => `
  (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM (SELECT seconds FROM vps_wait_times WHERE what = '${what}' ORDER BY wait_time_id DESC LIMIT ${COUNTED_WAITS}) AS last)`;
const USUAL = `
  SELECT
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM (
       SELECT seconds FROM vps_runs WHERE operation = 'up' AND outcome IN ('succeeded', 'waiting') ORDER BY ended_at DESC LIMIT ${COUNTED_RUNS}) AS last) AS run,
    ${usualWait("running")} AS running, ${usualWait("health")} AS health,
    (SELECT count(*)::int FROM vps_runs WHERE outcome IS NULL) AS "runsAtOnce"`;

export function fleetPace(db: Queryable): FleetPace {
  const keeping = { keptMs: KEPT_MS };
  return {
    queuedAt: kept(keeping, async () => (await db.query<{ queue: number[] }>(QUEUE)).rows[0]!.queue),
    buyersWaiting: kept(keeping, async () => (await db.query<{ total: number }>(BUYERS)).rows[0]!.total),
    usualTimes: kept(keeping, async () => {
      const { run, running, health, runsAtOnce } = (await db.query<{ run: number | null; running: number | null; health: number | null; runsAtOnce: number }>(USUAL)).rows[0]!;
      return run === null || running === null || health === null ? undefined : { run, running, health, runsAtOnce };
    }),
  };
}
