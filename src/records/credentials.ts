import { UserVpsError } from "../../providers/core/errors.ts";
import type { Pool } from "pg";
import type { Queryable } from "../db/queryable.ts";
import { inTransaction } from "../db/transaction.ts";
import type { CredentialsCipher, Sealed } from "./credentials-cipher.ts";

/** What a user is shown, once. */
export interface VpsCredentials {
  /** The user to log in as. */
  readonly username: string;
  readonly hostname: string;
  readonly password: string;
  readonly jwtSecret: string;
}

/** Of a rotation that was not stored yet, or others of the same one; where a version before has stored those, what was stored or shown is older than what was made since. */
const SAVE = `
  WITH wanted AS (
    UPDATE user_vps SET credentials_saved_rotation = greatest(credentials_saved_rotation, $4), credentials_made_at = $5::timestamptz, credentials_shown_at = NULL
    WHERE user_id::text = $1 AND is_managed AND (credentials_saved_rotation < $4
      OR $5::timestamptz <> credentials_made_at
      OR credentials_made_at IS NULL AND $5::timestamptz > coalesce(credentials_shown_at, (SELECT saved_at FROM vps_credentials WHERE user_id = $1)))
    RETURNING user_id
  )
  INSERT INTO vps_credentials (user_id, key_id, sealed) SELECT $1, $2, $3 FROM wanted
  ON CONFLICT (user_id) DO UPDATE SET key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, saved_at = now(), shown_at = NULL`;

const NOTE_MADE = "UPDATE user_vps SET credentials_made_at = $2 WHERE user_id::text = $1 AND is_managed AND credentials_made_at IS NULL";

/**
 * Stores credentials, encrypted, until they are shown. The same are stored once: a later run that
 * finds them as they were stores nothing, whether they have been shown or not.
 *
 * @param rotation the record's `credentialsRotation` that they were made for
 * @param madeAt when, as the stack tells it: a stack that was lost, or is older than the record, makes others for the same rotation
 * @returns whether they were stored
 */
export async function saveCredentials(db: Queryable, cipher: CredentialsCipher, userId: string, credentials: VpsCredentials, rotation: number, madeAt?: string): Promise<boolean> {
  const { keyId, sealed } = cipher.seal(userId, JSON.stringify(credentials));
  const { rowCount } = await db.query(SAVE, [userId, keyId, sealed, rotation, madeAt]);
  if (rowCount === 0 && madeAt) await db.query(NOTE_MADE, [userId, madeAt]);
  return rowCount === 1;
}

/** Not those whose time is over: they are as good as deleted. */
const READ = `
  SELECT key_id AS "keyId", sealed FROM vps_credentials
  WHERE user_id = $1 AND (shown_at IS NULL OR shown_at > clock_timestamp() - make_interval(secs => $2)) FOR UPDATE`;

const NOTE_SHOWN = `
  WITH shown AS (UPDATE vps_credentials SET shown_at = coalesce(shown_at, clock_timestamp()) WHERE user_id = $1 RETURNING shown_at)
  UPDATE user_vps SET credentials_shown_at = (SELECT shown_at FROM shown)
  WHERE user_id::text = $1 AND is_managed AND credentials_shown_at IS DISTINCT FROM (SELECT shown_at FROM shown)`;

/**
 * Shows the credentials. For `secondsKept` after the first time they can be shown again, to the same
 * user, because an answer may be lost on its way; then, or once they are acknowledged, never more.
 * They are opened first: what does not open stays.
 *
 * @param db inside a transaction
 * @returns undefined if there are none (not yet made, acknowledged, or their time is over)
 * @throws UserVpsError CONFIG_INVALID if they were sealed with a key that is not configured
 */
export async function revealCredentials(db: Queryable, cipher: CredentialsCipher, userId: string, secondsKept: number): Promise<VpsCredentials | undefined> {
  const { rows: [row] } = await db.query<Sealed>(READ, [userId, secondsKept]);
  if (!row) return undefined;
  const credentials = JSON.parse(opened(cipher, userId, row)) as VpsCredentials;
  await db.query(NOTE_SHOWN, [userId]);
  if (secondsKept === 0) await discardCredentials(db, userId);
  return credentials;
}

function opened(cipher: CredentialsCipher, userId: string, sealed: Sealed): string {
  if (!cipher.keyIds.includes(sealed.keyId)) throw new UserVpsError("CONFIG_INVALID", `The credentials were sealed with the key '${sealed.keyId}', which CREDENTIALS_KEYS does not name.`);
  try {
    return cipher.open(userId, sealed);
  } catch (cause) {
    throw new UserVpsError("CONFIG_INVALID", `The credentials do not open with the key '${sealed.keyId}' of CREDENTIALS_KEYS: another key had that id when they were sealed. They stay as they are.`, {
      next: "Configure the key that they were sealed with, under an id of its own if need be (UPDATE vps_credentials SET key_id …), or rotate the user's credentials.", cause,
    });
  }
}

const ACKNOWLEDGE = `
  DELETE FROM vps_credentials WHERE user_id = $1 AND shown_at IS NOT NULL
    AND ($2::timestamptz IS NULL OR $2 = (SELECT credentials_made_at FROM user_vps WHERE user_vps.user_id::text = $1 AND is_managed))`;

/**
 * The user has got them: from now on they are shown to nobody.
 *
 * @param madeAt which ones; without it, those that were shown last
 * @returns whether there were any that had been shown
 */
export async function acknowledgeCredentials(db: Queryable, userId: string, madeAt?: string): Promise<boolean> {
  const { rowCount } = await db.query(ACKNOWLEDGE, [userId, madeAt]);
  return rowCount === 1;
}

/** Deletes those that were shown and never acknowledged, once their time is over. */
export async function discardShownCredentials(db: Queryable, secondsKept: number): Promise<void> {
  await db.query("DELETE FROM vps_credentials WHERE shown_at <= clock_timestamp() - make_interval(secs => $1)", [secondsKept]);
}

/** Takes the credentials out of the database for good, for whoever cannot be shown them twice; the same as above otherwise. */
export async function takeCredentials(pool: Pool, cipher: CredentialsCipher, userId: string): Promise<VpsCredentials | undefined> {
  return await inTransaction(pool, (db) => revealCredentials(db, cipher, userId, 0));
}

/** Removes credentials that were never shown, for a VPS that is given up. */
export async function discardCredentials(db: Queryable, userId: string): Promise<void> {
  await db.query("DELETE FROM vps_credentials WHERE user_id = $1", [userId]);
}

/** Asks for new credentials: the next run makes them. Returns the number of the rotation; undefined for an unknown user. */
export async function requestCredentialsRotation(db: Queryable, userId: string): Promise<number | undefined> {
  const { rows } = await db.query<{ rotation: number }>(
    "UPDATE user_vps SET credentials_rotation = credentials_rotation + 1 WHERE user_id::text = $1 AND is_managed RETURNING credentials_rotation AS rotation",
    [userId],
  );
  return rows[0]?.rotation;
}
