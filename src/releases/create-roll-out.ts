import { randomUUID } from "node:crypto";
import { UserVpsError } from "../../providers/core/errors.ts";
import { VERSION_PATTERN } from "../../stacks/release.ts";
import type { Queryable } from "../db/queryable.ts";
import { CANCEL_CHANNEL } from "../jobs/user-lock.ts";
import { endRollOut, findRelease, insertMembers, insertRollOut, skipMember, type RollOutRecord, type Skip } from "../records/index.ts";
import { DEFAULT_WAVES, waveSizes } from "./waves.ts";

export interface RollOutRequest {
  /** Of a release that is known. */
  readonly version: string;
  /** Who asks for it, and why: both are recorded. */
  readonly requestedBy: string;
  readonly reason: string;
  /** Only these users' VPSs; all that are ready unless given. */
  readonly usernames?: readonly string[] | undefined;
  /** See waves.ts; `1`, `10%`, `rest` unless given. */
  readonly waves?: readonly string[] | undefined;
  /** How many VPSs at once, 2 unless given. */
  readonly concurrency?: number | undefined;
  /** With so many failures no further VPS is begun; 1 unless given. */
  readonly maxFailures?: number | undefined;
  /** Whether Hostinger makes a snapshot of each VM before it is touched, in place of the one it has; no unless given. */
  readonly snapshot?: boolean | undefined;
}

/** As WORKER_CONCURRENCY: each is an engine of its own. */
export const MOST_AT_ONCE = 64;
export const MOST_FAILURES = 1_000_000;

/**
 * Writes down who gets the release in which wave. Nothing is changed on any VPS before `runRollOut`.
 *
 * @param db in a transaction
 * @throws UserVpsError INPUT_INVALID; ROLL_OUT_OPEN while another one is open
 */
export async function createRollOut(db: Queryable, request: RollOutRequest): Promise<RollOutRecord> {
  const { version, requestedBy, reason, usernames, waves = DEFAULT_WAVES, concurrency = 2, maxFailures = 1, snapshot = false } = request;
  refuseOutside("concurrency", concurrency, MOST_AT_ONCE);
  refuseOutside("maxFailures", maxFailures, MOST_FAILURES);
  for (const [name, value] of Object.entries({ requestedBy, reason })) if (value.trim() === "") throw new UserVpsError("INPUT_INVALID", `${name} is empty; it is recorded for whoever asks later.`);
  if (!VERSION_PATTERN.test(version) || !(await findRelease(db, version))) throw new UserVpsError("INPUT_INVALID", `There is no release ${JSON.stringify(version)}.`, { next: "Make it known first: POST /api/admin/releases." });
  const users = await readyUsers(db, usernames);
  if (users.length === 0) throw new UserVpsError("INPUT_INVALID", "There is no VPS that is ready, so there is nothing to release to.");
  const sizes = waveSizes(users.length, waves);
  const rollOut = await insertRollOut(db, { rollOutId: randomUUID(), version, requestedBy, reason, concurrency, maxFailures, snapshot, onlySome: usernames !== undefined });
  if (!rollOut) throw new UserVpsError("ROLL_OUT_OPEN", "Another roll-out is open.");
  const waveOf = sizes.flatMap((size, index) => Array<number>(size).fill(index + 1));
  await insertMembers(db, rollOut.rollOutId, users.map((user, index) => ({ ...user, wave: waveOf[index]! })));
  return rollOut;
}

/**
 * No further VPS is begun; those that are under way come to their end. False if it has ended already.
 *
 * @param db in a transaction
 */
export async function cancelRollOut(db: Queryable, rollOutId: string, cancelledBy: string): Promise<boolean> {
  return await endRollOut(db, rollOutId, "cancelled", cancelledBy);
}

/**
 * Takes one VPS out of a roll-out: one that waits is not begun, one that is under way is asked to stop.
 * It can be had again by a roll-out of its own.
 *
 * @param db in a transaction
 * @returns false if it has come to its end already, or is not in the roll-out
 */
export async function skipInRollOut(db: Queryable, rollOutId: string, skip: Skip): Promise<boolean> {
  const skipped = await skipMember(db, rollOutId, skip);
  if (skipped?.runningUserId) await db.query("SELECT pg_notify($1, $2)", [CANCEL_CHANNEL, skipped.runningUserId]);
  return skipped !== undefined;
}

function refuseOutside(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) throw new UserVpsError("INPUT_INVALID", `${name}: expected a whole number from 1 to ${most}, got ${value}.`);
}

/** In the order given, else those that wait in a pool first, then by user name. A user who is not ready is told, not left out in silence. */
async function readyUsers(db: Queryable, usernames: readonly string[] | undefined): Promise<{ userId: string; username: string }[]> {
  const { rows } = await db.query<{ userId: string; username: string }>(
    `SELECT user_id::text AS "userId", username FROM user_vps
     WHERE is_managed AND status = 'ready' AND ($1::text[] IS NULL OR username = ANY($1))
     ORDER BY array_position($1::text[], username::text), is_pooled DESC, username COLLATE "C"`,
    [usernames ?? null],
  );
  const missing = (usernames ?? []).filter((username) => !rows.some((row) => row.username === username));
  if (missing.length > 0) throw new UserVpsError("INPUT_INVALID", `These users have no VPS that is ready: ${missing.join(", ")}.`);
  return rows;
}
