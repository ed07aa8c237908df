import { UserVpsError } from "../../providers/core/errors.ts";
import type { Queryable } from "../db/queryable.ts";
import type { CredentialsCipher } from "./credentials-cipher.ts";

/** What a user is shown, once. */
export interface VpsCredentials {
  /** The user to log in as. */
  readonly username: string;
  readonly hostname: string;
  readonly password: string;
  readonly jwtSecret: string;
}

const SAVE = `
  WITH wanted AS (
    UPDATE user_vps SET credentials_saved_rotation = $4, credentials_shown_at = NULL
    WHERE user_id::text = $1 AND is_managed AND credentials_saved_rotation < $4
    RETURNING user_id
  )
  INSERT INTO vps_credentials (user_id, key_id, sealed) SELECT $1, $2, $3 FROM wanted
  ON CONFLICT (user_id) DO UPDATE SET key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, saved_at = now()`;

/**
 * Stores credentials, encrypted, until they are shown. Those of one rotation are stored once: a later
 * run of the same rotation stores nothing, whether they have been shown or not.
 *
 * @param rotation the record's `credentialsRotation` that they were made for
 * @returns whether they were stored
 */
export async function saveCredentials(db: Queryable, cipher: CredentialsCipher, userId: string, credentials: VpsCredentials, rotation: number): Promise<boolean> {
  const { keyId, sealed } = cipher.seal(userId, JSON.stringify(credentials));
  const { rowCount } = await db.query(SAVE, [userId, keyId, sealed, rotation]);
  return rowCount === 1;
}

const TAKE = `
  WITH taken AS (
    DELETE FROM vps_credentials WHERE user_id = $1 AND key_id = ANY ($2) RETURNING key_id, sealed
  ), shown AS (
    UPDATE user_vps SET credentials_shown_at = clock_timestamp() WHERE user_id::text = $1 AND is_managed AND EXISTS (SELECT FROM taken)
  )
  SELECT key_id AS "keyId", sealed FROM taken`;

/**
 * Takes the credentials out of the database, for the one time that they are shown: of any number of
 * calls at once, one gets them.
 *
 * @returns undefined if there are none (not yet made, or shown before)
 * @throws UserVpsError CONFIG_INVALID if they were sealed with a key that is not configured any more; they stay
 */
export async function takeCredentials(db: Queryable, cipher: CredentialsCipher, userId: string): Promise<VpsCredentials | undefined> {
  const { rows: [taken] } = await db.query<{ keyId: string; sealed: Buffer }>(TAKE, [userId, cipher.keyIds]);
  if (taken) return JSON.parse(cipher.open(userId, taken)) as VpsCredentials;
  const { rows: [left] } = await db.query<{ keyId: string }>('SELECT key_id AS "keyId" FROM vps_credentials WHERE user_id = $1 AND key_id <> ALL ($2)', [userId, cipher.keyIds]);
  if (left) throw new UserVpsError("CONFIG_INVALID", `The credentials were sealed with the key '${left.keyId}', which CREDENTIALS_KEYS does not name.`);
  return undefined;
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
