import type { Queryable } from "../db/queryable.ts";

/** Seconds; each bound counts everybody who was ready within it. */
export const SECONDS_TO_READY_BOUNDS = [30, 60, 120, 300, 600, 900, 1_800, 3_600] as const;

const COUNT = `
  SELECT (SELECT array_agg(within.count ORDER BY within.bound) FROM (
    SELECT bound, (SELECT count(*)::int FROM ready WHERE seconds <= bound) AS count FROM unnest($1::int[]) AS bounds (bound)
  ) AS within) AS counts, (SELECT count(*)::int FROM ready) AS total`;

/** How long users waited from asking to ready, counted up to each of SECONDS_TO_READY_BOUNDS. */
export async function countSecondsToReady(db: Queryable): Promise<{ counts: readonly number[]; total: number }> {
  const { rows: [found] } = await db.query<{ counts: number[]; total: number }>(
    `WITH ready AS (SELECT extract(epoch FROM ready_at - requested_at) AS seconds FROM user_vps WHERE username IS NOT NULL AND ready_at IS NOT NULL) ${COUNT}`,
    [SECONDS_TO_READY_BOUNDS],
  );
  return found!;
}
