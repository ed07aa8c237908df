import type { Queryable } from "../../db/queryable.ts";

export const ROLL_OUT_OUTCOMES = ["succeeded", "stopped", "cancelled"] as const;
/** `stopped`: by its own failures. `cancelled`: by a person. */
export type RollOutOutcome = (typeof ROLL_OUT_OUTCOMES)[number];

export interface RollOutStart {
  readonly rollOutId: string;
  readonly version: string;
  readonly requestedBy: string;
  /** For whoever reads it later. */
  readonly reason: string;
  /** How many VPSs at once. */
  readonly concurrency: number;
  /** With so many it stops. */
  readonly maxFailures: number;
}

export interface RollOutRecord extends RollOutStart {
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  /** null while it goes on, or waits to be gone on with. */
  readonly outcome: RollOutOutcome | null;
}

const COLUMNS = `
  roll_out_id AS "rollOutId", version, requested_by AS "requestedBy", reason, concurrency,
  max_failures AS "maxFailures", created_at AS "createdAt", ended_at AS "endedAt", outcome`;

/** Returns undefined if one is open: there is one at a time. */
export async function insertRollOut(db: Queryable, start: RollOutStart): Promise<RollOutRecord | undefined> {
  const { rows } = await db.query<RollOutRecord>(
    `INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    [start.rollOutId, start.version, start.requestedBy, start.reason, start.concurrency, start.maxFailures],
  );
  return rows[0];
}

export async function findRollOut(db: Queryable, rollOutId: string): Promise<RollOutRecord | undefined> {
  const { rows } = await db.query<RollOutRecord>(`SELECT ${COLUMNS} FROM vps_roll_outs WHERE roll_out_id = $1`, [rollOutId]);
  return rows[0];
}

/** The one that is going on, or was cut off and waits to be gone on with. */
export async function findOpenRollOut(db: Queryable): Promise<RollOutRecord | undefined> {
  const { rows } = await db.query<RollOutRecord>(`SELECT ${COLUMNS} FROM vps_roll_outs WHERE outcome IS NULL`);
  return rows[0];
}

/** Newest first. */
export async function listRollOuts(db: Queryable, limit = 100): Promise<RollOutRecord[]> {
  const { rows } = await db.query<RollOutRecord>(`SELECT ${COLUMNS} FROM vps_roll_outs ORDER BY created_at DESC LIMIT $1`, [limit]);
  return rows;
}

/** Whoever still waits is skipped. One that has ended already stays as it is: then false. */
export async function endRollOut(db: Queryable, rollOutId: string, outcome: RollOutOutcome): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH ended AS (
       UPDATE vps_roll_outs SET outcome = $2, ended_at = clock_timestamp() WHERE roll_out_id = $1 AND outcome IS NULL RETURNING roll_out_id
     ), skipped AS (
       UPDATE vps_roll_out_members member SET status = 'skipped', ended_at = clock_timestamp(), message = 'The roll-out was ' || $2 || '.'
       FROM ended WHERE member.roll_out_id = ended.roll_out_id AND status = 'waiting'
     )
     SELECT FROM ended`,
    [rollOutId, outcome],
  );
  return (rowCount ?? 0) > 0;
}
