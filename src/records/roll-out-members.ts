import { oneOf } from "../db/one-of.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableText } from "../db/storable.ts";

export const MEMBER_STATUSES = ["waiting", "running", "succeeded", "failed", "skipped"] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];
const NOT_ENDED: readonly MemberStatus[] = ["waiting", "running"];

/** One VPS of a roll-out. */
export interface RollOutMember {
  readonly rollOutId: string;
  readonly userId: string;
  readonly username: string;
  /** From 1. */
  readonly wave: number;
  readonly status: MemberStatus;
  /** Of the engine's run, for its log. */
  readonly runId: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** When the VM's snapshot was made, if one was asked for. */
  readonly snapshotAt: Date | null;
  readonly errorCode: string | null;
  readonly message: string | null;
  /** How often it was begun again after a run that was cut off, of which it may have been the reason; one less while it is to be begun again after another. */
  readonly interruptions: number;
}

/** One that somebody is at. */
export type RunningMember = RollOutMember & { readonly runId: string };

export interface MemberEnd {
  readonly status: "succeeded" | "failed" | "skipped";
  readonly errorCode?: string | null | undefined;
  readonly message?: string | null | undefined;
}

const COLUMNS = `
  roll_out_id AS "rollOutId", user_id AS "userId", username, wave, status, run_id AS "runId", started_at AS "startedAt", ended_at AS "endedAt",
  snapshot_at AS "snapshotAt", error_code AS "errorCode", message, interruptions`;

export async function insertMembers(db: Queryable, rollOutId: string, members: readonly Pick<RollOutMember, "userId" | "username" | "wave">[]): Promise<void> {
  await db.query(
    "INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::integer[])",
    [rollOutId, members.map(({ userId }) => userId), members.map(({ username }) => username), members.map(({ wave }) => wave)],
  );
}

export interface MemberFilter {
  readonly status?: MemberStatus | undefined;
  /** Whose turn has begun or ended since. */
  readonly changedSince?: Date | undefined;
  readonly limit?: number | undefined;
}

/** By wave and user name. */
export async function listMembers(db: Queryable, rollOutId: string, { status, changedSince, limit }: MemberFilter = {}): Promise<RollOutMember[]> {
  const { rows } = await db.query<RollOutMember>(
    `SELECT ${COLUMNS} FROM vps_roll_out_members
     WHERE roll_out_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::timestamptz IS NULL OR coalesce(ended_at, started_at) >= $3)
     ORDER BY wave, username COLLATE "C" LIMIT $4`,
    [rollOutId, status ?? null, changedSince ?? null, limit ?? null],
  );
  return rows;
}

/** How many members each of the roll-outs has in each status, or had before they were removed; 0 where there is none. */
export async function countMembers(db: Queryable, rollOutIds: readonly string[]): Promise<(rollOutId: string) => Record<MemberStatus, number>> {
  const { rows } = await db.query<{ rollOutId: string; status: MemberStatus; count: number }>(
    `SELECT roll_out_id AS "rollOutId", status, sum(count)::integer AS count FROM (
       SELECT roll_out_id, status, count(*) FROM vps_roll_out_members WHERE roll_out_id = ANY ($1) GROUP BY roll_out_id, status
       UNION ALL
       SELECT roll_out_id, removed.status, removed.count FROM vps_roll_outs, LATERAL (VALUES ('succeeded', removed_succeeded), ('failed', removed_failed), ('skipped', removed_skipped)) AS removed (status, count)
       WHERE roll_out_id = ANY ($1)
     ) AS counted GROUP BY roll_out_id, status`,
    [rollOutIds],
  );
  return (rollOutId) => {
    const counts = new Map(rows.filter((row) => row.rollOutId === rollOutId).map(({ status, count }) => [status, count]));
    return Object.fromEntries(MEMBER_STATUSES.map((status) => [status, counts.get(status) ?? 0])) as Record<MemberStatus, number>;
  };
}

/**
 * The next of a wave, running from now on; undefined if none waits or the roll-out has ended.
 *
 * @param except whose turn is later
 */
export async function takeMember(db: Queryable, rollOutId: string, wave: number, runId: string, except: readonly string[] = []): Promise<RunningMember | undefined> {
  const { rows } = await db.query<RunningMember>(
    `UPDATE vps_roll_out_members SET status = 'running', run_id = $3, started_at = clock_timestamp()
     WHERE roll_out_id = $1 AND user_id = (
       SELECT member.user_id FROM vps_roll_out_members member JOIN vps_roll_outs roll_out USING (roll_out_id)
       WHERE roll_out_id = $1 AND wave = $2 AND status = 'waiting' AND roll_out.outcome IS NULL AND member.user_id <> ALL ($4)
       ORDER BY member.username COLLATE "C" LIMIT 1 FOR UPDATE OF member SKIP LOCKED)
     RETURNING ${COLUMNS}`,
    [rollOutId, wave, runId, except],
  );
  return rows[0];
}

/** running -> waiting: nothing was begun on it. If the roll-out has ended meanwhile it waits for nothing, and is skipped; one that is just ending is waited for. */
export async function putBackMember(db: Queryable, { rollOutId, userId, runId }: RunningMember): Promise<void> {
  await db.query(
    `UPDATE vps_roll_out_members member SET run_id = NULL, started_at = NULL, status = CASE WHEN outcome IS NULL THEN 'waiting' ELSE 'skipped' END, ended_at = CASE WHEN outcome IS NULL THEN NULL ELSE clock_timestamp() END,
       message = CASE WHEN outcome IS NULL THEN NULL ELSE 'The roll-out was ' || outcome || '.' END
     FROM (SELECT outcome FROM vps_roll_outs WHERE roll_out_id = $1 FOR SHARE) roll_out WHERE member.roll_out_id = $1 AND user_id = $2 AND run_id = $3 AND status = 'running'`,
    [rollOutId, userId, runId],
  );
}

/** By SQL: whether a run had an engine. Before it has one nothing reaches the VPS, so whatever cut the run off was not its doing. */
const hadEngine = (runId: string) => `EXISTS (SELECT FROM vps_engine_processes WHERE vps_engine_processes.run_id = ${runId})`;

/** Whether its run, if that was cut off, counts against it. */
export async function mayBeTheReason(db: Queryable, { runId }: RunningMember): Promise<boolean> {
  return (await db.query<{ may: boolean }>(`SELECT ${hadEngine("$1")} AS may`, [runId])).rows[0]!.may;
}

/** One whose run was cut off, running again from now on. That counts against it unless `excuseInterruption` says otherwise: of a process that died nobody is left to say why. */
export async function takeMemberAgain(db: Queryable, { rollOutId, userId }: RollOutMember, runId: string): Promise<RunningMember | undefined> {
  const { rows } = await db.query<RunningMember>(
    `UPDATE vps_roll_out_members SET run_id = $3, started_at = clock_timestamp(), interruptions = interruptions + ${hadEngine("vps_roll_out_members.run_id")}::int WHERE roll_out_id = $1 AND user_id = $2 AND status = 'running' RETURNING ${COLUMNS}`,
    [rollOutId, userId, runId],
  );
  return rows[0];
}

/** What cut off a run of it is known, and was not its doing. It may have been taken again since, which has counted that run as well. */
export async function excuseInterruption(db: Queryable, { rollOutId, userId, runId }: RunningMember): Promise<void> {
  await db.query(`UPDATE vps_roll_out_members SET interruptions = interruptions - ${hadEngine("$3")}::int WHERE roll_out_id = $1 AND user_id = $2 AND status = 'running'`, [rollOutId, userId, runId]);
}

/** Whether one of a wave is still to be begun. One that `takeMember` passed over, because somebody was just changing it, is. */
export async function isAnyWaiting(db: Queryable, rollOutId: string, wave: number): Promise<boolean> {
  const { rowCount } = await db.query(
    "SELECT FROM vps_roll_out_members member JOIN vps_roll_outs roll_out USING (roll_out_id) WHERE roll_out_id = $1 AND wave = $2 AND status = 'waiting' AND roll_out.outcome IS NULL LIMIT 1", [rollOutId, wave]);
  return rowCount === 1;
}

/**
 * What the VPS of a pool was promised, the user gets who has it now. The same roll-outs may have the user
 * already, for a VPS of before: that is over, unless somebody is at it, which then is for the new one.
 *
 * @param db inside a transaction
 */
export async function passOnRollOuts(db: Queryable, memberId: string, { userId, username }: Pick<RollOutMember, "userId" | "username">): Promise<void> {
  await db.query(
    `DELETE FROM vps_roll_out_members own USING vps_roll_out_members promised
     WHERE promised.user_id = $1 AND promised.status = 'waiting' AND own.roll_out_id = promised.roll_out_id AND own.user_id = $2 AND own.status <> 'running'`, [memberId, userId]);
  await db.query(
    `UPDATE vps_roll_out_members promised SET user_id = $2, username = $3, snapshot_at = NULL WHERE user_id = $1 AND status = 'waiting'
       AND NOT EXISTS (SELECT FROM vps_roll_out_members own WHERE own.roll_out_id = promised.roll_out_id AND own.user_id = $2)`, [memberId, userId, username]);
}

/**
 * Until the end of the transaction no roll-out begins with the VPS. A statement of its own: it sees who has begun since whatever was read before.
 *
 * @param db inside a transaction
 * @returns false if one has begun already, and is at it
 */
export async function holdOffRollOuts(db: Queryable, userId: string): Promise<boolean> {
  const { rows } = await db.query<{ status: MemberStatus }>(`SELECT status FROM vps_roll_out_members WHERE user_id = $1 AND status ${oneOf(NOT_ENDED)} FOR UPDATE`, [userId]);
  return rows.every(({ status }) => status === "waiting");
}

/**
 * running -> waiting, for the user who has got the VM of the pool's member since the roll-out was made: nothing was begun on it.
 *
 * @returns false if the roll-out has ended, or has the user already
 */
export async function passOnMember(db: Queryable, { rollOutId, userId, runId }: RunningMember, to: Pick<RollOutMember, "userId" | "username">): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE vps_roll_out_members promised SET user_id = $4, username = $5, status = 'waiting', run_id = NULL, started_at = NULL, snapshot_at = NULL
     FROM (SELECT outcome FROM vps_roll_outs WHERE roll_out_id = $1 FOR SHARE) roll_out
     WHERE promised.roll_out_id = $1 AND promised.user_id = $2 AND run_id = $3 AND status = 'running' AND outcome IS NULL
       AND NOT EXISTS (SELECT FROM vps_roll_out_members own WHERE own.roll_out_id = $1 AND own.user_id = $4)`,
    [rollOutId, userId, runId, to.userId, to.username],
  );
  return rowCount === 1;
}

export async function noteSnapshot(db: Queryable, { rollOutId, userId }: RollOutMember): Promise<void> {
  await db.query("UPDATE vps_roll_out_members SET snapshot_at = clock_timestamp() WHERE roll_out_id = $1 AND user_id = $2", [rollOutId, userId]);
}

/** One that somebody else has taken since stays as it is. */
export async function endMember(db: Queryable, { rollOutId, userId, runId }: RunningMember, end: MemberEnd): Promise<void> {
  await db.query(
    "UPDATE vps_roll_out_members SET status = $4, ended_at = clock_timestamp(), error_code = $5, message = $6 WHERE roll_out_id = $1 AND user_id = $2 AND run_id = $3 AND status = 'running'",
    [rollOutId, userId, runId, end.status, end.errorCode ?? null, storableText(end.message)],
  );
}

/** Not skipped meanwhile, nor taken by another worker. */
export async function isStillTaken(db: Queryable, { rollOutId, userId, runId }: RunningMember): Promise<boolean> {
  const { rowCount } = await db.query("SELECT FROM vps_roll_out_members WHERE roll_out_id = $1 AND user_id = $2 AND run_id = $3 AND status = 'running'", [rollOutId, userId, runId]);
  return rowCount === 1;
}

export interface Skip {
  readonly username: string;
  readonly skippedBy: string;
  readonly reason: string;
}

/**
 * Takes a VPS out of the roll-out, whether it waits or is under way.
 *
 * @returns undefined if it has come to its end already; else whose run is to be stopped, if one goes on
 */
export async function skipMember(db: Queryable, rollOutId: string, { username, skippedBy, reason }: Skip): Promise<{ readonly runningUserId: string | null } | undefined> {
  const { rows } = await db.query<{ runningUserId: string | null }>(
    `UPDATE vps_roll_out_members member SET status = 'skipped', ended_at = clock_timestamp(), message = $3
     WHERE roll_out_id = $1 AND username = $2 AND status ${oneOf(NOT_ENDED)}
     RETURNING (SELECT run.user_id FROM vps_runs run WHERE run.run_id = member.run_id AND run.outcome IS NULL) AS "runningUserId"`,
    [rollOutId, username, `Skipped by ${skippedBy}: ${reason}`],
  );
  return rows[0];
}

/** Whether any VPS of the roll-out has its release. */
export async function hasAnySucceeded(db: Queryable, rollOutId: string): Promise<boolean> {
  return (await db.query("SELECT FROM vps_roll_out_members WHERE roll_out_id = $1 AND status = 'succeeded' LIMIT 1", [rollOutId])).rowCount === 1;
}

export async function countFailedMembers(db: Queryable, rollOutId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>("SELECT count(*)::integer AS count FROM vps_roll_out_members WHERE roll_out_id = $1 AND status = 'failed'", [rollOutId]);
  return rows[0]?.count ?? 0;
}
