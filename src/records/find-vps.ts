import { prepared } from "../db/prepared.ts";
import type { Queryable } from "../db/queryable.ts";
import { VPS_COLUMNS, type VpsRecord } from "./vps-record.ts";

const BY_USER_ID = `SELECT ${VPS_COLUMNS} FROM user_vps WHERE user_id::text = $1 AND is_managed`;

export async function findVpsByUserId(db: Queryable, userId: string): Promise<VpsRecord | undefined> {
  const { rows } = await db.query<VpsRecord>(prepared(BY_USER_ID, [userId]));
  return rows[0];
}

export async function findVpsByUsername(db: Queryable, username: string): Promise<VpsRecord | undefined> {
  const { rows } = await db.query<VpsRecord>(`SELECT ${VPS_COLUMNS} FROM user_vps WHERE username = $1 AND is_managed`, [username]);
  return rows[0];
}
