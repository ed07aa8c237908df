/** How far a user's VPS has come, beside what its record says. */
import { prepared } from "../db/prepared.ts";
import type { Queryable } from "../db/queryable.ts";
import type { PhaseTime } from "./phases.ts";
import type { WaySoFar } from "./ready-estimate.ts";

export interface Progress {
  /** Of the user's last run, in the order in which they began. */
  readonly phases: readonly PhaseTime[];
  readonly way: Pick<WaySoFar, "what" | "isWatched" | "since">;
}

/** Of a user who has only just asked for a VPS. */
export const NO_PROGRESS: Progress = { phases: [], way: { what: null, isWatched: false, since: null } };

const PROGRESS = `
  SELECT what, coalesce(state = 'watched', false) AS "isWatched", since, (
    SELECT coalesce(json_agg(json_build_object('phase', phase, 'startedAt', started_at, 'endedAt', ended_at) ORDER BY started_at), '[]') FROM vps_phases
    WHERE run_id = (SELECT run_id FROM vps_phases WHERE user_id = $1 ORDER BY started_at DESC LIMIT 1)
  ) AS phases
  FROM (SELECT) AS one LEFT JOIN vps_waits ON vps_waits.user_id = $1`;

interface Row extends Pick<WaySoFar, "what" | "isWatched" | "since"> {
  readonly phases: readonly { readonly phase: PhaseTime["phase"]; readonly startedAt: string; readonly endedAt: string | null }[];
}

export async function readProgress(db: Queryable, userId: string): Promise<Progress> {
  const { phases, ...way } = (await db.query<Row>(prepared(PROGRESS, [userId]))).rows[0]!;
  return { way, phases: phases.map(({ phase, startedAt, endedAt }) => ({ phase, startedAt: new Date(startedAt), endedAt: endedAt === null ? null : new Date(endedAt) })) };
}
