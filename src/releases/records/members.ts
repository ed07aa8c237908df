import type { Queryable } from "../../db/queryable.ts";

/** One VPS of a roll-out. */
export interface RollOutMember {
  readonly userId: string;
  readonly username: string;
  /** From 1. */
  readonly wave: number;
  readonly status: "waiting" | "running" | "succeeded" | "failed" | "skipped";
  /** Of the engine's run, for its log. */
  readonly runId: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly errorCode: string | null;
  readonly message: string | null;
}

export interface MemberEnd {
  readonly status: "succeeded" | "failed" | "skipped";
  readonly errorCode?: string | null | undefined;
  readonly message?: string | null | undefined;
}

const COLUMNS = `
  user_id AS "userId", username, wave, status, run_id AS "runId", started_at AS "startedAt", ended_at AS "endedAt",
  error_code AS "errorCode", message`;

export async function insertMembers(db: Queryable, rollOutId: string, members: readonly Pick<RollOutMember, "userId" | "username" | "wave">[]): Promise<void> {
  await db.query(
    "INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::integer[])",
    [rollOutId, members.map(({ userId }) => userId), members.map(({ username }) => username), members.map(({ wave }) => wave)],
  );
}

/** By wave and user name. */
export async function listMembers(db: Queryable, rollOutId: string): Promise<RollOutMember[]> {
  const { rows } = await db.query<RollOutMember>(`SELECT ${COLUMNS} FROM vps_roll_out_members WHERE roll_out_id = $1 ORDER BY wave, username COLLATE "C"`, [rollOutId]);
  return rows;
}

/** Those whose run was cut off wait again. */
export async function releaseRunningMembers(db: Queryable, rollOutId: string): Promise<void> {
  await db.query("UPDATE vps_roll_out_members SET status = 'waiting', run_id = NULL, started_at = NULL WHERE roll_out_id = $1 AND status = 'running'", [rollOutId]);
}

/** The next of a wave, running from now on; undefined if none waits or the roll-out has ended. */
export async function takeMember(db: Queryable, rollOutId: string, wave: number, runId: string): Promise<RollOutMember | undefined> {
  const { rows } = await db.query<RollOutMember>(
    `UPDATE vps_roll_out_members SET status = 'running', run_id = $3, started_at = clock_timestamp()
     WHERE roll_out_id = $1 AND user_id = (
       SELECT member.user_id FROM vps_roll_out_members member JOIN vps_roll_outs roll_out USING (roll_out_id)
       WHERE roll_out_id = $1 AND wave = $2 AND status = 'waiting' AND roll_out.outcome IS NULL
       ORDER BY member.username COLLATE "C" LIMIT 1 FOR UPDATE OF member SKIP LOCKED)
     RETURNING ${COLUMNS}`,
    [rollOutId, wave, runId],
  );
  return rows[0];
}

export async function endMember(db: Queryable, rollOutId: string, userId: string, end: MemberEnd): Promise<void> {
  await db.query(
    "UPDATE vps_roll_out_members SET status = $3, ended_at = clock_timestamp(), error_code = $4, message = $5 WHERE roll_out_id = $1 AND user_id = $2",
    [rollOutId, userId, end.status, end.errorCode ?? null, end.message ?? null],
  );
}

export async function countFailedMembers(db: Queryable, rollOutId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>("SELECT count(*)::integer AS count FROM vps_roll_out_members WHERE roll_out_id = $1 AND status = 'failed'", [rollOutId]);
  return rows[0]?.count ?? 0;
}
