/** What an operator sees of the pools at a glance. */
import type { Queryable } from "../db/queryable.ts";
import { readNow } from "../db/now.ts";
import { oneOf } from "../db/one-of.ts";
import { ENDED_STATES, IS_BOUGHT_TODAY, listPools } from "../records/index.ts";
import type { PoolRecord } from "../records/index.ts";
import { wantedNow } from "./how-many.ts";

export interface PoolOverview extends PoolRecord {
  /** By the schedule. */
  readonly wanted: number;
  readonly ready: number;
  readonly building: number;
  readonly failed: number;
  /** On the way to their user. */
  readonly claimed: number;
  readonly setAside: number;
  readonly retiring: number;
  /** Begun today to be bought, UTC. */
  readonly begunToday: number;
  /** What the VPSs that are, or were, in the pool have cost that were bought in the last 30 days, first terms alone, in cents. */
  readonly spentCents: number;
  /** Signups of the last 30 days for which there was this pool, and those of them that got a member. */
  readonly asked: number;
  readonly hits: number;
  /** From signup to ready, in the median: with a member, and with a purchase; null: nobody. */
  readonly secondsWith: number | null;
  readonly secondsWithout: number | null;
}

const COUNTS = `
  SELECT pool_id AS "poolId",
    count(*) FILTER (WHERE state = 'ready')::int AS ready, count(*) FILTER (WHERE state = 'building')::int AS building, count(*) FILTER (WHERE state = 'failed')::int AS failed,
    count(*) FILTER (WHERE state = 'claimed')::int AS claimed, count(*) FILTER (WHERE state = 'set_aside')::int AS "setAside", count(*) FILTER (WHERE state = 'retiring')::int AS retiring,
    count(*) FILTER (WHERE ${IS_BOUGHT_TODAY})::int AS "begunToday",
    coalesce(sum((SELECT sum(price_cents) FROM vps_purchases WHERE user_id = member_id AND vps_purchases.state = 'bought' AND bought_at > clock_timestamp() - interval '30 days')), 0)::int AS "spentCents"
  FROM vps_pool_members WHERE state NOT ${oneOf(ENDED_STATES)} OR created_at > clock_timestamp() - interval '30 days' GROUP BY pool_id`;

const SIGNUPS = `
  SELECT pool_id AS "poolId", count(*)::int AS asked, count(pool_member_id)::int AS hits,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ready_at - requested_at)) FILTER (WHERE pool_member_id IS NOT NULL)::double precision AS "secondsWith",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ready_at - requested_at)) FILTER (WHERE pool_member_id IS NULL)::double precision AS "secondsWithout"
  FROM user_vps WHERE pool_id IS NOT NULL AND requested_at > clock_timestamp() - interval '30 days' GROUP BY pool_id`;

type Row = Omit<PoolOverview, keyof PoolRecord | "wanted">;
const NOTHING: Row = { ready: 0, building: 0, failed: 0, claimed: 0, setAside: 0, retiring: 0, begunToday: 0, spentCents: 0, asked: 0, hits: 0, secondsWith: null, secondsWithout: null };

export async function readPoolOverview(db: Queryable): Promise<PoolOverview[]> {
  const [now, pools, counts, signups] = await Promise.all([readNow(db), listPools(db), db.query<Row & { poolId: string }>(COUNTS), db.query<Row & { poolId: string }>(SIGNUPS)]);
  return pools.map((pool) => {
    const of = (rows: readonly (Row & { poolId: string })[]) => rows.find(({ poolId }) => poolId === pool.poolId);
    return { ...NOTHING, ...of(counts.rows), ...of(signups.rows), ...pool, wanted: wantedNow(pool, now) };
  });
}
