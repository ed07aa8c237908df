/** A link that logs a browser in, once and within minutes: what is in it can be made and read by this service alone. */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { MINUTE_MS } from "../../providers/core/time.ts";
import { OPERATOR_ROLES } from "../config/operator-roles.ts";
import type { CredentialsCipher } from "../records/credentials-cipher.ts";

export const LOGIN_LINK_LIFETIME_MS = 5 * MINUTE_MS;
/** Keeps links apart from sessions and credentials that the same keys seal. */
const SEALED_FOR = "\0operator login link";

const LINK = z.object({
  id: z.string(), userId: z.string(), role: z.enum(OPERATOR_ROLES),
  expiresAt: z.coerce.date().describe("Of the link."),
  sessionEndsAt: z.coerce.date().describe("Of the token that it was made with: the session lasts no longer."),
});

export type LoginLink = Readonly<z.output<typeof LINK>>;

/** @returns what stands behind `#code=` in the link */
export function sealLoginLink(cipher: CredentialsCipher, { userId, role, sessionEndsAt }: Pick<LoginLink, "userId" | "role" | "sessionEndsAt">, nowMs = Date.now()): { code: string; expiresAt: Date } {
  const expiresAt = new Date(Math.min(nowMs + LOGIN_LINK_LIFETIME_MS, sessionEndsAt.getTime()));
  const { keyId, sealed } = cipher.seal(SEALED_FOR, JSON.stringify({ id: randomBytes(16).toString("base64url"), userId, role, expiresAt, sessionEndsAt }));
  return { code: `${keyId}.${sealed.toString("base64url")}`, expiresAt };
}

/** undefined: not sealed here, changed since, or expired. Whether it was used is for its `linkId` to tell. */
export function openLoginLink(cipher: CredentialsCipher, code: string, nowMs = Date.now()): LoginLink | undefined {
  const dot = code.lastIndexOf(".");
  try {
    const link = LINK.parse(JSON.parse(cipher.open(SEALED_FOR, { keyId: code.slice(0, dot), sealed: Buffer.from(code.slice(dot + 1), "base64url") })));
    return link.expiresAt.getTime() > nowMs ? link : undefined;
  } catch {
    return undefined;
  }
}

/** Under which it is remembered that the link was used. */
export function linkId({ id }: LoginLink): string {
  return `link:${createHash("sha256").update(id).digest("base64url")}`;
}
