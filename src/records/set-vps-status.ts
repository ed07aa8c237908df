import type { Queryable } from "../db/queryable.ts";
import { storableText } from "../db/storable.ts";
import { hasEnded } from "./ended-run.ts";
import { VPS_COLUMNS, type Phase, type VpsRecord, type VpsStatus } from "./vps-record.ts";

/** What is not named stays as it is, with one exception: see `status`. */
export interface StatusChange {
  /** A new status clears waitingFor, waitingKind, waitingUsualSeconds, errorCode, reason and nextStep unless they are named too; the first 'ready' sets readyAt. */
  readonly status?: VpsStatus;
  readonly phase?: Phase | null;
  readonly waitingFor?: string | null;
  /** With it the record waits since then, without a run. */
  readonly waitingKind?: string | null;
  /** How long that took others: set along with waitingKind, or not known. */
  readonly waitingUsualSeconds?: number | null;
  readonly errorCode?: string | null;
  readonly reason?: string | null;
  readonly nextStep?: string | null;
}

const COLUMNS = { status: "status", phase: "phase", waitingFor: "waiting_for", waitingKind: "waiting_kind", waitingUsualSeconds: "waiting_usual_seconds", errorCode: "error_code", reason: "reason", nextStep: "next_step" } as const;
const CLEARED = { waitingFor: null, waitingKind: null, waitingUsualSeconds: null, errorCode: null, reason: null, nextStep: null } as const;

/** For statements that set more than a status: nothing is waited for from now on. */
export const WAITS_NO_MORE = "waiting_for = NULL, waiting_kind = NULL, waiting_since = NULL, waiting_usual_seconds = NULL, waiting_place = NULL";
/** For statements that set more than a status: all that a new one clears. */
export const CLEARED_BY_STATUS = `${WAITS_NO_MORE}, error_code = NULL, reason = NULL, next_step = NULL`;

/**
 * Changes the status and what belongs to it.
 *
 * @param from if given, nothing happens unless the record is in one of these statuses
 * @param ofRun if given, nothing happens once this run has ended
 * @returns the record as it is now; undefined if nothing was changed
 */
export async function setVpsStatus(db: Queryable, userId: string, change: StatusChange, from?: readonly VpsStatus[], ofRun?: string): Promise<VpsRecord | undefined> {
  const values: unknown[] = [userId, from ?? null];
  const complete = change.status ? { ...CLEARED, ...change } : change;
  const assignments = Object.entries(complete)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${COLUMNS[field as keyof StatusChange]} = $${values.push(typeof value === "string" ? storableText(value) : value)}`);
  if (complete.waitingKind !== undefined) assignments.push("waiting_place = NULL", complete.waitingKind === null ? "waiting_since = NULL" : "waiting_since = coalesce(waiting_since, clock_timestamp())");
  if (change.status === "ready") assignments.push("ready_at = coalesce(ready_at, clock_timestamp())");
  if (assignments.length === 0) return undefined;
  const isInTime = ofRun === undefined ? "" : ` AND NOT ${hasEnded(`$${values.push(ofRun)}`)}`;
  const { rows } = await db.query<VpsRecord>(
    `UPDATE user_vps SET ${assignments.join(", ")}
     WHERE user_id::text = $1 AND is_managed AND ($2::text[] IS NULL OR status = ANY ($2))${isInTime}
     RETURNING ${VPS_COLUMNS}`,
    values,
  );
  return rows[0];
}
