import type { Queryable } from "../db/queryable.ts";
import type { VpsStatus } from "./vps-record.ts";

/** Until the end of the transaction nobody else changes the record. @returns its status; undefined: there is none */
export async function lockVps(db: Queryable, userId: string): Promise<VpsStatus | undefined> {
  const { rows } = await db.query<{ status: VpsStatus }>("SELECT status FROM user_vps WHERE user_id::text = $1 AND is_managed FOR UPDATE", [userId]);
  return rows[0]?.status;
}

/** Of many, in one order whatever the caller's is: so that two of these do not wait for each other. */
export async function lockManyVps(db: Queryable, userIds: readonly string[]): Promise<void> {
  await db.query("SELECT FROM user_vps WHERE user_id::text = ANY ($1) AND is_managed ORDER BY user_id FOR UPDATE", [userIds]);
}
