/** A user's session at the page /me: a cookie of its own that only this service can make or read. Nothing of it is stored, but that it was ended. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { CredentialsCipher } from "../records/credentials-cipher.ts";
import { isLoopbackOverHttp, type CookieRequest } from "./session-cookie.ts";

/** Keeps sessions apart from credentials and from operators' sessions, which the same keys seal: no user id holds a NUL. */
const SEALED_FOR = "\0user session";
const NAME = "user-vps-me";

const SESSION = z.object({ userId: z.string(), username: z.string().nullable(), expiresAt: z.coerce.date(), csrfToken: z.string() });

export type UserSession = Readonly<z.output<typeof SESSION>>;

export function newUserSession({ userId, username }: Pick<UserSession, "userId" | "username">, lengthMs: number): UserSession {
  return { userId, username, expiresAt: new Date(Date.now() + lengthMs), csrfToken: randomBytes(32).toString("base64url") };
}

/** The cookie's value: the id of the key, a dot, what the key has sealed. */
export function sealUserSession(cipher: CredentialsCipher, session: UserSession): string {
  const { keyId, sealed } = cipher.seal(SEALED_FOR, JSON.stringify(session));
  return `${keyId}.${sealed.toString("base64url")}`;
}

/** undefined: there is none, it was not sealed here, was changed since, or has expired. */
export function openUserSession(cipher: CredentialsCipher, request: CookieRequest): UserSession | undefined {
  const name = `${cookieName(request)}=`;
  const value = request.headers.cookie?.split(/; */).find((cookie) => cookie.startsWith(name))?.slice(name.length);
  if (!value) return undefined;
  const dot = value.lastIndexOf(".");
  try {
    const session = SESSION.parse(JSON.parse(cipher.open(SEALED_FOR, { keyId: value.slice(0, dot), sealed: Buffer.from(value.slice(dot + 1), "base64url") })));
    return session.expiresAt.getTime() > Date.now() ? session : undefined;
  } catch {
    return undefined;
  }
}

function cookieName(request: CookieRequest): string {
  return isLoopbackOverHttp(request) ? NAME : `__Host-${NAME}`;
}

/**
 * For `Set-Cookie`. An empty value and 0 seconds remove it.
 *
 * @param isFramed the page may stand in a frame of another site, where the browser sends no cookie
 *   that is `SameSite=Strict`: then it is kept apart for each such site (`Partitioned`)
 */
export function userSessionCookie(request: CookieRequest, value: string, maxAgeSeconds: number, isFramed: boolean): string {
  const isPlain = isLoopbackOverHttp(request);
  const site = isFramed && !isPlain ? "SameSite=None; Partitioned" : "SameSite=Strict";
  return `${cookieName(request)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; ${site}${isPlain ? "" : "; Secure"}`;
}
