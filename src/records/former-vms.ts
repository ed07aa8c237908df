/** VMs that were given up and still hold their user's data: that user may have theirs back, and nobody else gets it. */
import type { Queryable } from "../db/queryable.ts";
import { GIVE_UP_COLUMNS, type GiveUp } from "./give-ups.ts";
import { IS_NOBODYS } from "./vm-owner.ts";
import { VPS_COLUMNS, type VpsRecord } from "./vps-record.ts";

export type FormerVm = GiveUp & { readonly vmId: number };

/** What was wiped, or was about to be, is nobody's former VM; what somebody has by another record is theirs. */
const IS_FORMER = `
  ended_at IS NOT NULL AND vm_id IS NOT NULL AND wipe_action_id IS NULL AND wiped_at IS NULL
  AND returned_at IS NULL AND unusable_because IS NULL AND ${IS_NOBODYS}`;

/** The VM that the user has given up last without having it wiped. */
export async function findFormerVm(db: Queryable, userId: string): Promise<FormerVm | undefined> {
  const { rows } = await db.query<FormerVm>(`SELECT ${GIVE_UP_COLUMNS} FROM vps_give_ups WHERE user_id = $1 AND ${IS_FORMER} ORDER BY give_up_id DESC LIMIT 1`, [userId]);
  return rows[0];
}

/** It does not exist any more. */
export async function forgetFormerVm(db: Queryable, giveUpId: number, because: string): Promise<void> {
  await db.query("UPDATE vps_give_ups SET unusable_because = $2 WHERE give_up_id = $1", [giveUpId, because]);
}

/**
 * Plan, data center and template are what the VM has: another wish would mean another VM, and the
 * data would stay behind.
 */
const RETURN = `
  UPDATE user_vps SET taken_over_vm_id = former_vm, taken_over_is_wiped = false, hostinger_vm_id = former_vm, subscription_id = former_subscription,
    plan_id = former_plan, template_id = former_template, data_center_id = former_data_center, boot_hostname = nullif(first_hostname, user_vps.hostname)
  FROM (
    SELECT vm_id AS former_vm, subscription_id AS former_subscription, plan_id AS former_plan, template_id AS former_template,
      data_center_id AS former_data_center, coalesce(boot_hostname, hostname) AS first_hostname
    FROM vps_give_ups WHERE give_up_id = $2 AND user_id = $1) AS former
  WHERE user_vps.user_id::text = $1 AND is_managed AND hostinger_vm_id IS NULL
  RETURNING ${VPS_COLUMNS}`;

/** Gives the user the VM back; undefined if the record has one by now. @param db inside a transaction */
export async function returnFormerVm(db: Queryable, { userId, giveUpId }: FormerVm): Promise<VpsRecord | undefined> {
  const { rows } = await db.query<VpsRecord>(RETURN, [userId, giveUpId]);
  if (rows[0]) await db.query("UPDATE vps_give_ups SET returned_at = clock_timestamp() WHERE give_up_id = $1", [giveUpId]);
  return rows[0];
}

/** The VM that the stack takes over in place of a purchase; the record as it is now. */
export async function takeOverVm(db: Queryable, userId: string, { vmId, isWiped }: { readonly vmId: number; readonly isWiped: boolean }): Promise<VpsRecord | undefined> {
  const { rows } = await db.query<VpsRecord>(
    `UPDATE user_vps SET taken_over_vm_id = $2, taken_over_is_wiped = $3, hostinger_vm_id = $2 WHERE user_id::text = $1 AND is_managed RETURNING ${VPS_COLUMNS}`, [userId, vmId, isWiped],
  );
  return rows[0];
}
