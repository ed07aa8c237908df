/** The table of sweeps. */
import { UserVpsError } from "../../providers/core/errors.ts";
import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableText } from "../db/storable.ts";

export interface SweepRecord {
  readonly sweepId: number;
  /** An operator's user id, or `schedule`. */
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly outcome: "succeeded" | "failed" | "lost" | null;
  readonly message: string | null;
  /** Without the previews of suspects. */
  readonly seconds: number | null;
  readonly apiCalls: number | null;
  readonly users: number | null;
  /** The others were being worked on. */
  readonly examined: number | null;
  readonly findings: number | null;
  readonly previews: number | null;
}

const COLUMNS = `sweep_id::double precision AS "sweepId", requested_by AS "requestedBy", requested_at AS "requestedAt", started_at AS "startedAt",
  finished_at AS "finishedAt", outcome, message, seconds, api_calls AS "apiCalls", users, examined, findings, previews`;

/** That the one that waits begins just between the two statements, so often in a row, does not happen. */
const REQUEST_TRIES = 10;

/** One that waits already serves for everybody who asks. */
export async function requestSweep(db: Queryable, requestedBy: string): Promise<SweepRecord> {
  for (let tries = 0; tries < REQUEST_TRIES; tries += 1) {
    const made = await db.query<SweepRecord>(
      `INSERT INTO vps_sweeps (requested_by) VALUES ($1) ON CONFLICT ((true)) WHERE started_at IS NULL AND finished_at IS NULL DO NOTHING RETURNING ${COLUMNS}`,
      [requestedBy],
    );
    const waiting = made.rows[0] ?? (await db.query<SweepRecord>(`SELECT ${COLUMNS} FROM vps_sweeps WHERE started_at IS NULL AND finished_at IS NULL`)).rows[0];
    if (waiting) return waiting;
  }
  throw new UserVpsError("DATABASE_FAILED", `A sweep could not be asked for in ${REQUEST_TRIES} tries: each time another one began just then.`, { next: "Ask again." });
}

/** Begins the one that waits; undefined if none does. Whoever was at one before is gone: only the holder of the sweeps' lock may call it. */
export async function beginSweep(db: Queryable): Promise<SweepRecord | undefined> {
  await db.query("UPDATE vps_sweeps SET outcome = 'lost', finished_at = clock_timestamp(), message = 'Its worker is gone.' WHERE started_at IS NOT NULL AND finished_at IS NULL");
  return (await db.query<SweepRecord>(`UPDATE vps_sweeps SET started_at = clock_timestamp() WHERE started_at IS NULL AND finished_at IS NULL RETURNING ${COLUMNS}`)).rows[0];
}

export type SweepEnd = Partial<Pick<SweepRecord, "message" | "seconds" | "apiCalls" | "users" | "examined" | "findings" | "previews">> & { readonly outcome: "succeeded" | "failed" };

export async function finishSweep(db: Queryable, sweepId: number, end: SweepEnd): Promise<void> {
  await db.query(
    `UPDATE vps_sweeps SET outcome = $2, message = $3, seconds = $4, api_calls = $5, users = $6, examined = $7, findings = $8, previews = $9, finished_at = clock_timestamp()
     WHERE sweep_id = $1 AND finished_at IS NULL`,
    [sweepId, end.outcome, storableText(end.message), end.seconds ?? null, end.apiCalls ?? null, end.users ?? null, end.examined ?? null, end.findings ?? null, end.previews ?? null],
  );
}

/** Newest first. */
export async function listSweeps(db: Queryable, { limit, cursor }: { limit: number; cursor?: number | undefined }): Promise<Page<SweepRecord, number>> {
  const { rows } = await db.query<SweepRecord>(`SELECT ${COLUMNS} FROM vps_sweeps WHERE $1::bigint IS NULL OR sweep_id < $1 ORDER BY sweep_id DESC LIMIT $2`, [cursor ?? null, limit + 1]);
  return firstPage(rows, limit, ({ sweepId }) => sweepId);
}

export async function lastSweep(db: Queryable): Promise<SweepRecord | undefined> {
  return (await db.query<SweepRecord>(`SELECT ${COLUMNS} FROM vps_sweeps WHERE outcome = 'succeeded' ORDER BY sweep_id DESC LIMIT 1`)).rows[0];
}
