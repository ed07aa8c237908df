import { UserVpsError } from "../../providers/core/errors.ts";
import { prepared } from "../db/prepared.ts";
import type { Queryable } from "../db/queryable.ts";
import type { DataCenterChoice } from "./data-center-choice.ts";
import { mayBeGoneBackTo } from "./changes.ts";
import { findVpsByUserId } from "./find-vps.ts";
import { findEarlierRows, HAS_VPS, isOlderUsers, type EarlierRows } from "./older-rows.ts";
import { CLEARED_BY_STATUS } from "./set-vps-status.ts";
import { VPS_COLUMNS, type VpsRecord } from "./vps-record.ts";

export interface VpsRequest {
  readonly userId: string;
  readonly username: string;
  readonly hostname: string;
  readonly plan: string;
  readonly templateId: number;
  readonly dataCenterId: number;
  /** Not given: not known, and the service chooses no other one. */
  readonly dataCenterChosenBy?: DataCenterChoice;
  readonly sshPublicKey: string | null;
  /** The claim `vps_plans` of the user's token; absent or null: it has none. */
  readonly allowedPlans?: readonly string[] | null;
}

/** A user whose VPS was given another host name has that as well as the own user name. */
const TAKEN_NAMES: ReadonlySet<string> = new Set(["idx_user_vps_username", "idx_user_vps_hostname"]);
const UNIQUE_VIOLATION = "23505";
const INVALID_TEXT_REPRESENTATION = "22P02";
const VALUE_OUT_OF_RANGE = "22003";

/**
 * Until the transaction's end. ON CONFLICT watches over one index; of two insertions for one user
 * at the same instant, the second may meet the other one first, that of the user names.
 */
const ONE_AT_A_TIME = "(SELECT pg_advisory_xact_lock(hashtextextended('user-vps:signup:' || $10::text, 0))) AS alone";

interface Made extends VpsRecord {
  readonly hasPools: boolean;
  /** An older backend's user has the host name, or somebody who is about to be renamed, as long as that may be taken back. */
  readonly isAnothers: boolean;
}
const MADE = `${VPS_COLUMNS}, EXISTS (SELECT FROM vps_pools) AS "hasPools",
  ${mayBeGoneBackTo("user_vps.hostname", "user_vps.user_id::text")} OR ${isOlderUsers("user_vps.hostname", "user_vps.user_id::text")} AS "isAnothers"`;

/** What a VPS before was. */
const FORGOTTEN = "ready_at = NULL, address = NULL, url = NULL, ssh_host_key = NULL, hostinger_vm_id = NULL, hostinger_order_id = NULL, subscription_id = NULL";

/** A VPS that was given up is asked for afresh: everything of the old one is forgotten, new credentials are wanted. */
const INSERT = `
  INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, ssh_public_key, allowed_plans, data_center_chosen_by, status, phase, requested_at, updated_at)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', 'queued', clock_timestamp(), clock_timestamp() FROM ${ONE_AT_A_TIME}
  ON CONFLICT ((user_id::text)) WHERE username IS NOT NULL DO UPDATE SET
    username = EXCLUDED.username, hostname = EXCLUDED.hostname, plan_id = EXCLUDED.plan_id, template_id = EXCLUDED.template_id,
    data_center_id = EXCLUDED.data_center_id, ssh_public_key = EXCLUDED.ssh_public_key, allowed_plans = EXCLUDED.allowed_plans, status = 'queued', phase = 'queued',
    data_center_chosen_by = EXCLUDED.data_center_chosen_by, data_centers_tried = '{}', requested_at = EXCLUDED.requested_at, ${CLEARED_BY_STATUS}, ${FORGOTTEN},
    credentials_rotation = user_vps.credentials_rotation + 1, first_rotation = user_vps.credentials_rotation + 1, credentials_shown_at = NULL,
    taken_over_vm_id = NULL, taken_over_is_wiped = false, boot_hostname = NULL, recreation = 0, recreation_asked_at = NULL, recreation_after_action = NULL, snapshot_vm_id = NULL,
    pool_id = NULL, pool_member_id = NULL, first_release = NULL, nearest_data_center_id = NULL, suspended_at = NULL, suspended_by = NULL, suspended_because = NULL
  WHERE user_vps.status = 'deprovisioned' AND user_vps.is_managed
  RETURNING ${MADE}`;

/** A row of an older backend that never came to a VPS, or whose VPS was given up, becomes ours. */
const TAKE_OVER = `
  UPDATE user_vps SET username = $2, hostname = $3, plan_id = $4, template_id = $5, data_center_id = $6, ssh_public_key = $7, allowed_plans = $8,
    data_center_chosen_by = $9, data_centers_tried = '{}', status = 'queued', phase = 'queued', ${CLEARED_BY_STATUS}, ${FORGOTTEN}, requested_at = clock_timestamp()
  FROM ${ONE_AT_A_TIME}
  WHERE ctid = (SELECT ctid FROM user_vps WHERE user_id::text = $1 AND NOT is_managed AND NOT ${HAS_VPS} LIMIT 1 FOR UPDATE)
    AND NOT EXISTS (SELECT FROM user_vps WHERE user_id::text = $1 AND (is_managed OR ${HAS_VPS}))
  RETURNING ${MADE}`;

export interface RequestedVps {
  readonly record: VpsRecord;
  readonly created: boolean;
  /** Whether there is any pool that a VPS could come from. */
  readonly hasPools: boolean;
}

/**
 * Records that a user wants a VPS. Idempotent: a user who has one (or whose first one is on its way)
 * gets that record back unchanged, with `created: false`.
 *
 * @param db inside a transaction, which is rolled back if this throws
 * @param earlier as read just before; what has come in between is seen all the same
 * @throws UserVpsError USERNAME_TAKEN; VPS_EXISTS if an older backend's row says that the user has a
 *   VPS already; INPUT_INVALID if the table's user_id cannot hold the id (such as a column of type uuid)
 */
export async function requestVps(db: Queryable, request: VpsRequest, earlier?: EarlierRows): Promise<RequestedVps> {
  const { record: known, foreign } = earlier ?? (await findEarlierRows(db, request.userId));
  if (known && known.status !== "deprovisioned") return { record: known, created: false, hasPools: false };
  if (!known) refuseForeignVps(foreign);
  const { userId, username, hostname, plan, templateId, dataCenterId, sshPublicKey, allowedPlans = null, dataCenterChosenBy = null } = request;
  const values = [userId, username, hostname, plan, templateId, dataCenterId, sshPublicKey, allowedPlans, dataCenterChosenBy, userId];
  try {
    const takenOver = foreign.length > 0 ? (await db.query<Made>(TAKE_OVER, values)).rows[0] : undefined;
    // It may have come to a VPS since it was read.
    if (!known && !takenOver && foreign.length > 0) refuseForeignVps((await findEarlierRows(db, userId)).foreign);
    const made = takenOver ?? (await db.query<Made>(prepared(INSERT, values))).rows[0];
    if (made) {
      const { hasPools, isAnothers, ...record } = made;
      if (record.userId !== userId) throw foreignUserId();
      if (isAnothers) throw nameTaken(request);
      return { record, created: true, hasPools };
    }
  } catch (error) {
    throw explained(error as { code?: string; constraint?: string }, request);
  }
  const record = await findVpsByUserId(db, userId);
  if (!record) throw foreignUserId();
  return { record, created: false, hasPools: false };
}

/** Such as 'ABC…' in a column of type uuid, which keeps 'abc…': under its own id the record would not be found again. */
function foreignUserId(cause?: unknown): UserVpsError {
  return new UserVpsError("INPUT_INVALID", "The user id is not one as this database's user_vps.user_id holds it.", { cause });
}

function refuseForeignVps(rows: EarlierRows["foreign"]): void {
  const withVps = rows.find(({ hasVps }) => hasVps);
  if (withVps) throw new UserVpsError("VPS_EXISTS", `The user has a VPS of an older backend already (its status: ${withVps.status ?? "none"}).`);
}

function nameTaken({ username }: VpsRequest): UserVpsError {
  return new UserVpsError("USERNAME_TAKEN", `The user name '${username}' belongs to another user.`);
}

function explained(error: { code?: string; constraint?: string }, request: VpsRequest): unknown {
  if (error.code === UNIQUE_VIOLATION && TAKEN_NAMES.has(error.constraint ?? "")) {
    return nameTaken(request);
  }
  if (error.code === INVALID_TEXT_REPRESENTATION || error.code === VALUE_OUT_OF_RANGE) {
    return foreignUserId(error);
  }
  return error;
}
