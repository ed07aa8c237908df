import type { Queryable } from "../db/queryable.ts";
import { storableJson, storableText } from "../db/storable.ts";

export const OPERATIONS = ["up", "destroy", "refresh", "preview", "power", "snapshot", "restore"] as const;
export type Operation = (typeof OPERATIONS)[number];

export const OUTCOMES = ["succeeded", "failed", "cancelled", "lost", "waiting"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const CAUSE_KINDS = ["signup", "repair", "release", "rotation", "retry", "change", "decision", "power", "snapshot", "restore", "suspend", "resume", "give-up"] as const;
export type CauseKind = (typeof CAUSE_KINDS)[number];

/** Who or what has a run done. */
export interface Cause {
  readonly kind: CauseKind;
  /** An operator's user id, the user's own, or `automatic`. */
  readonly requestedBy: string;
  readonly reason: string | null;
}

export interface RunStart {
  readonly runId: string;
  readonly userId: string;
  readonly username: string;
  readonly operation: Operation;
  /** The worker's own name, new with each start of its process. */
  readonly workerId: string;
  /** The machine, so that only processes there are looked for there. */
  readonly hostId: string;
  readonly pid: number;
  /** What has asked for it, in a trace (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** A property of a resource before and after the step; null: it was, or is, not there. */
export interface ChangedProperty {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** One resource of the run and how long it took. */
export interface RunResource {
  readonly type: string;
  readonly name: string;
  readonly operation: string;
  readonly seconds: number;
  /** The provider's id of it. */
  readonly id?: string | undefined;
  /** What it has by now, as far as it is short and no secret. */
  readonly outputs?: Readonly<Record<string, string>> | undefined;
  /** What the step changed; of one that was made anew, nothing. */
  readonly changed?: readonly ChangedProperty[] | undefined;
}

export interface RunEnd {
  readonly outcome: Outcome;
  readonly errorCode?: string | null | undefined;
  readonly message?: string | null | undefined;
  readonly seconds: number;
  /** As the engine counts them: `{ create: 5, same: 1 }`. */
  readonly resourceChanges?: Readonly<Record<string, number>> | null | undefined;
  readonly resources?: readonly RunResource[] | null | undefined;
}

export interface RunRecord extends RunStart {
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** null while the run goes on. */
  readonly outcome: Outcome | null;
  readonly errorCode: string | null;
  readonly message: string | null;
  readonly seconds: number | null;
  readonly resourceChanges: Readonly<Record<string, number>> | null;
  readonly resources: readonly RunResource[] | null;
  /** null: not known, as of runs by versions before. */
  readonly cause: Cause | null;
}

export const RUN_COLUMNS = `
  run_id AS "runId", user_id AS "userId", username, operation, worker_id AS "workerId", host_id AS "hostId", pid,
  started_at AS "startedAt", ended_at AS "endedAt", outcome, error_code AS "errorCode", message, seconds,
  resource_changes AS "resourceChanges", resources, cause`;

const START = `
  INSERT INTO vps_runs (run_id, user_id, username, operation, worker_id, host_id, pid, started_at, traceparent, may_buy_unbooked, cause)
  VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8, false, coalesce($9::jsonb, (
    SELECT jsonb_build_object('kind', kind, 'requestedBy', requested_by, 'reason', reason) FROM vps_causes WHERE user_id = $2 AND operation = $4)))`;

/** @param cause unless it is what was last asked for: see causes.ts */
export async function startRun(db: Queryable, run: RunStart, cause?: Cause): Promise<void> {
  await db.query(START, [run.runId, run.userId, run.username, run.operation, run.workerId, run.hostId, run.pid, run.traceparent ?? null, cause ? storableJson(cause) : null]);
}

/** Of the user's last run, if that waits: what goes on after a wait belongs to the same trace. */
export async function traceparentOfWait(db: Queryable, userId: string): Promise<string | undefined> {
  const { rows } = await db.query<{ outcome: string | null; traceparent: string | null }>("SELECT outcome, traceparent FROM vps_runs WHERE user_id = $1 ORDER BY started_at DESC, run_id DESC LIMIT 1", [userId]);
  return (rows[0]?.outcome === "waiting" && rows[0].traceparent) || undefined;
}

const FINISH = `
  WITH ended AS (UPDATE vps_phases SET ended_at = clock_timestamp() WHERE run_id = $1 AND ended_at IS NULL)
  UPDATE vps_runs SET outcome = $2, error_code = $3, message = $4, seconds = $5, resource_changes = $6, resources = $7, ended_at = clock_timestamp()
  WHERE run_id = $1 AND outcome IS NULL`;

/** Ends the run and the phase it is in. A run that has ended already stays as it is: then false. */
export async function finishRun(db: Queryable, runId: string, end: RunEnd): Promise<boolean> {
  const json = (value: unknown) => (value ? storableJson(value) : null);
  const { rowCount } = await db.query(FINISH, [runId, end.outcome, end.errorCode ?? null, storableText(end.message), end.seconds, json(end.resourceChanges), json(end.resources)]);
  return rowCount === 1;
}
