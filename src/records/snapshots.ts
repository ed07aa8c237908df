import type { Queryable } from "../db/queryable.ts";
import type { VpsRecord } from "./vps-record.ts";

/** A snapshot of the VM was made: if it is ready for the user, what is found there from now on is the user's own. */
export async function noteOwnSnapshot(db: Queryable, { userId, hostingerVmId }: Pick<VpsRecord, "userId" | "hostingerVmId">): Promise<void> {
  await db.query("UPDATE user_vps SET snapshot_vm_id = $2 WHERE user_id::text = $1 AND is_managed AND hostinger_vm_id = $2 AND ready_at IS NOT NULL", [userId, hostingerVmId]);
}
