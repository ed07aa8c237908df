/** The giving up of VPSs, as recorded: asked for, cancelled in time or begun, and each step done. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { RestState } from "../../providers/hostinger/vm-state.ts";
import type { Queryable } from "../db/queryable.ts";
import { lockVps } from "./lock-vps.ts";
import type { VpsRecord, VpsStatus } from "./vps-record.ts";

export interface GiveUp {
  readonly giveUpId: number;
  readonly userId: string;
  readonly username: string;
  readonly hostname: string;
  /** By which the VM was first made to serve. */
  readonly bootHostname: string | null;
  /** An operator's user id. */
  readonly requestedBy: string;
  readonly reason: string;
  /** The user's data is wiped; otherwise it stays on the stopped VM. */
  readonly wipe: boolean;
  readonly previousStatus: VpsStatus;
  readonly requestedAt: Date;
  /** Until then it can be cancelled. */
  readonly dueAt: Date;
  readonly cancelledAt: Date | null;
  readonly plan: string;
  readonly templateId: number;
  readonly dataCenterId: number;
  /** null until it is known, or if there was none. */
  readonly vmId: number | null;
  readonly subscriptionId: string | null;
  readonly paidUntil: Date | null;
  readonly startedAt: Date | null;
  readonly stackRemovedAt: Date | null;
  readonly wipeActionId: number | null;
  /** When the wipe's action had succeeded; null: the user's data may still be there. */
  readonly wipedAt: Date | null;
  /** Why the VM's state allowed no wipe: its data may still be there. */
  readonly notWipedBecause: string | null;
  readonly stoppedAt: Date | null;
  /** How the VM was left; null until then. */
  readonly restState: RestState | null;
  /** `unknown`: it is not known which subscription pays it, so it may be renewed. null until the renewal was switched off. */
  readonly renewal: "off" | "unknown" | null;
  readonly endedAt: Date | null;
  readonly reusedBy: string | null;
  readonly reusedAt: Date | null;
  /** When its user got the VM back. */
  readonly returnedAt: Date | null;
  readonly unusableBecause: string | null;
}

export const GIVE_UP_COLUMNS = `
  give_up_id::double precision AS "giveUpId", vps_give_ups.user_id AS "userId", vps_give_ups.username, vps_give_ups.hostname, vps_give_ups.boot_hostname AS "bootHostname",
  requested_by AS "requestedBy", vps_give_ups.reason, wipe, previous_status AS "previousStatus", vps_give_ups.requested_at AS "requestedAt",
  due_at AS "dueAt", cancelled_at AS "cancelledAt", vps_give_ups.plan_id AS plan, vps_give_ups.template_id AS "templateId",
  vps_give_ups.data_center_id AS "dataCenterId", vm_id::double precision AS "vmId", vps_give_ups.subscription_id AS "subscriptionId",
  paid_until AS "paidUntil", started_at AS "startedAt", stack_removed_at AS "stackRemovedAt", wipe_action_id::double precision AS "wipeActionId",
  wiped_at AS "wipedAt", not_wiped_because AS "notWipedBecause", rest_state AS "restState", renewal, stopped_at AS "stoppedAt", ended_at AS "endedAt", reused_by AS "reusedBy", reused_at AS "reusedAt", returned_at AS "returnedAt",
  unusable_because AS "unusableBecause"`;

const OPEN = "ended_at IS NULL AND cancelled_at IS NULL";

export interface GiveUpRequest {
  readonly requestedBy: string;
  readonly reason: string;
  readonly wipe: boolean;
  readonly graceHours: number;
}

/** Once begun, it is not put off again; whether to wipe can still be changed, for a VM that cannot be wiped. */
const REQUEST = `
  INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, boot_hostname)
  VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => 3600 * $8::double precision), $9, $10, $11, $12)
  ON CONFLICT (user_id) WHERE ${OPEN} DO UPDATE SET
    requested_by = EXCLUDED.requested_by, reason = EXCLUDED.reason, wipe = EXCLUDED.wipe,
    due_at = CASE WHEN vps_give_ups.started_at IS NULL THEN EXCLUDED.due_at ELSE vps_give_ups.due_at END
  RETURNING ${GIVE_UP_COLUMNS}, greatest(0, extract(epoch FROM due_at - clock_timestamp()))::double precision AS "leftSeconds"`;

/**
 * @param record as it is before its status changes
 * @returns also how long it is until it is due, by the clock that decides on that
 */
export async function requestGiveUp(db: Queryable, record: VpsRecord, { requestedBy, reason, wipe, graceHours }: GiveUpRequest): Promise<GiveUp & { readonly leftSeconds: number }> {
  const { userId, username, hostname, bootHostname, status, plan, templateId, dataCenterId } = record;
  const { rows } = await db.query<GiveUp & { leftSeconds: number }>(REQUEST, [userId, username, hostname, requestedBy, reason, wipe, status, graceHours, plan, templateId, dataCenterId, bootHostname ?? hostname]);
  return rows[0]!;
}

/**
 * Takes it back while nothing has been done yet.
 *
 * @param db inside a transaction
 * @returns undefined if there is none, or if it has begun
 */
export async function cancelGiveUp(db: Queryable, userId: string): Promise<GiveUp | undefined> {
  await lockVps(db, userId);
  const { rows } = await db.query<GiveUp>(`UPDATE vps_give_ups SET cancelled_at = clock_timestamp() WHERE user_id = $1 AND started_at IS NULL AND ${OPEN} RETURNING ${GIVE_UP_COLUMNS}`, [userId]);
  return rows[0];
}

/**
 * Begins it, or goes on with one that was begun. From now on it cannot be taken back.
 *
 * @param db inside a transaction
 * @returns undefined if it is not wanted any more, or not due yet
 * @throws UserVpsError CHANGE_REFUSED if nobody is recorded to have asked for it, as in a row of an
 *   older backend: nothing is given up then
 */
export async function beginGiveUp(db: Queryable, { userId, username }: Pick<VpsRecord, "userId" | "username">): Promise<GiveUp | undefined> {
  if ((await lockVps(db, userId)) !== "deprovisioning") return undefined;
  const { rows } = await db.query<GiveUp>(
    `UPDATE vps_give_ups SET started_at = coalesce(started_at, clock_timestamp()) WHERE user_id = $1 AND due_at <= clock_timestamp() AND ${OPEN} RETURNING ${GIVE_UP_COLUMNS}`, [userId],
  );
  if (!rows[0] && !(await openGiveUp(db, userId))) {
    throw new UserVpsError("CHANGE_REFUSED", `The record of ${username} says that its VPS is being given up, but nobody is recorded to have asked for it, so nothing is given up.`, {
      next: `Have it tried again (\`user-vps retry ${username}\`) to keep the VPS, or ask for the giving up: \`user-vps deprovision ${username} --reason WHY\`.`,
    });
  }
  return rows[0];
}

/** The one that was asked for and has neither ended nor been taken back. */
export async function openGiveUp(db: Queryable, userId: string): Promise<GiveUp | undefined> {
  const { rows } = await db.query<GiveUp>(`SELECT ${GIVE_UP_COLUMNS} FROM vps_give_ups WHERE user_id = $1 AND ${OPEN}`, [userId]);
  return rows[0];
}

/** One that has begun and has not come to its end: it is not to be undone half-way. */
export async function begunGiveUp(db: Queryable, userId: string): Promise<GiveUp | undefined> {
  const { rows } = await db.query<GiveUp>(`SELECT ${GIVE_UP_COLUMNS} FROM vps_give_ups WHERE user_id = $1 AND started_at IS NOT NULL AND ${OPEN}`, [userId]);
  return rows[0];
}

export interface GiveUpProgress {
  readonly vmId?: number;
  readonly subscriptionId?: string | undefined;
  readonly paidUntil?: Date | undefined;
  readonly wipeActionId?: number;
  readonly notWipedBecause?: string;
  readonly restState?: RestState;
  readonly renewal?: "off" | "unknown";
}
export type GiveUpStep = "stack_removed_at" | "wiped_at" | "stopped_at" | "ended_at";

const PROGRESS = {
  vmId: "vm_id", subscriptionId: "subscription_id", paidUntil: "paid_until", wipeActionId: "wipe_action_id",
  notWipedBecause: "not_wiped_because", restState: "rest_state", renewal: "renewal",
} as const;

/** Writes down what is known by now, and that a step is done; what is not named stays as it is. */
export async function noteGiveUp(db: Queryable, giveUpId: number, progress: GiveUpProgress, step?: GiveUpStep): Promise<void> {
  const values: unknown[] = [giveUpId];
  const assignments = Object.entries(progress)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${PROGRESS[field as keyof GiveUpProgress]} = $${values.push(value)}`);
  if (step) assignments.push(`${step} = coalesce(${step}, clock_timestamp())`);
  if (assignments.length > 0) await db.query(`UPDATE vps_give_ups SET ${assignments.join(", ")} WHERE give_up_id = $1`, values);
}

export interface GiveUpQuery {
  readonly limit: number;
  readonly before?: number | undefined;
  readonly username?: string | undefined;
}

/** Newest first. */
export async function listGiveUps(db: Queryable, { limit, before, username }: GiveUpQuery): Promise<GiveUp[]> {
  const { rows } = await db.query<GiveUp>(
    `SELECT ${GIVE_UP_COLUMNS} FROM vps_give_ups WHERE ($2::bigint IS NULL OR give_up_id < $2) AND ($3::text IS NULL OR vps_give_ups.username = $3) ORDER BY give_up_id DESC LIMIT $1`, [limit, before ?? null, username ?? null],
  );
  return rows;
}
