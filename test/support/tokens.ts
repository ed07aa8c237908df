import { SignJWT, type JWTPayload } from "jose";

export const TEST_JWT_SECRET = "fake-jwt-secret-for-tests-of-32-bytes-or-more";

export interface TokenOptions {
  readonly secret?: string;
  /** Seconds from now; null: no exp. */
  readonly expiresInSeconds?: number | null;
}

/** A token as the issuer of users' tokens would sign it (HS256). */
export function signToken(claims: JWTPayload, { secret = TEST_JWT_SECRET, expiresInSeconds = 600 }: TokenOptions = {}): Promise<string> {
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: "HS256" });
  if (expiresInSeconds !== null) jwt.setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInSeconds);
  return jwt.sign(new TextEncoder().encode(secret));
}

/** The header of a user; `sub` is `user_<username>` unless the claims say otherwise. */
export async function asUser(username: string, claims: JWTPayload = {}): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await signToken({ sub: `user_${username}`, username, ...claims })}` };
}

export function asOperator(): Promise<{ authorization: string }> {
  return asUser("operator", { sub: "operator_1", scope: "vps:admin" });
}
