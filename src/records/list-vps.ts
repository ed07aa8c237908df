import type { Queryable } from "../db/queryable.ts";
import { VPS_COLUMNS, type VpsRecord, type VpsStatus } from "./vps-record.ts";

export interface VpsFilter {
  readonly status?: VpsStatus | undefined;
  /** A part of the user name, host name, address or user id, upper or lower case. */
  readonly search?: string | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

const SELECT = `
  SELECT ${VPS_COLUMNS} FROM user_vps
  WHERE is_managed AND NOT is_pooled
    AND ($1::text IS NULL OR status = $1)
    AND ($2::text IS NULL OR concat_ws(' ', username, hostname, address, user_id::text) ILIKE $2)
    AND ($3::text IS NULL OR username COLLATE "C" > $3)
  ORDER BY username COLLATE "C"
  LIMIT $4`;

/** Not the members of pools. By user name, which is unique and stays, so that a page never repeats or skips a record that was there throughout. */
export async function listVps(db: Queryable, filter: VpsFilter): Promise<{ items: VpsRecord[]; nextCursor: string | null }> {
  const pattern = filter.search ? `%${filter.search.replaceAll(/[\\%_]/g, "\\$&")}%` : null;
  const { rows } = await db.query<VpsRecord>(SELECT, [filter.status ?? null, pattern, filter.cursor ?? null, filter.limit + 1]);
  const items = rows.slice(0, filter.limit);
  return { items, nextCursor: rows.length > filter.limit ? (items.at(-1)?.username ?? null) : null };
}
