/** Suspended users: `ready | failed -> suspended -> queued | failed`. Their VM is stopped and stays theirs. */
import type { Queryable } from "../db/queryable.ts";
import { openChange } from "./changes.ts";
import { findVpsByUserId } from "./find-vps.ts";
import { setVpsStatus } from "./set-vps-status.ts";
import { AT_REST_STATUSES } from "./vps-record.ts";
import type { VpsChange } from "./changes.ts";
import type { StatusChange } from "./set-vps-status.ts";
import type { VpsRecord } from "./vps-record.ts";

export interface Suspension {
  readonly suspendedBy: string;
  readonly reason: string;
}

/** @returns undefined, and nothing is changed, unless the VPS is at rest */
export async function suspendVps(db: Queryable, userId: string, { suspendedBy, reason }: Suspension): Promise<VpsRecord | undefined> {
  const suspended = await setVpsStatus(db, userId, { status: "suspended", phase: null, reason: `Suspended by an operator: ${reason}`, nextStep: "Ask an operator to resume it; nothing is wiped." }, AT_REST_STATUSES);
  if (!suspended) return undefined;
  await db.query("UPDATE user_vps SET suspended_at = clock_timestamp(), suspended_by = $2, suspended_because = $3 WHERE user_id::text = $1 AND is_managed", [userId, suspendedBy, reason]);
  return suspended;
}

/** Whether an operator wants the user's VM stopped. Until `resume`: while the VPS is given up as well, and where that has failed. */
export async function isSuspended(db: Queryable, userId: string): Promise<boolean> {
  const { rowCount } = await db.query("SELECT FROM user_vps WHERE user_id::text = $1 AND is_managed AND suspended_at IS NOT NULL AND status <> 'deprovisioned'", [userId]);
  return rowCount !== 0;
}

/**
 * `queued`, for `up`; but `failed`, as before the suspension, while a change is open for which an `up` would wipe or buy: that is not what a resume is asked for.
 *
 * @returns undefined, and nothing is changed, unless it is suspended
 */
export async function resumeVps(db: Queryable, userId: string): Promise<VpsRecord | undefined> {
  const change = await openChange(db, userId);
  const hasVm = ((await findVpsByUserId(db, userId))?.hostingerVmId ?? null) !== null;
  const resumed = await setVpsStatus(db, userId, change && change.kind !== "rename" ? asBefore(change, hasVm) : { status: "queued", phase: "queued" }, ["suspended"]);
  if (!resumed) return undefined;
  await db.query("UPDATE user_vps SET suspended_at = NULL, suspended_by = NULL, suspended_because = NULL WHERE user_id::text = $1 AND is_managed", [userId]);
  return resumed;
}

function asBefore({ kind, requestedAt, username }: VpsChange, hasVm: boolean): StatusChange {
  return {
    status: "failed", phase: null, errorCode: "CHANGE_REFUSED",
    reason: `The ${kind} of ${requestedAt.toISOString()} has not come to its end, and a resume does not go on with it.`,
    nextStep: `${hasVm ? "The VM is started. " : ""}\`user-vps retry ${username}\` goes on with the ${kind}; another change takes its place.`,
  };
}
