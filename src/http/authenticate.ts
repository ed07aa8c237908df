import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from "jose";
import { SECOND_MS } from "../../providers/core/time.ts";
import { roleOfScopes, type OperatorRole } from "../config/operator-roles.ts";
import type { Settings } from "../config/settings.ts";
import { HttpError } from "./http-error.ts";
import { createKeptKeys, keysAreAway } from "./kept-keys.ts";
import { USER_ID } from "./texts.ts";

/** Who a verified token speaks for. */
export interface Caller {
  /** `sub`: the owner of the VPS. */
  readonly userId: string;
  /** The claim `username`, unchecked; undefined if the token has none. */
  readonly username: string | undefined;
  /** The claim `vps_plans`: the plans that the user may have; null if the token has none. */
  readonly vpsPlans: readonly string[] | null;
  readonly scopes: ReadonlySet<string>;
  /** What the caller may do to others' VPSs; undefined: nothing, as most may. */
  readonly role: OperatorRole | undefined;
  readonly expiresAt: Date;
  /** Of who was signed in by a cookie: logging out ends what it has open. */
  readonly sessionId?: string;
}

export type AuthenticationSettings = Pick<Settings, "jwtSecret" | "jwtJwksUrl" | "jwtIssuer" | "jwtAudience">;

/** For clocks that differ a little. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** Ids, names and catalog items alike; nothing that a text column does not hold. */
const PLAN_NAME = /^[\x20-\x7e]{1,255}$/;
/** In a text with blanks or commas between, a plan's own blank, as in `KVM 1`, is none of those. */
const NAMES_IN_TEXT = /KVM \d+(?![^\s,])|[^\s,]+/g;
const MOST_PLANS = 50;

/** Signatures with public keys only: a public key must never be taken for an HS256 secret, nor 'none' for a signature. */
const PUBLIC_KEY_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

/**
 * Verifies tokens as the settings say: HS256 by the secret, or public keys by the JWKS address.
 *
 * @param onKeysAway told when the public keys cannot be fetched, once for each outage; those that are known serve on for a while
 * @returns a function from the header `Authorization` to the caller
 * @throws HttpError (from that function) UNAUTHENTICATED; SIGN_IN_UNAVAILABLE if the public keys cannot be fetched
 */
export function createAuthenticator(settings: AuthenticationSettings, onKeysAway: (error: unknown) => void): Authenticate {
  const verify = createVerifier(settings, onKeysAway);
  return async (authorization) => {
    if (!authorization) throw unauthenticated("expected a token in the header Authorization, got none");
    const token = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/i.exec(authorization)?.[1];
    if (!token) throw unauthenticated("expected 'Bearer' and a JWT in the header Authorization");
    return callerOf(await verify(token).catch(refused));
  };
}

function createVerifier({ jwtSecret, jwtJwksUrl, jwtIssuer, jwtAudience }: AuthenticationSettings, onKeysAway: (error: unknown) => void): (token: string) => Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    requiredClaims: ["exp", "sub"],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(jwtIssuer ? { issuer: jwtIssuer } : {}),
    ...(jwtAudience ? { audience: jwtAudience } : {}),
  };
  if (jwtSecret) {
    // Once: of bytes, each verification would make a key of its own.
    const key = crypto.subtle.importKey("raw", new TextEncoder().encode(jwtSecret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    return async (token) => (await jwtVerify(token, await key, { ...options, algorithms: ["HS256"] })).payload;
  }
  return createKeptKeys(new URL(jwtJwksUrl!), { ...options, algorithms: PUBLIC_KEY_ALGORITHMS }, onKeysAway);
}

function refused(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw unauthenticated("the token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) throw unauthenticated(`the token's claim '${error.claim}' is missing or not as expected`);
  if (keysAreAway(error)) throw new HttpError("SIGN_IN_UNAVAILABLE", "The keys that tokens are verified with cannot be fetched.", { cause: error, headers: { "retry-after": "5" } });
  throw unauthenticated("the token's signature is not valid here");
}

function callerOf({ sub, exp, ...claims }: JWTPayload): Caller {
  const expiresAt = new Date(exp! * SECOND_MS);
  if (Number.isNaN(expiresAt.getTime())) throw unauthenticated("the token's claim 'exp' is beyond all dates");
  const userId = USER_ID.safeParse(sub);
  if (!userId.success) throw unauthenticated(`the token's claim 'sub' is not usable: ${userId.error.issues[0]?.message}`);
  const scopes = scopesOf(claims);
  return {
    userId: userId.data,
    username: typeof claims["username"] === "string" ? claims["username"] : undefined,
    vpsPlans: plansOf(claims["vps_plans"]),
    scopes,
    role: roleOfScopes(scopes),
    expiresAt,
  };
}

/** `scope` is a text with blanks between (RFC 8693); `scp` and `scopes` are what other issuers call it, often as a list. */
function scopesOf(claims: JWTPayload): ReadonlySet<string> {
  const lists = ["scope", "scp", "scopes"].map((name) => claims[name]);
  return new Set(lists.flatMap((list) => (typeof list === "string" ? list.split(" ") : Array.isArray(list) ? list.filter((scope) => typeof scope === "string") : [])).filter(Boolean));
}

/** A list of plans, or a text with blanks or commas between. What is neither entitles to nothing. */
function plansOf(claim: unknown): readonly string[] | null {
  if (claim === undefined || claim === null) return null;
  const named = typeof claim === "string" ? (claim.match(NAMES_IN_TEXT) ?? []) : Array.isArray(claim) ? claim : [];
  return named.filter((plan): plan is string => typeof plan === "string" && PLAN_NAME.test(plan)).slice(0, MOST_PLANS);
}

function unauthenticated(reason: string): HttpError {
  return new HttpError("UNAUTHENTICATED", `The request is not signed in: ${reason}.`, { headers: { "www-authenticate": 'Bearer realm="user-vps"' } });
}
