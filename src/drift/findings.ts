/** The table of findings: first seen, last seen, resolved. */
import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableJson } from "../db/storable.ts";
import type { Finding } from "./finding.ts";
import { FINDING_KIND_NAMES, kindOf } from "./kinds.ts";
import type { FindingKind } from "./kinds.ts";
import type { StackDrift } from "./stack-drift.ts";

export interface FindingRecord extends Finding {
  readonly findingId: number;
  readonly preview: FindingPreview | null;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly resolvedAt: Date | null;
}

/** What a preview said, or why there is none. */
export type FindingPreview = Pick<StackDrift, "resources" | "changes" | "refusal"> | { readonly error: string };

const COLUMNS = `finding_id::double precision AS "findingId", kind, subject, user_id AS "userId", username, declared, actual, preview,
  first_seen AS "firstSeen", last_seen AS "lastSeen", resolved_at AS "resolvedAt"`;

/** A finding whose values have changed is the same one, but its preview is no longer true. */
const SAVE = `
  INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen)
  SELECT kind, subject, "userId", username, declared, actual, now(), now()
  FROM jsonb_to_recordset($1) AS found (kind text, subject text, "userId" text, username text, declared text, actual text)
  ON CONFLICT (kind, subject) WHERE resolved_at IS NULL DO UPDATE SET
    last_seen = now(), user_id = EXCLUDED.user_id, username = EXCLUDED.username, declared = EXCLUDED.declared, actual = EXCLUDED.actual,
    preview = CASE WHEN vps_findings.actual = EXCLUDED.actual THEN vps_findings.preview END
  RETURNING ${COLUMNS}`;

const RESOLVE = `
  UPDATE vps_findings SET resolved_at = now()
  WHERE resolved_at IS NULL AND finding_id <> ALL ($1)
    AND (username IS NULL OR username <> ALL ($2)) AND (kind <> 'Unhealthy' OR username <> ALL ($3))
    AND kind <> ALL ($4) AND ($5::text IS NULL OR username = $5)
  RETURNING username`;

/** A preview is of the whole stack: what it said of one finding, it may have said because of another. */
const FORGET_PREVIEWS = "UPDATE vps_findings SET preview = NULL WHERE username = ANY ($1) AND resolved_at IS NULL AND preview IS NOT NULL";

export interface Reconciliation {
  readonly findings: readonly Finding[];
  /** User names about whom this sweep can say nothing. */
  readonly unexamined: readonly string[];
  /** User names whose health was not asked for. */
  readonly unprobed: readonly string[];
  /** Kinds that were not looked for. */
  readonly unlooked?: readonly FindingKind[];
  /** Only this user was looked at. */
  readonly only?: string;
}

/** Saves what was found; resolves what was looked for and not found any more. Part of the caller's transaction. */
export async function saveFindings(db: Queryable, { findings, unexamined, unprobed, unlooked = [], only }: Reconciliation): Promise<FindingRecord[]> {
  // A list that shows something twice, as pages of a changing one may, shows one thing.
  const each = new Map(findings.map((finding) => [`${finding.kind} ${finding.subject}`, finding]));
  const { rows } = await db.query<FindingRecord>(SAVE, [storableJson([...each.values()])]);
  const { rows: resolved } = await db.query<{ username: string | null }>(RESOLVE, [rows.map(({ findingId }) => findingId), unexamined, unprobed, unlooked, only ?? null]);
  const changed = new Set(resolved.flatMap(({ username }) => username ?? []));
  if (changed.size > 0) await db.query(FORGET_PREVIEWS, [[...changed]]);
  return rows.map((row) => (changed.has(row.username ?? "") ? { ...row, preview: null } : row));
}

export async function savePreview(db: Queryable, findingIds: readonly number[], preview: FindingPreview): Promise<void> {
  await db.query("UPDATE vps_findings SET preview = $2 WHERE finding_id = ANY ($1)", [findingIds, storableJson(preview)]);
}

/** A preview that found nothing to do: what it looks at is over. */
export async function resolveByPreview(db: Queryable, findingIds: readonly number[]): Promise<void> {
  await db.query("UPDATE vps_findings SET resolved_at = now() WHERE finding_id = ANY ($1) AND kind = ANY ($2) AND resolved_at IS NULL", [findingIds, IN_PREVIEW]);
}

const IN_PREVIEW = FINDING_KIND_NAMES.filter((kind) => kindOf(kind).inPreview);

/** What is open, by kind. */
export interface OpenSubjects {
  of(kind: FindingKind): ReadonlySet<string>;
}

export async function openSubjects(db: Queryable): Promise<OpenSubjects> {
  const { rows } = await db.query<{ kind: FindingKind; subject: string }>("SELECT kind, subject FROM vps_findings WHERE resolved_at IS NULL");
  const byKind = Map.groupBy(rows, ({ kind }) => kind);
  return { of: (kind) => new Set(byKind.get(kind)?.map(({ subject }) => subject)) };
}

export interface FindingFilter {
  /** Only those that are (not) resolved; all unless given. */
  readonly open?: boolean | undefined;
  readonly kind?: FindingKind | undefined;
  readonly username?: string | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: number | undefined;
}

/** Newest first. */
export async function listFindings(db: Queryable, { open, kind, username, limit, cursor }: FindingFilter): Promise<Page<FindingRecord, number>> {
  const { rows } = await db.query<FindingRecord>(
    `SELECT ${COLUMNS} FROM vps_findings
     WHERE ($1::boolean IS NULL OR (resolved_at IS NULL) = $1) AND ($2::text IS NULL OR kind = $2)
       AND ($3::text IS NULL OR username = $3) AND ($4::bigint IS NULL OR finding_id < $4)
     ORDER BY finding_id DESC LIMIT $5`,
    [open ?? null, kind ?? null, username ?? null, cursor ?? null, limit + 1],
  );
  return firstPage(rows, limit, ({ findingId }) => findingId);
}

export async function findFinding(db: Queryable, findingId: number): Promise<FindingRecord | undefined> {
  return (await db.query<FindingRecord>(`SELECT ${COLUMNS} FROM vps_findings WHERE finding_id = $1`, [findingId])).rows[0];
}

/** Locked until the end of the transaction, so that two repairs cannot be decided at once. Whose it is, is locked before. */
export async function lockFinding(db: Queryable, findingId: number): Promise<FindingRecord | undefined> {
  return (await db.query<FindingRecord>(`SELECT ${COLUMNS} FROM vps_findings WHERE finding_id = $1 FOR UPDATE`, [findingId])).rows[0];
}

export async function openFindingsOf(db: Queryable, username: string): Promise<FindingRecord[]> {
  return (await db.query<FindingRecord>(`SELECT ${COLUMNS} FROM vps_findings WHERE username = $1 AND resolved_at IS NULL ORDER BY finding_id`, [username])).rows;
}

export async function countOpenFindings(db: Queryable): Promise<Map<string, number>> {
  const { rows } = await db.query<{ kind: string; count: number }>("SELECT kind, count(*)::int AS count FROM vps_findings WHERE resolved_at IS NULL GROUP BY kind");
  return new Map(rows.map(({ kind, count }) => [kind, count]));
}

/** Of how many users something is open. */
export async function countUsersWithFindings(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>("SELECT count(DISTINCT username)::int AS count FROM vps_findings WHERE resolved_at IS NULL AND username IS NOT NULL");
  return rows[0]!.count;
}
