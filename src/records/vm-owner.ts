/** Whose a VM is by what is recorded: the one rule, as a condition of SQL and as a question. */
import type { Queryable } from "../db/queryable.ts";
import { IS_NOT_GIVEN_UP } from "./older-rows.ts";
import { MAY_HAVE_COST } from "./purchase-states.ts";

/** An operator has said whose purchase has become the VM, and no run has written it into that user's record yet. @param vm the VM's id */
function isDecided(vm: string): string {
  return `vps_purchases.decided_vm_id = ${vm} AND vps_purchases.decision = 'vm' AND ${MAY_HAVE_COST}`;
}

/** Somebody's record has the VM, one of an older backend's too, or it is about to. @param vm the column with the VM's id */
export function isSomebodys(vm: string): string {
  return `(EXISTS (SELECT FROM user_vps WHERE user_vps.hostinger_vm_id = ${vm} AND ${IS_NOT_GIVEN_UP})
    OR EXISTS (SELECT FROM vps_purchases WHERE ${isDecided(vm)}))`;
}

/** Of `vps_give_ups`, as that: the newest of its VM, which nobody has by any record. */
export const IS_NOBODYS = `
  NOT EXISTS (SELECT FROM vps_give_ups later WHERE later.vm_id = vps_give_ups.vm_id AND later.give_up_id > vps_give_ups.give_up_id)
  AND NOT ${isSomebodys("vps_give_ups.vm_id")}`;

/** Records come first. Without one, the last one to whom it was bound counts: a VM may be reused more than once. */
const OF_ANOTHER = `
  SELECT EXISTS (SELECT FROM user_vps WHERE hostinger_vm_id = $2 AND user_id::text <> $1 AND ${IS_NOT_GIVEN_UP})
    OR NOT EXISTS (SELECT FROM user_vps WHERE hostinger_vm_id = $2 AND user_id::text = $1 AND ${IS_NOT_GIVEN_UP}) AND (
      EXISTS (SELECT FROM (SELECT reused_by FROM vps_give_ups WHERE vm_id = $2 AND cancelled_at IS NULL ORDER BY give_up_id DESC LIMIT 1) AS last WHERE reused_by <> $1)
      OR EXISTS (SELECT FROM vps_purchases WHERE ${isDecided("$2")} AND user_id <> $1)) AS found`;

/** Whether somebody else has the VM by now: by their record, because it was wiped and bound to them, or because an operator has said that it is theirs. */
export async function isVmOfAnother(db: Queryable, userId: string, vmId: number): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(OF_ANOTHER, [userId, vmId]);
  return rows[0]!.found;
}

const NAMESAKES = `
  SELECT vm_id::double precision AS "vmId" FROM (
    SELECT vm_id FROM vps_give_ups WHERE hostname = $1 AND vm_id IS NOT NULL AND wiped_at IS NULL
    UNION SELECT vm_id FROM vps_changes WHERE declared_before ->> 'hostname' = $1 AND kind = 'replace' AND begun_at IS NOT NULL
  ) AS former
  WHERE NOT ${isSomebodys("former.vm_id")}
  ORDER BY vm_id DESC LIMIT $2`;

/** VMs that may still be called by a host name, though whoever had it has it no more; newest first. */
export async function listNamesakes(db: Queryable, hostname: string, limit: number): Promise<number[]> {
  return (await db.query<{ vmId: number }>(NAMESAKES, [hostname, limit])).rows.map(({ vmId }) => vmId);
}

const HOLDS_DATA_OF_ANOTHER = `
  SELECT EXISTS (SELECT FROM (SELECT * FROM vps_give_ups WHERE vm_id = $2 AND cancelled_at IS NULL ORDER BY give_up_id DESC LIMIT 1) AS last WHERE user_id <> $1 AND wiped_at IS NULL)
    OR EXISTS (
      SELECT FROM vps_changes WHERE vm_id = $2 AND user_id <> $1 AND kind = 'replace' AND begun_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM vps_give_ups WHERE vps_give_ups.vm_id = $2 AND wiped_at > begun_at)) AS found`;

/** Likewise, or it holds somebody else's data: of who gave it up without a wipe, and may have it back, or was given another one in its place. */
export async function isOrWasVmOfAnother(db: Queryable, userId: string, vmId: number): Promise<boolean> {
  if (await isVmOfAnother(db, userId, vmId)) return true;
  const { rows } = await db.query<{ found: boolean }>(HOLDS_DATA_OF_ANOTHER, [userId, vmId]);
  return rows[0]!.found;
}
