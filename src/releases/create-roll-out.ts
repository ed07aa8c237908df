import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { findRelease, insertMembers, insertRollOut, type RollOutRecord } from "./records/index.ts";
import { DEFAULT_WAVES, waveSizes } from "./waves.ts";

export interface RollOutRequest {
  /** Of a release that is known. */
  readonly version: string;
  /** Who asks for it, and why: both are recorded. */
  readonly requestedBy: string;
  readonly reason: string;
  /** Only these users' VPSs; all that are ready unless given. */
  readonly userIds?: readonly string[];
  /** See waves.ts; `1`, `10%`, `rest` unless given. */
  readonly waves?: readonly string[];
  /** How many VPSs at once, 2 unless given. */
  readonly concurrency?: number;
  /** With so many failures no further VPS is begun; 1 unless given. */
  readonly maxFailures?: number;
}

/**
 * Writes down who gets the release in which wave. Nothing is changed on any VPS before `runRollOut`.
 *
 * @throws UserVpsError INPUT_INVALID; RELEASE_FAILED while another roll-out is open
 */
export async function createRollOut(pool: Pool, request: RollOutRequest): Promise<RollOutRecord> {
  const { version, requestedBy, reason, waves = DEFAULT_WAVES, concurrency = 2, maxFailures = 1 } = request;
  for (const [name, value] of Object.entries({ concurrency, maxFailures })) {
    if (!Number.isInteger(value) || value < 1) throw new UserVpsError("INPUT_INVALID", `${name}: expected a whole number above 0, got ${value}.`);
  }
  for (const [name, value] of Object.entries({ requestedBy, reason })) if (value.trim() === "") throw new UserVpsError("INPUT_INVALID", `${name} is empty; it is recorded for whoever asks later.`);
  return await inTransaction(pool, async (db) => {
    if (!(await findRelease(db, version))) throw new UserVpsError("INPUT_INVALID", `There is no release ${version}.`);
    const users = await readyUsers(db, request.userIds);
    if (users.length === 0) throw new UserVpsError("INPUT_INVALID", "There is no VPS that is ready, so there is nothing to release to.");
    const sizes = waveSizes(users.length, waves);
    const rollOut = await insertRollOut(db, { rollOutId: randomUUID(), version, requestedBy, reason, concurrency, maxFailures });
    if (!rollOut) throw new UserVpsError("RELEASE_FAILED", "Another roll-out is open.", { next: "Let it end, or cancel it." });
    const waveOf = sizes.flatMap((size, index) => Array<number>(size).fill(index + 1));
    await insertMembers(db, rollOut.rollOutId, users.map((user, index) => ({ ...user, wave: waveOf[index]! })));
    return rollOut;
  });
}

/** In the order given, else by user name. A user who is not ready is told, not left out in silence. */
async function readyUsers(db: Queryable, userIds: readonly string[] | undefined): Promise<{ userId: string; username: string }[]> {
  const { rows } = await db.query<{ userId: string; username: string }>(
    `SELECT user_id::text AS "userId", username FROM user_vps
     WHERE username IS NOT NULL AND status = 'ready' AND ($1::text[] IS NULL OR user_id::text = ANY($1))
     ORDER BY array_position($1::text[], user_id::text), username COLLATE "C"`,
    [userIds ?? null],
  );
  const missing = (userIds ?? []).filter((userId) => !rows.some((row) => row.userId === userId));
  if (missing.length > 0) throw new UserVpsError("INPUT_INVALID", `These users have no VPS that is ready: ${missing.join(", ")}.`);
  return rows;
}
