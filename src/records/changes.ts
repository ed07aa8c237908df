/** Changes of a VPS that is there: its installation, its VM, its host name. Who asked for each, and why. */
import type { Queryable } from "../db/queryable.ts";
import type { VpsRecord } from "./vps-record.ts";
import { VPS_COLUMNS } from "./vps-record.ts";

export const CHANGE_KINDS = ["recreate", "replace", "rename"] as const;
/** `recreate`: wiped and installed anew. `replace`: another VM beside, the old one given up. `rename`: another host name. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What a change is about; see stacks/config.ts. */
export interface Declared {
  readonly plan: string;
  readonly dataCenterId: number;
  readonly templateId: number;
  readonly hostname: string;
}

export interface VpsChange {
  readonly changeId: number;
  readonly userId: string;
  readonly username: string;
  readonly kind: ChangeKind;
  /** The VM at the time. */
  readonly vmId: number;
  readonly before: Declared;
  readonly after: Declared;
  readonly requestedBy: string;
  readonly reason: string;
  readonly requestedAt: Date;
  /** Until when the VM is paid that was given up for another. */
  readonly paidUntil: Date | null;
  readonly endedAt: Date | null;
  /** `superseded`: another change was asked for, or the VPS given up, before it came to its end. */
  readonly outcome: "succeeded" | "superseded" | null;
}

const COLUMNS = `
  change_id::double precision AS "changeId", user_id AS "userId", username, kind, vm_id::double precision AS "vmId",
  declared_before AS before, declared_after AS after, requested_by AS "requestedBy", reason, requested_at AS "requestedAt",
  paid_until AS "paidUntil", ended_at AS "endedAt", outcome`;

export interface ChangeRequest {
  readonly kind: ChangeKind;
  /** What is not named stays as it is. */
  readonly to: Partial<Declared>;
  readonly requestedBy: string;
  readonly reason: string;
}

/** A VM that is installed anew or bought starts with the host name as it is by then. */
const DECLARE = `
  UPDATE user_vps SET plan_id = $2, data_center_id = $3, template_id = $4, hostname = $5,
    recreation = recreation + CASE WHEN $6 = 'recreate' THEN 1 ELSE 0 END,
    boot_hostname = CASE WHEN $6 = 'rename' THEN coalesce(boot_hostname, hostname) END,
    status = 'queued', phase = 'queued', waiting_for = NULL, error_code = NULL, reason = NULL, next_step = NULL
  WHERE user_id::text = $1 AND username IS NOT NULL
  RETURNING ${VPS_COLUMNS}`;

/**
 * Declares the change and writes down who wanted it. One that has not come to its end yet is superseded.
 *
 * @param db inside a transaction
 * @param record at rest, with a VM
 * @returns the record as it is now
 */
export async function requestChange(db: Queryable, record: VpsRecord & { readonly hostingerVmId: number }, { kind, to, requestedBy, reason }: ChangeRequest): Promise<VpsRecord> {
  const { userId, username, hostingerVmId, plan, dataCenterId, templateId, hostname } = record;
  const before: Declared = { plan, dataCenterId, templateId, hostname };
  const after: Declared = { ...before, ...to };
  await endChange(db, userId, "superseded");
  await db.query(
    "INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [userId, username, kind, hostingerVmId, JSON.stringify(before), JSON.stringify(after), requestedBy, reason],
  );
  const { rows } = await db.query<VpsRecord>(DECLARE, [userId, after.plan, after.dataCenterId, after.templateId, after.hostname, kind]);
  return rows[0]!;
}

export async function openChange(db: Queryable, userId: string): Promise<VpsChange | undefined> {
  return (await db.query<VpsChange>(`SELECT ${COLUMNS} FROM vps_changes WHERE user_id = $1 AND ended_at IS NULL`, [userId])).rows[0];
}

/** With it the permission ends. */
export async function endChange(db: Queryable, userId: string, outcome: "succeeded" | "superseded", { paidUntil }: { readonly paidUntil?: Date | undefined } = {}): Promise<void> {
  await db.query("UPDATE vps_changes SET ended_at = clock_timestamp(), outcome = $2, paid_until = coalesce($3, paid_until) WHERE user_id = $1 AND ended_at IS NULL", [userId, outcome, paidUntil ?? null]);
}

/** Newest first. */
export async function listChanges(db: Queryable, userId: string, limit: number): Promise<VpsChange[]> {
  return (await db.query<VpsChange>(`SELECT ${COLUMNS} FROM vps_changes WHERE user_id = $1 ORDER BY change_id DESC LIMIT $2`, [userId, limit])).rows;
}

/** Whether somebody else has the host name, or could sign up for it under their user name. */
export async function isHostnameTaken(db: Queryable, userId: string, hostname: string): Promise<boolean> {
  const [label] = hostname.split(".");
  const { rowCount } = await db.query("SELECT FROM user_vps WHERE username IS NOT NULL AND user_id::text <> $1 AND (hostname = $2 OR username = $3)", [userId, hostname, label]);
  return rowCount !== 0;
}
