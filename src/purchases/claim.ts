/** In place of a purchase: a VPS that is bought, installed and healthy already, from a pool. */
import type { Queryable } from "../db/queryable.ts";
import { claimPoolMember, findFormerVm } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { isCertificateLeft } from "./books.ts";
import { entitledPlans, planItemOf } from "./entitlement.ts";
import type { GuardSettings } from "./guard.ts";

export type ClaimSettings = Pick<GuardSettings, "allowedPlans" | "certificatesPerWeek">;

/** A user who wants a VPS and has none. Nothing is bought, but what stands before a purchase for another reason than money stands here as well. */
const MAY_CLAIM = `
  SELECT EXISTS (SELECT FROM vps_pools) AND NOT EXISTS (
    SELECT FROM vps_purchases JOIN user_vps ON user_vps.user_id::text = vps_purchases.user_id AND is_managed
    WHERE vps_purchases.user_id = $1 AND vps_purchases.reserved_at >= requested_at AND state <> 'released') AS may`;

/** @param db inside a transaction that has locked the user, or makes it @returns the record with its VM, and the member whose own stack is to end; undefined: the usual way */
export async function claimFromPool(db: Queryable, settings: ClaimSettings, record: VpsRecord): Promise<{ readonly record: VpsRecord; readonly memberId: string } | undefined> {
  const { userId, plan, allowedPlans } = record;
  const { rows: [answer] } = await db.query<{ may: boolean }>(MAY_CLAIM, [userId]);
  if (!answer!.may) return undefined;
  const entitled = entitledPlans(allowedPlans, settings.allowedPlans);
  if (entitled !== undefined && !entitled.includes(planItemOf(plan))) return undefined;
  // Whoever gave a VM up without a wipe gets that one back, with its data.
  if (await findFormerVm(db, userId)) return undefined;
  if (!(await isCertificateLeft(db, settings, userId))) return undefined;
  return await claimPoolMember(db, record);
}
