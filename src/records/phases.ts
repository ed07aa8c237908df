import type { Queryable } from "../db/queryable.ts";
import { hasEnded } from "./ended-run.ts";
import type { Phase } from "./vps-record.ts";

export interface PhaseTime {
  readonly phase: Phase;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

/** With `done` the run has just ended. */
const BEGIN = `
  WITH may AS (
    SELECT WHERE $3 = 'done' OR NOT ${hasEnded("$1")}
  ), ended AS (
    UPDATE vps_phases SET ended_at = clock_timestamp() FROM may WHERE run_id = $1 AND phase <> $3 AND ended_at IS NULL
  ), begun AS (
    INSERT INTO vps_phases (run_id, user_id, phase, ended_at) SELECT $1, $2, $3, CASE WHEN $3 = 'done' THEN clock_timestamp() END FROM may
    ON CONFLICT (run_id, phase) DO UPDATE SET ended_at = NULL
  )
  UPDATE user_vps SET phase = $3, waiting_for = NULL FROM may WHERE user_id::text = $2 AND is_managed AND phase IS DISTINCT FROM $3`;

/** The phase before ends, this one begins (or goes on, if the run was in it before), and the record says so; not of a run that has ended. */
export async function beginPhase(db: Queryable, { runId, userId, phase }: { runId: string; userId: string; phase: Phase }): Promise<void> {
  await db.query(BEGIN, [runId, userId, phase]);
}

