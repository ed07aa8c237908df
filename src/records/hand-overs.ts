/** One-time codes by which a backend hands a signed-in user over to their page. */
import { createHash, randomBytes } from "node:crypto";
import type { Queryable } from "../db/queryable.ts";

export interface HandedOver {
  readonly userId: string;
  /** As the backend's token says; null: it does not. */
  readonly username: string | null;
}

export interface HandOver {
  /** Known to nobody but whoever gets it: the database has its hash. */
  readonly code: string;
  readonly expiresAt: Date;
}

const hashOf = (code: string) => createHash("sha256").update(code).digest("base64url");

export async function createHandOver(db: Queryable, { userId, username }: HandedOver, seconds: number): Promise<HandOver> {
  const code = randomBytes(32).toString("base64url");
  await db.query("DELETE FROM vps_hand_overs WHERE expires_at < clock_timestamp()");
  const { rows } = await db.query<{ expiresAt: Date }>(
    `INSERT INTO vps_hand_overs (code_hash, user_id, username, expires_at) VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4)) RETURNING expires_at AS "expiresAt"`,
    [hashOf(code), userId, username, seconds],
  );
  return { code, expiresAt: rows[0]!.expiresAt };
}

/** Good once: undefined for a code that was used, has expired or was never given out. */
export async function useHandOver(db: Queryable, code: string): Promise<HandedOver | undefined> {
  const { rows } = await db.query<HandedOver & { isInTime: boolean }>(
    `DELETE FROM vps_hand_overs WHERE code_hash = $1 RETURNING user_id AS "userId", username, expires_at > clock_timestamp() AS "isInTime"`, [hashOf(code)],
  );
  return rows[0]?.isInTime ? { userId: rows[0].userId, username: rows[0].username } : undefined;
}
