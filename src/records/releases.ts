import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import type { Release } from "../../stacks/release.ts";

interface ReleaseRow {
  readonly version: string;
  readonly conductorUrl: string | null;
  readonly conductorSha256: string | null;
  readonly cliUrl: string | null;
  readonly cliSha256: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export interface ReleaseRecord extends Release {
  /** Who made it known. */
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `
  version, conductor_url AS "conductorUrl", conductor_sha256 AS "conductorSha256", cli_url AS "cliUrl",
  cli_sha256 AS "cliSha256", created_by AS "createdBy", created_at AS "createdAt"`;

/** Returns undefined if there is a release of this version already: what a version means never changes. */
export async function insertRelease(db: Queryable, { version, conductor, cli }: Release, createdBy: string): Promise<ReleaseRecord | undefined> {
  const { rows } = await db.query<ReleaseRow>(
    `INSERT INTO vps_releases (version, conductor_url, conductor_sha256, cli_url, cli_sha256, created_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    [version, conductor?.url ?? null, conductor?.sha256 ?? null, cli?.url ?? null, cli?.sha256 ?? null, createdBy],
  );
  return rows[0] && recordOf(rows[0]);
}

export async function findRelease(db: Queryable, version: string): Promise<ReleaseRecord | undefined> {
  const { rows } = await db.query<ReleaseRow>(`SELECT ${COLUMNS} FROM vps_releases WHERE version = $1`, [version]);
  return rows[0] && recordOf(rows[0]);
}

/** Newest first. `cursor`: the `nextCursor` of the page before. */
export async function listReleases(db: Queryable, { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<ReleaseRecord, string>> {
  const { rows } = await db.query<ReleaseRow>(
    `SELECT ${COLUMNS} FROM vps_releases
     WHERE $1::text IS NULL OR (created_at, version) < (SELECT created_at, version FROM vps_releases WHERE version = $1)
     ORDER BY created_at DESC, version DESC LIMIT $2`,
    [cursor ?? null, limit + 1],
  );
  return firstPage(rows.map(recordOf), limit, ({ version }) => version);
}

/** The version that was last released to the VPS of a row of user_vps, or that a pool gave it; null: it has what was installed at first boot. */
export const RELEASE_OF_USER = `
  coalesce((
    SELECT roll_out.version FROM vps_roll_out_members member JOIN vps_roll_outs roll_out USING (roll_out_id)
    WHERE member.user_id = user_vps.user_id::text AND member.status = 'succeeded' AND member.ended_at >= user_vps.requested_at ORDER BY member.ended_at DESC LIMIT 1), user_vps.first_release)`;

/** What was last released to the user's VPS; undefined if it runs what was installed at first boot. */
export async function findReleaseOfUser(db: Queryable, userId: string): Promise<ReleaseRecord | undefined> {
  const { rows } = await db.query<ReleaseRow>(
    `SELECT ${COLUMNS} FROM vps_releases WHERE version = (SELECT ${RELEASE_OF_USER} FROM user_vps WHERE user_id::text = $1 AND is_managed)`,
    [userId],
  );
  return rows[0] && recordOf(rows[0]);
}

function recordOf({ version, conductorUrl, conductorSha256, cliUrl, cliSha256, createdBy, createdAt }: ReleaseRow): ReleaseRecord {
  return { version, conductor: programOf(conductorUrl, conductorSha256), cli: programOf(cliUrl, cliSha256), createdBy, createdAt };
}

function programOf(url: string | null, sha256: string | null) {
  return url === null || sha256 === null ? undefined : { url, sha256 };
}
