import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "./counts.ts";
import { RELEASE_OF_USER } from "./releases.ts";
import { VPS_COLUMNS, VPS_STATUSES, type VpsRecord, type VpsStatus } from "./vps-record.ts";

/** `name`: as people sort names, `user2` before `user10`. `status`: what needs somebody first. */
export const VPS_SORTS = ["name", "age", "status"] as const;
export type VpsSort = (typeof VPS_SORTS)[number];

export interface VpsFilter {
  readonly status?: VpsStatus | undefined;
  /** A part of the user name, host name, address or user id, upper or lower case. */
  readonly search?: string | undefined;
  /** Hostinger's catalog item. */
  readonly plan?: string | undefined;
  readonly dataCenterId?: number | undefined;
  /** The version that was last released to the VPS; `none`: nothing was. */
  readonly release?: string | undefined;
  /** With open findings of any kind, without, or of this kind. */
  readonly findings?: string | undefined;
  readonly usernames?: readonly string[] | undefined;
}

export interface VpsPage extends VpsFilter {
  readonly sort?: VpsSort | undefined;
  readonly descending?: boolean | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Or so many users on. */
  readonly offset?: number | undefined;
}

export interface ListedVps extends VpsRecord {
  readonly openFindings: number;
  /** The version that was last released to it; null: it has what was installed at first boot. */
  readonly release: string | null;
}

/** By what is sorted. The name makes it unique, so that a page never repeats or skips who stays. */
const ORDERS: Readonly<Record<VpsSort, readonly string[]>> = {
  name: ["sort_name", `username::text COLLATE "C"`],
  age: ["requested_at", `username::text COLLATE "C"`],
  status: ["status_rank", "sort_name", `username::text COLLATE "C"`],
};

const OPEN_FINDINGS = "FROM vps_findings WHERE vps_findings.username = user_vps.username::text AND resolved_at IS NULL";

/** A statement's WHERE, made of these texts alone; values go beside. */
class Where {
  readonly values: unknown[] = [];
  readonly #texts = ["is_managed", "NOT is_pooled"];

  constructor({ status, search, plan, dataCenterId, release, findings, usernames }: VpsFilter) {
    if (status !== undefined) this.and((value) => `status_rank = ${value}`, VPS_RANKS[status]);
    if (search) this.and((value) => `concat_ws(' ', username, hostname, address, user_id::text) ILIKE ${value}`, `%${search.replaceAll(/[\\%_]/g, "\\$&")}%`);
    if (plan !== undefined) this.and((value) => `plan_id = ${value}`, plan);
    if (dataCenterId !== undefined) this.and((value) => `data_center_id = ${value}`, dataCenterId);
    if (usernames !== undefined) this.and((value) => `username::text = ANY (${value}::text[])`, usernames);
    if (release === "none") this.also(`${RELEASE_OF_USER} IS NULL`);
    else if (release !== undefined) this.and((value) => `${RELEASE_OF_USER} = ${value}`, release);
    if (findings === "any") this.also(`username::text IN (SELECT username FROM vps_findings WHERE resolved_at IS NULL)`);
    else if (findings === "none") this.also(`NOT EXISTS (SELECT ${OPEN_FINDINGS})`);
    else if (findings !== undefined) this.and((value) => `username::text IN (SELECT username FROM vps_findings WHERE resolved_at IS NULL AND kind = ${value})`, findings);
  }

  and(text: (value: string) => string, value: unknown): void {
    this.also(text(this.value(value)));
  }

  also(text: string): void {
    this.#texts.push(text);
  }

  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  get text(): string {
    return this.#texts.join(" AND ");
  }
}

/** As the column `status_rank` has it. */
const VPS_RANKS: Readonly<Record<VpsStatus, number>> = { failed: 1, queued: 2, provisioning: 3, deprovisioning: 4, suspended: 5, ready: 6, deprovisioned: 7 };

export async function listVps(db: Queryable, { sort = "name", descending = false, limit, cursor, offset = 0, ...filter }: VpsPage): Promise<Page<ListedVps, string>> {
  const where = new Where(filter);
  const order = ORDERS[sort];
  if (cursor !== undefined) {
    // Each by itself, which an index can begin at.
    const place = where.value(cursor);
    const at = order.map((column) => `(SELECT ${column} FROM user_vps WHERE username::text = ${place} AND is_managed)`);
    where.also(`(${order.join(", ")}) ${descending ? "<" : ">"} (${at.join(", ")})`);
  }
  const ordered = `ORDER BY ${order.map((column) => `${column} ${descending ? "DESC" : "ASC"}`).join(", ")}`;
  // The page first: what is told of each user is not looked up for those before it.
  const { rows } = await db.query<ListedVps>(
    `WITH page AS MATERIALIZED (SELECT * FROM user_vps WHERE ${where.text} ${ordered} LIMIT ${where.value(limit + 1)} OFFSET ${where.value(offset)})
     SELECT ${VPS_COLUMNS}, (SELECT count(*)::int ${OPEN_FINDINGS}) AS "openFindings", ${RELEASE_OF_USER} AS release FROM page AS user_vps ${ordered}`,
    where.values,
  );
  return firstPage(rows, limit, ({ username }) => username);
}

/** How many fit. Whom only the status tells apart are counted already; see counts.ts. */
export async function countVps(db: Queryable, filter: VpsFilter): Promise<number> {
  const { status, ...others } = filter;
  if (Object.values(others).every((value) => value === undefined || value === "")) {
    const counts = (await readCounts(db)).of("users");
    const wanted: readonly VpsStatus[] = status === undefined ? VPS_STATUSES : [status];
    return wanted.reduce((sum, one) => sum + (counts.get(one) ?? 0), 0);
  }
  const where = new Where(filter);
  return (await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM user_vps WHERE ${where.text}`, where.values)).rows[0]!.count;
}
