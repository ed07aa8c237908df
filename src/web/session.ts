/** An operator's session: a cookie that only this service can make or read. Nothing of it is stored, but that it was ended. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { HOUR_MS } from "../../providers/core/time.ts";
import type { CredentialsCipher } from "../records/credentials-cipher.ts";

/** It ends no later than the token that it was made from. */
const LONGEST_SESSION_MS = HOUR_MS;
/** Keeps sessions apart from the credentials that the same keys seal: no user id holds a NUL. */
const SEALED_FOR = "\0operator session";

const SESSION = z.object({ userId: z.string(), expiresAt: z.coerce.date(), csrfToken: z.string() });

export type OperatorSession = Readonly<z.output<typeof SESSION>>;

/** @param expiresAt of the token */
export function newSession({ userId, expiresAt }: { userId: string; expiresAt: Date }, nowMs = Date.now()): OperatorSession {
  const endMs = Math.min(expiresAt.getTime(), nowMs + LONGEST_SESSION_MS);
  return { userId, expiresAt: new Date(endMs), csrfToken: randomBytes(32).toString("base64url") };
}

/** The cookie's value: the id of the key, a dot, what the key has sealed. */
export function sealSession(cipher: CredentialsCipher, session: OperatorSession): string {
  const { keyId, sealed } = cipher.seal(SEALED_FOR, JSON.stringify(session));
  return `${keyId}.${sealed.toString("base64url")}`;
}

/** undefined: not sealed here, changed since, or expired. */
export function openSession(cipher: CredentialsCipher, value: string, nowMs = Date.now()): OperatorSession | undefined {
  const dot = value.lastIndexOf(".");
  try {
    const session = SESSION.parse(JSON.parse(cipher.open(SEALED_FOR, { keyId: value.slice(0, dot), sealed: Buffer.from(value.slice(dot + 1), "base64url") })));
    return session.expiresAt.getTime() > nowMs ? session : undefined;
  } catch {
    return undefined;
  }
}

/** Names a session without giving anything of it away. */
export function sessionId({ csrfToken }: Pick<OperatorSession, "csrfToken">): string {
  return createHash("sha256").update(csrfToken).digest("base64url");
}

/** Whether a request carries the token that only the service's own page can have read. */
export function isCsrfToken({ csrfToken }: Pick<OperatorSession, "csrfToken">, given: unknown): boolean {
  if (typeof given !== "string") return false;
  const [expected, got] = [Buffer.from(csrfToken), Buffer.from(given)];
  return expected.length === got.length && timingSafeEqual(expected, got);
}
