/** Changes of a VPS that is there: its installation, its VM, its host name. Who asked for each, and why. */
import { oneOf } from "../db/one-of.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableJson } from "../db/storable.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { isOlderUsers } from "./older-rows.ts";
import { CLEARED_BY_STATUS, WAITS_NO_MORE } from "./set-vps-status.ts";
import type { VpsRecord, VpsStatus } from "./vps-record.ts";
import { AT_REST_STATUSES, VPS_COLUMNS } from "./vps-record.ts";

export const CHANGE_KINDS = ["recreate", "replace", "rename"] as const;
/** `recreate`: wiped and installed anew. `replace`: another VM beside, the old one given up. `rename`: another host name. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What a change is about; see stacks/stack-settings.ts. */
export interface Declared {
  readonly plan: string;
  readonly dataCenterId: number;
  readonly templateId: number;
  readonly hostname: string;
}

/** What the record goes back to if the change is withdrawn. */
interface Before extends Declared {
  readonly bootHostname: string | null;
  readonly recreation: number;
  readonly recreationAskedAt: string | null;
  /** Absent: written by a version before. */
  readonly recreationAfterAction?: number | null;
  readonly status: VpsStatus;
}

export interface VpsChange {
  readonly changeId: number;
  readonly userId: string;
  readonly username: string;
  readonly kind: ChangeKind;
  /** The VM at the time. */
  readonly vmId: number;
  readonly before: Before;
  readonly after: Declared;
  readonly requestedBy: string;
  readonly reason: string;
  readonly requestedAt: Date;
  /** From then on it may have wiped or bought. */
  readonly begunAt: Date | null;
  /** Until when the VM is paid that was given up for another. */
  readonly paidUntil: Date | null;
  readonly endedAt: Date | null;
  readonly outcome: ChangeOutcome | null;
}

export const CHANGE_OUTCOMES = ["succeeded", "superseded", "withdrawn"] as const;
/** `superseded`: another change was asked for, or the VPS given up, before it came to its end. `withdrawn`: cancelled before it had begun. */
export type ChangeOutcome = (typeof CHANGE_OUTCOMES)[number];

const COLUMNS = `
  change_id::double precision AS "changeId", user_id AS "userId", username, kind, vm_id::double precision AS "vmId",
  declared_before AS before, declared_after AS after, requested_by AS "requestedBy", reason, requested_at AS "requestedAt",
  begun_at AS "begunAt", paid_until AS "paidUntil", ended_at AS "endedAt", outcome`;

const UNIQUE_VIOLATION = "23505";

export interface ChangeRequest {
  readonly kind: ChangeKind;
  /** What is not named stays as it is. */
  readonly to: Partial<Declared>;
  readonly requestedBy: string;
  readonly reason: string;
}

/** Only of a VPS at rest: whatever else came in between counts. */
const DECLARE = `
  UPDATE user_vps SET plan_id = $2, data_center_id = $3, template_id = $4, hostname = $5,
    recreation = recreation + CASE WHEN $6 = 'recreate' THEN 1 ELSE 0 END,
    recreation_asked_at = CASE WHEN $6 = 'recreate' THEN clock_timestamp() ELSE recreation_asked_at END,
    recreation_after_action = CASE WHEN $6 = 'recreate' THEN NULL ELSE recreation_after_action END,
    boot_hostname = CASE WHEN $6 = 'rename' THEN coalesce(boot_hostname, hostname) ELSE boot_hostname END,
    status = 'queued', phase = 'queued', ${CLEARED_BY_STATUS}
  WHERE user_id::text = $1 AND is_managed AND status ${oneOf(AT_REST_STATUSES)}
  RETURNING ${VPS_COLUMNS}`;

/**
 * Declares the change and writes down who wanted it. One that has not come to its end yet is superseded.
 *
 * @param db inside a transaction
 * @param record at rest, with a VM
 * @returns the record as it is now; undefined, and nothing is changed, if it is not at rest any more
 * @throws UserVpsError USERNAME_TAKEN if somebody else has got the host name meanwhile
 */
export async function requestChange(db: Queryable, record: VpsRecord & { readonly hostingerVmId: number }, { kind, to, requestedBy, reason }: ChangeRequest): Promise<VpsRecord | undefined> {
  const { userId, username, hostingerVmId, plan, dataCenterId, templateId, hostname, bootHostname, recreation, recreationAskedAt, recreationAfterAction, status } = record;
  const declared: Declared = { plan, dataCenterId, templateId, hostname };
  const before: Before = { ...declared, bootHostname, recreation, recreationAskedAt: recreationAskedAt?.toISOString() ?? null, recreationAfterAction, status };
  const after: Declared = { ...declared, ...to };
  const { rows } = await db.query<VpsRecord>(DECLARE, [userId, after.plan, after.dataCenterId, after.templateId, after.hostname, kind]).catch((error: unknown) => {
    throw (error as { code?: string }).code === UNIQUE_VIOLATION ? new UserVpsError("USERNAME_TAKEN", `The host name ${after.hostname} belongs to another user.`, { next: "Choose another host name." }) : error;
  });
  if (!rows[0]) return undefined;
  await endOpenChange(db, userId, "superseded");
  await db.query(
    "INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [userId, username, kind, hostingerVmId, storableJson(before), storableJson(after), requestedBy, reason],
  );
  return rows[0];
}

export async function openChange(db: Queryable, userId: string): Promise<VpsChange | undefined> {
  return (await db.query<VpsChange>(`SELECT ${COLUMNS} FROM vps_changes WHERE user_id = $1 AND ended_at IS NULL`, [userId])).rows[0];
}

/** Written down before anything is wiped or bought: from now on it is not withdrawn any more. */
export async function beginChange(db: Queryable, changeId: number): Promise<void> {
  await db.query("UPDATE vps_changes SET begun_at = coalesce(begun_at, clock_timestamp()) WHERE change_id = $1", [changeId]);
}

/** @param actionId the VM's newest action before the wipe is ordered; 0: it has none */
export async function saveActionBefore(db: Queryable, userId: string, actionId: number): Promise<VpsRecord | undefined> {
  const { rows } = await db.query<VpsRecord>(`UPDATE user_vps SET recreation_after_action = coalesce(recreation_after_action, $2) WHERE user_id::text = $1 AND is_managed RETURNING ${VPS_COLUMNS}`, [userId, actionId]);
  return rows[0];
}

/** @param isInstalledAnew the VM was set up with the host name as it is: that is the one of its first boot now */
export async function completeChange(db: Queryable, { changeId, userId }: VpsChange, { isInstalledAnew }: { readonly isInstalledAnew: boolean }): Promise<void> {
  await db.query("UPDATE vps_changes SET ended_at = clock_timestamp(), outcome = 'succeeded' WHERE change_id = $1 AND ended_at IS NULL", [changeId]);
  if (isInstalledAnew) await db.query("UPDATE user_vps SET boot_hostname = NULL WHERE user_id::text = $1 AND is_managed", [userId]);
}

/** Of the VM that was given up for another, by whichever change. */
export async function notePaidUntil(db: Queryable, userId: string, vmId: number, paidUntil: Date | undefined): Promise<void> {
  await db.query("UPDATE vps_changes SET paid_until = coalesce($3, paid_until) WHERE user_id = $1 AND vm_id = $2 AND kind = 'replace' AND begun_at IS NOT NULL", [userId, vmId, paidUntil ?? null]);
}

/** Changes of the present VPS that may have installed it anew, the newest first. */
export async function begunInstallations(db: Queryable, { userId, requestedAt }: Pick<VpsRecord, "userId" | "requestedAt">): Promise<VpsChange[]> {
  return (await db.query<VpsChange>(`SELECT ${COLUMNS} FROM vps_changes WHERE user_id = $1 AND kind IN ('recreate', 'replace') AND begun_at >= $2 ORDER BY change_id DESC`, [userId, requestedAt])).rows;
}

/** The VM was installed by this host name. */
export async function saveBootHostname(db: Queryable, userId: string, hostname: string): Promise<VpsRecord | undefined> {
  return (await db.query<VpsRecord>(`UPDATE user_vps SET boot_hostname = nullif($2, hostname) WHERE user_id::text = $1 AND is_managed RETURNING ${VPS_COLUMNS}`, [userId, hostname])).rows[0];
}

/** With it the permission ends. */
export async function endOpenChange(db: Queryable, userId: string, outcome: "superseded" | "withdrawn"): Promise<void> {
  await db.query("UPDATE vps_changes SET ended_at = clock_timestamp(), outcome = $2 WHERE user_id = $1 AND ended_at IS NULL", [userId, outcome]);
}

const WITHDRAW = `
  UPDATE user_vps SET plan_id = before.plan, data_center_id = before."dataCenterId", template_id = before."templateId", hostname = before.hostname,
    boot_hostname = before."bootHostname", recreation = before.recreation, recreation_asked_at = before."recreationAskedAt", recreation_after_action = before."recreationAfterAction",
    status = before.status, phase = NULL, ${WAITS_NO_MORE}, error_code = CASE WHEN before.status = 'failed' THEN 'CANCELLED' END,
    reason = CASE WHEN before.status = 'failed' THEN 'A change was cancelled before it had begun; the VPS had failed before.' END, next_step = NULL
  FROM vps_changes, jsonb_to_record(declared_before) AS before
    (plan text, "dataCenterId" integer, "templateId" integer, hostname text, "bootHostname" text, recreation integer, "recreationAskedAt" timestamptz, "recreationAfterAction" bigint, status text)
  WHERE vps_changes.user_id = $1 AND ended_at IS NULL AND begun_at IS NULL
    AND user_vps.user_id::text = $1 AND user_vps.is_managed AND user_vps.status = 'queued'
  RETURNING change_id::double precision AS "changeId"`;

/**
 * Takes back a change that has not begun: all is declared as it was before. Its id; undefined if there was none.
 *
 * @throws UserVpsError USERNAME_TAKEN if somebody has got the host name of before at the same instant
 */
export async function withdrawChange(db: Queryable, userId: string): Promise<number | undefined> {
  const { rows } = await db.query<{ changeId: number }>(WITHDRAW, [userId]).catch((error: unknown) => {
    throw (error as { code?: string }).code === UNIQUE_VIOLATION ? new UserVpsError("USERNAME_TAKEN", "The rename cannot be taken back: the host name of before belongs to another user by now.", { next: "Let it go on, and ask for another host name then." }) : error;
  });
  if (!rows[0]) return undefined;
  await endOpenChange(db, userId, "withdrawn");
  return rows[0].changeId;
}

/** Newest first; with `before`, only those that were asked for before that one. */
export async function listChanges(db: Queryable, userId: string, limit: number, before?: number): Promise<VpsChange[]> {
  return (await db.query<VpsChange>(`SELECT ${COLUMNS} FROM vps_changes WHERE user_id = $1 AND ($3::bigint IS NULL OR change_id < $3) ORDER BY change_id DESC LIMIT $2`, [userId, limit, before ?? null])).rows;
}

/** VMs that the user had before another took their place, the newest first. */
export async function replacedVms(db: Queryable, userId: string): Promise<number[]> {
  const { rows } = await db.query<{ vmId: number }>(
    "SELECT vm_id::double precision AS \"vmId\" FROM vps_changes WHERE user_id = $1 AND kind = 'replace' AND begun_at IS NOT NULL GROUP BY vm_id ORDER BY max(change_id) DESC", [userId],
  );
  return rows.map(({ vmId }) => vmId);
}

/** By SQL: whether the host name is one that another user may go back to, by taking back a change that is open. */
export const mayBeGoneBackTo = (hostname: string, userId: string) => `EXISTS (SELECT FROM vps_changes WHERE ended_at IS NULL AND declared_before ->> 'hostname' = ${hostname} AND vps_changes.user_id <> ${userId})`;

/** Whether somebody else has the host name, may go back to it, or could sign up for it under their user name. */
export async function isHostnameTaken(db: Queryable, userId: string, hostname: string): Promise<boolean> {
  const [label] = hostname.split(".");
  const { rows } = await db.query<{ isTaken: boolean }>(
    `SELECT EXISTS (SELECT FROM user_vps WHERE username IS NOT NULL AND user_id::text <> $1 AND (hostname = $2 OR username = $3)) OR ${mayBeGoneBackTo("$2", "$1")} OR ${isOlderUsers("$2", "$1")} AS "isTaken"`, [userId, hostname, label]);
  return rows[0]!.isTaken;
}
