import type { Queryable } from "../db/queryable.ts";
import type { VpsStatus } from "./vps-record.ts";

/** Until the end of the transaction nobody else changes the record. @returns its status; undefined: there is none */
export async function lockVps(db: Queryable, userId: string): Promise<VpsStatus | undefined> {
  const { rows } = await db.query<{ status: VpsStatus }>("SELECT status FROM user_vps WHERE user_id::text = $1 AND is_managed FOR UPDATE", [userId]);
  return rows[0]?.status;
}
