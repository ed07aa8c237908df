/** The table of targets: what everybody may know of them, and how they answer. */
import { createHash } from "node:crypto";
import type { NotificationTarget } from "../config/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableJson } from "../db/storable.ts";

export interface TargetRecord {
  readonly name: string;
  readonly format: NotificationTarget["format"];
  /** Without what would let others write there. */
  readonly address: string;
  readonly events: readonly string[];
  /** Since it last took something. */
  readonly failures: number;
  readonly lastError: string | null;
  readonly retryAt: Date | null;
  readonly answeredAt: Date | null;
  readonly pausedAt: Date | null;
  readonly pending: number;
  readonly oldestPendingAt: Date | null;
  readonly givenUp: number;
}

const COLUMNS = `name, format, address, events, failures, last_error AS "lastError", retry_at AS "retryAt", answered_at AS "answeredAt", paused_at AS "pausedAt"`;

/** So many in a row, and it is the target, not a message: it is then tried by one message at a time. */
export const OUTAGE_FAILURES = 3;

/** How long a message is tried counts from when it could be tried first: while its target was paused or out of the settings, none could. */
const TRY_ANEW = `UPDATE vps_notifications SET pending_since = greatest(pending_since, clock_timestamp())
  WHERE state = 'pending' AND target IN (SELECT name FROM freed)`;

/** Those of a worker's settings become the targets there are. */
export async function registerTargets(db: Queryable, targets: readonly NotificationTarget[]): Promise<void> {
  const known = targets.map((target) => ({ name: target.name, format: target.format, address: addressOf(target), events: target.events, fingerprint: fingerprintOf(target) }));
  await db.query(
    `WITH known AS (SELECT * FROM jsonb_to_recordset($1) AS known (name text, format text, address text, events jsonb, fingerprint text)),
       freed AS (SELECT name FROM vps_notification_targets AS target JOIN known USING (name)
         WHERE target.removed_at IS NOT NULL OR (target.paused_at IS NOT NULL AND target.fingerprint <> known.fingerprint)),
       tried_anew AS (${TRY_ANEW})
     INSERT INTO vps_notification_targets (name, format, address, events, fingerprint)
     SELECT name, format, address, ARRAY(SELECT jsonb_array_elements_text(events)), fingerprint FROM known ORDER BY name
     ON CONFLICT (name) DO UPDATE SET format = EXCLUDED.format, address = EXCLUDED.address, events = EXCLUDED.events, fingerprint = EXCLUDED.fingerprint, removed_at = NULL,
       paused_at = CASE WHEN vps_notification_targets.fingerprint = EXCLUDED.fingerprint THEN vps_notification_targets.paused_at END,
       retry_at = CASE WHEN vps_notification_targets.fingerprint = EXCLUDED.fingerprint THEN vps_notification_targets.retry_at END`,
    [storableJson(known)],
  );
  await db.query("UPDATE vps_notification_targets SET removed_at = clock_timestamp() WHERE removed_at IS NULL AND name <> ALL ($1)", [known.map(({ name }) => name)]);
}

/** The host alone: of Slack, the path is the secret. */
export function addressOf(target: NotificationTarget): string {
  if (target.format === "email") return target.to.join(", ");
  return new URL(target.url).host;
}

/** What must not overtake each other: '' for all, and of mail, what goes to the same address. An address that is refused holds up no other. */
export function orderingsOf({ format, address }: Pick<TargetRecord, "format" | "address">): readonly string[] {
  return format === "email" ? address.split(", ") : [""];
}

/** Which events it wants is no part of it. */
function fingerprintOf({ events: _, ...target }: NotificationTarget): string {
  return createHash("sha256").update(JSON.stringify(target)).digest("base64url");
}

export async function activeTargets(db: Queryable): Promise<TargetRecord[]> {
  return (await db.query<TargetRecord>(`SELECT ${COLUMNS} FROM vps_notification_targets WHERE removed_at IS NULL ORDER BY name`)).rows;
}

/** With what waits for each. */
export async function listTargets(db: Queryable): Promise<TargetRecord[]> {
  const { rows } = await db.query<TargetRecord>(
    `SELECT ${COLUMNS}, pending.count AS pending, pending.oldest AS "oldestPendingAt", (SELECT count(*)::int FROM vps_notifications WHERE target = name AND state = 'given_up') AS "givenUp"
     FROM vps_notification_targets, LATERAL (SELECT count(*)::int, min(least(pending_since, clock_timestamp())) AS oldest FROM vps_notifications WHERE target = name AND state = 'pending') AS pending
     WHERE removed_at IS NULL ORDER BY name`,
  );
  return rows;
}

export interface TargetPace {
  readonly failures: number;
  /** Nothing is to be tried now: it is paused, or rests after a failure. */
  readonly rests: boolean;
}

export async function readPace(db: Queryable, name: string): Promise<TargetPace> {
  const { rows } = await db.query<TargetPace>(`SELECT failures, paused_at IS NOT NULL OR coalesce(retry_at > clock_timestamp(), false) AS rests FROM vps_notification_targets WHERE name = $1`, [name]);
  return rows[0] ?? { failures: 0, rests: false };
}

/** It has taken something, or could have. What waited while it did not goes at once. */
export async function noteSuccess(db: Queryable, name: string): Promise<void> {
  const { rows } = await db.query<{ failures: number }>(
    `UPDATE vps_notification_targets AS target SET failures = 0, retry_at = NULL, answered_at = clock_timestamp()
     FROM (SELECT failures FROM vps_notification_targets WHERE name = $1 FOR UPDATE) AS before WHERE target.name = $1 RETURNING before.failures`,
    [name],
  );
  if ((rows[0]?.failures ?? 0) >= OUTAGE_FAILURES) await hurry(db, name);
}

/** @param restSeconds by the number of failures: how long nothing is tried */
export async function noteFailure(db: Queryable, name: string, error: string, restSeconds: (failures: number) => number): Promise<void> {
  const { rows } = await db.query<{ failures: number }>("UPDATE vps_notification_targets SET failures = failures + 1, last_error = $2 WHERE name = $1 RETURNING failures", [name, error]);
  await db.query("UPDATE vps_notification_targets SET retry_at = clock_timestamp() + make_interval(secs => $2) WHERE name = $1", [name, restSeconds(rows[0]?.failures ?? 1)]);
}

export async function pauseTarget(db: Queryable, name: string, error: string): Promise<void> {
  await db.query("UPDATE vps_notification_targets SET paused_at = coalesce(paused_at, clock_timestamp()), last_error = $2 WHERE name = $1", [name, error]);
}

/** What waits is tried at once. @returns whether there is such a target */
export async function resumeTarget(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH freed AS (SELECT name FROM vps_notification_targets WHERE name = $1 AND removed_at IS NULL AND paused_at IS NOT NULL),
       tried_anew AS (${TRY_ANEW})
     UPDATE vps_notification_targets SET paused_at = NULL, retry_at = NULL, failures = 0 WHERE name = $1 AND removed_at IS NULL`,
    [name],
  );
  if (rowCount === 1) await hurry(db, name);
  return rowCount === 1;
}

async function hurry(db: Queryable, name: string): Promise<void> {
  await db.query("UPDATE vps_notifications SET next_attempt_at = clock_timestamp() WHERE target = $1 AND state = 'pending' AND attempts > 0 AND next_attempt_at > clock_timestamp()", [name]);
}
