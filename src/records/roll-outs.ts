import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";

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
  /** Whether each VM's snapshot is made anew before the VM is touched. */
  readonly snapshot: boolean;
}

export interface NewRollOut extends RollOutStart {
  /** Not for all that are ready: its release is nobody's but theirs. */
  readonly onlySome: boolean;
}

export interface RollOutRecord extends RollOutStart {
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  /** null while it goes on, or waits to be gone on with. */
  readonly outcome: RollOutOutcome | null;
  readonly cancelledBy: string | null;
}

const COLUMNS = `
  roll_out_id AS "rollOutId", version, requested_by AS "requestedBy", reason, concurrency, snapshot,
  max_failures AS "maxFailures", created_at AS "createdAt", ended_at AS "endedAt", outcome, cancelled_by AS "cancelledBy"`;

/** Of what is the newest release of all, by SQL: brought to its end, and not to a few who were named. */
export const IS_FOR_ALL = "outcome = 'succeeded' AND NOT only_some";

/** Returns undefined if one is open: there is one at a time. */
export async function insertRollOut(db: Queryable, start: NewRollOut): Promise<RollOutRecord | undefined> {
  const { rows } = await db.query<RollOutRecord>(
    `INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures, snapshot, only_some) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    [start.rollOutId, start.version, start.requestedBy, start.reason, start.concurrency, start.maxFailures, start.snapshot, start.onlySome],
  );
  return rows[0];
}

export async function findRollOut(db: Queryable, rollOutId: string): Promise<RollOutRecord | undefined> {
  const { rows } = await db.query<RollOutRecord>(`SELECT ${COLUMNS} FROM vps_roll_outs WHERE roll_out_id = $1`, [rollOutId]);
  return rows[0];
}

/** Newest first. `cursor`: the `nextCursor` of the page before. */
export async function listRollOuts(db: Queryable, { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<RollOutRecord, string>> {
  const { rows } = await db.query<RollOutRecord>(
    `SELECT ${COLUMNS} FROM vps_roll_outs
     WHERE $1::text IS NULL OR (created_at, roll_out_id) < (SELECT created_at, roll_out_id FROM vps_roll_outs WHERE roll_out_id = $1)
     ORDER BY created_at DESC, roll_out_id DESC LIMIT $2`,
    [cursor ?? null, limit + 1],
  );
  return firstPage(rows, limit, ({ rollOutId }) => rollOutId);
}

/**
 * Those that somebody has to work on, oldest first: the open one, and any that was ended while VPSs
 * were under way whose worker has died since.
 */
export const UNFINISHED = `
  SELECT roll_out_id FROM vps_roll_outs
  WHERE outcome IS NULL OR EXISTS (SELECT FROM vps_roll_out_members member WHERE member.roll_out_id = vps_roll_outs.roll_out_id AND member.status = 'running')
  ORDER BY created_at`;

export async function findUnfinishedRollOuts(db: Queryable): Promise<string[]> {
  return (await db.query<{ roll_out_id: string }>(UNFINISHED)).rows.map((row) => row.roll_out_id);
}

/**
 * Whoever still waits is skipped. One that has ended already stays as it is: then false.
 *
 * @param db inside a transaction
 */
export async function endRollOut(db: Queryable, rollOutId: string, outcome: RollOutOutcome, cancelledBy?: string): Promise<boolean> {
  const { rowCount } = await db.query("UPDATE vps_roll_outs SET outcome = $2, cancelled_by = $3, ended_at = clock_timestamp() WHERE roll_out_id = $1 AND outcome IS NULL", [rollOutId, outcome, cancelledBy ?? null]);
  if (rowCount !== 1) return false;
  // A statement of its own, so that it sees who was put back while the first one waited for that.
  await db.query("UPDATE vps_roll_out_members SET status = 'skipped', ended_at = clock_timestamp(), message = 'The roll-out was ' || $2 || '.' WHERE roll_out_id = $1 AND status = 'waiting'", [rollOutId, outcome]);
  return true;
}
