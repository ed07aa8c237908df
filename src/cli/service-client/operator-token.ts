import { hostname } from "node:os";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { userName } from "../../../providers/core/this-user.ts";
import { tokenFrom } from "../../../providers/core/token.ts";
import { SCOPE_OF_ROLE, type OperatorRole } from "../../config/operator-roles.ts";
import { hs256Secret } from "../../config/value-schemas.ts";
import type { Environment } from "../../config/index.ts";

/** For one request, whatever the two clocks differ by. */
const REQUEST_LIFETIME_SECONDS = 300;

export interface TokenRequest {
  /** The claim `sub`: whose actions these are, as recorded. */
  readonly subject: string;
  /** The claim `username`, for a user's token. */
  readonly username?: string;
  /** undefined: a user's token. */
  readonly role: OperatorRole | undefined;
  readonly lifetimeSeconds: number;
}

/** USER_VPS_TOKEN, else one for this request, signed with the service's JWT_SECRET where that is at hand. */
export async function operatorToken(env: Environment): Promise<string> {
  if (env["USER_VPS_TOKEN"]) return tokenFrom(env["USER_VPS_TOKEN"], "USER_VPS_TOKEN");
  if (env["JWT_SECRET"]) return await signServiceToken(env, { subject: whoAmI(), role: "owner", lifetimeSeconds: REQUEST_LIFETIME_SECONDS });
  throw new UserVpsError("CONFIG_INVALID", "It is not known who asks: neither USER_VPS_TOKEN nor JWT_SECRET is set.", {
    next: "Set USER_VPS_TOKEN to a token with the scope of a role, such as vps:operator; on the service's own machine, JWT_SECRET as the service has it serves as well.",
  });
}

/** Errors: CONFIG_INVALID without a usable JWT_SECRET. */
export async function signServiceToken(env: Environment, { subject, username, role, lifetimeSeconds }: TokenRequest): Promise<string> {
  const secret = hs256Secret.safeParse(env["JWT_SECRET"] ?? "");
  if (!secret.success) {
    throw new UserVpsError("CONFIG_INVALID", "JWT_SECRET is missing or shorter than 32 bytes, so no token can be signed here.", {
      next: "Set it as the service has it. A service that uses JWT_JWKS_URL gets its tokens from their issuer.",
    });
  }
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = env;
  const { SignJWT } = await import("jose");
  const token = new SignJWT({ ...(username && { username }), ...(role && { scope: SCOPE_OF_ROLE[role] }) })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(subject)
    .setExpirationTime(`${lifetimeSeconds} seconds`);
  if (issuer) token.setIssuer(issuer);
  if (audience) token.setAudience(audience);
  return await token.sign(new TextEncoder().encode(secret.data));
}

/** `cli:ada@host`, for the records of who did what. */
export function whoAmI(): string {
  return `cli:${userName()}@${hostname()}`;
}
