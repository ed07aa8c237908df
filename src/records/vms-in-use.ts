import type { Queryable } from "../db/queryable.ts";

export interface VmInUse {
  readonly username: string;
  readonly vmId: number;
}

const NEWEST = `
  SELECT username, hostinger_vm_id::double precision AS "vmId" FROM user_vps
  WHERE is_managed AND ready_at IS NOT NULL AND hostinger_vm_id IS NOT NULL AND status NOT IN ('deprovisioning', 'deprovisioned')
  ORDER BY ready_at DESC LIMIT $1`;

/** VMs that have been somebody's, or a pool's, since they were ready; those that came last. */
export async function newestVmsInUse(db: Queryable, limit: number): Promise<VmInUse[]> {
  return (await db.query<VmInUse>(NEWEST, [limit])).rows;
}
