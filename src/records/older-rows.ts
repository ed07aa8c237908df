/** Rows of an older backend in the same table: nobody works on them here, but what they say of a VPS holds. */
import { oneOf } from "../db/one-of.ts";
import { prepared } from "../db/prepared.ts";
import type { Queryable } from "../db/queryable.ts";
import { VPS_COLUMNS, type VpsRecord } from "./vps-record.ts";

/** Statuses of a row, also of an older backend's, that say that its user has given the VPS up. */
const GIVEN_UP = ["deprovisioned", "deleted"];

const isNotGivenUp = (row: string) => `coalesce(${row}.status NOT ${oneOf(GIVEN_UP)}, true)`;

/** By SQL: the row's VM and host name are somebody's. Rows of an older backend need not have a status. */
export const IS_NOT_GIVEN_UP = isNotGivenUp("user_vps");

/** Statuses of an older backend's row that say there is no VPS yet. */
const WITHOUT_VPS = ["pending", "requested", "queued", "failed"];

/** By SQL: there is a VPS, or it is ordered. A row that is taken over would buy another. */
export const HAS_VPS = `(${IS_NOT_GIVEN_UP} AND coalesce(hostinger_vm_id IS NOT NULL OR hostinger_order_id IS NOT NULL OR subscription_id IS NOT NULL OR status NOT ${oneOf(WITHOUT_VPS)}, false))`;

/** What there is of a user before. */
export interface EarlierRows {
  readonly record: VpsRecord | undefined;
  /** Of an older backend. */
  readonly foreign: readonly { readonly status: string | null; readonly hasVps: boolean }[];
}

const EARLIER = `SELECT ${VPS_COLUMNS}, is_managed AS "isManaged", ${HAS_VPS} AS "hasVps" FROM user_vps WHERE user_id::text = $1`;

export async function findEarlierRows(db: Queryable, userId: string): Promise<EarlierRows> {
  const { rows } = await db.query<VpsRecord & { isManaged: boolean; hasVps: boolean }>(prepared(EARLIER, [userId]));
  return { record: rows.find(({ isManaged }) => isManaged), foreign: rows.filter(({ isManaged }) => !isManaged) };
}

/** By SQL: whether an older backend has given the host name, in whatever letters, to another user. */
export const isOlderUsers = (hostname: string, userId: string) =>
  `EXISTS (SELECT FROM user_vps AS older WHERE NOT older.is_managed AND lower(older.hostname) = ${hostname}
    AND ${isNotGivenUp("older")} AND older.user_id::text IS DISTINCT FROM ${userId})`;

export interface OlderVps {
  readonly hostingerVmId: number | null;
  /** In lower case. */
  readonly hostname: string | null;
}

const LIST = `
  SELECT hostinger_vm_id::double precision AS "hostingerVmId", lower(hostname) AS hostname FROM user_vps
  WHERE NOT is_managed AND ${IS_NOT_GIVEN_UP} AND (hostinger_vm_id IS NOT NULL OR hostname IS NOT NULL)`;

/** What an older backend's users have. */
export async function listOlderVps(db: Queryable): Promise<OlderVps[]> {
  return (await db.query<OlderVps>(LIST)).rows;
}
