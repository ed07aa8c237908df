/**
 * Operators' login by OpenID Connect: authorization code with PKCE, state and nonce. What has to be
 * known again when the provider sends the browser back is sealed in a cookie of its own.
 */
import type * as OpenIdClient from "openid-client";
import { beginningOf } from "../../providers/core/cut-text.ts";
import { MINUTE_MS } from "../../providers/core/time.ts";
import type { Settings } from "../config/settings.ts";
import { OPERATOR_ROLES, type OperatorRole } from "../config/operator-roles.ts";
import { HttpError } from "./http-error.ts";

export type SingleSignOnSettings = Pick<Settings, "publicUrl" | "oidcIssuer" | "oidcClientId" | "oidcClientSecret" | "oidcClientAuth" | "oidcScopes" | "oidcRolesClaim" | "oidcRoles" | "oidcNameClaim">;

/** How long a login at the provider may take. */
export const LOGIN_LIMIT_MS = 10 * MINUTE_MS;
const LONGEST_NAME = 255;
export const CALLBACK_PATH = "/login/oidc/callback";

type Claims = Readonly<Record<string, unknown>>;

/** What is kept from the way there to the way back. */
export interface LoginBegun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface SignedOn {
  /** As the records call the operator. */
  readonly userId: string;
  readonly role: OperatorRole;
  /** Why the name is only the provider's own id, where the settings ask for another. */
  readonly doubt: string | undefined;
}

export interface SingleSignOn {
  begin(): Promise<LoginBegun & { readonly url: URL }>;
  /** @param query that the provider has sent the browser back with */
  finish(query: string, begun: LoginBegun): Promise<SignedOn>;
}

/** undefined: it is not set up. */
export function createSingleSignOn(settings: SingleSignOnSettings): SingleSignOn | undefined {
  const { publicUrl, oidcIssuer, oidcClientId, oidcScopes } = settings;
  if (!oidcIssuer || !oidcClientId || !publicUrl) return undefined;
  const redirectUri = `${publicUrl}${CALLBACK_PATH}`;
  let found: Promise<readonly [typeof OpenIdClient, OpenIdClient.Configuration]> | undefined;
  const provider = () => {
    found ??= discover(oidcIssuer, oidcClientId, settings);
    // A provider that is away for a moment is asked again by the next login.
    found.catch(() => { found = undefined; });
    return found.catch((error: unknown) => { throw unavailable(error); });
  };
  return {
    async begin() {
      const [oidc, config] = await provider();
      const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri, scope: oidcScopes, state, nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      });
      return { state, nonce, verifier, url };
    },
    async finish(query, { state, nonce, verifier }) {
      const [oidc, config] = await provider();
      const tokens = await oidc.authorizationCodeGrant(config, new URL(`${redirectUri}?${query}`), { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true })
        .catch((error: unknown) => { throw new HttpError("UNAUTHENTICATED", `The identity provider's answer is not one to this login: ${reasonOf(error)}.`, { cause: error }); });
      const claims = tokens.claims()!;
      const { oidcRolesClaim: rolesClaim, oidcNameClaim: nameClaim } = settings;
      const tellsRoles = rolesClaim in claims;
      let more: Claims = {};
      // Providers choose what is in the ID token and what userinfo tells, for each claim.
      if ((!tellsRoles || nameIn(claims, nameClaim) === undefined) && config.serverMetadata().userinfo_endpoint) {
        more = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub).catch((error: unknown) => {
          // An e-mail address is no more than a better name.
          if (tellsRoles && nameClaim === undefined) return {};
          throw unavailable(error);
        });
      }
      const role = roleOf((tellsRoles ? claims : more)[rolesClaim], settings.oidcRoles);
      const name = nameIn(claims, nameClaim) ?? nameIn(more, nameClaim);
      const userId = beginningOf(readable(name ?? claims.sub), LONGEST_NAME);
      if (!role && hasTooManyGroups(claims, rolesClaim)) throw new HttpError("SCOPE_MISSING", `The identity provider names no role of '${userId}', who has too many groups for a token: assign groups to the application there, or use its app roles with OIDC_ROLES_CLAIM=roles.`);
      if (!role) throw new HttpError("SCOPE_MISSING", `The identity provider names no role of '${userId}': the claim '${rolesClaim}' holds nothing that OIDC_ROLES knows.`);
      const doubt = name === undefined && nameClaim !== undefined ? `neither the ID token nor userinfo holds the claim '${nameClaim}' (OIDC_NAME_CLAIM); OIDC_SCOPES may lack its scope` : undefined;
      return { userId, role, doubt };
    },
  };
}

async function discover(issuer: string, clientId: string, { oidcClientSecret: secret, oidcClientAuth }: SingleSignOnSettings): Promise<readonly [typeof OpenIdClient, OpenIdClient.Configuration]> {
  const oidc = await import("openid-client");
  const isPlain = new URL(issuer).protocol === "http:";
  const bySecret: OpenIdClient.ClientAuth = (server, ...request) => {
    // A provider that does not say what it takes, takes the secret in a header (OpenID Connect Discovery, section 3).
    const posts = oidcClientAuth === undefined ? server.token_endpoint_auth_methods_supported?.includes("client_secret_post") : oidcClientAuth === "post";
    (posts ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret))(server, ...request);
  };
  return [oidc, await oidc.discovery(new URL(issuer), clientId, secret, secret === undefined ? oidc.None() : bySecret, isPlain ? { execute: [oidc.allowInsecureRequests] } : undefined)];
}

/** Entra ID puts in no more than 200 groups: then it tells in their place where they are to be asked for. */
function hasTooManyGroups({ _claim_names: elsewhere }: Claims, rolesClaim: string): boolean {
  return typeof elsewhere === "object" && elsewhere !== null && rolesClaim in elsewhere;
}

/** The highest role whose group is among the claim's. */
export function roleOf(claim: unknown, groupsOf: Settings["oidcRoles"]): OperatorRole | undefined {
  const groups = new Set((Array.isArray(claim) ? claim : [claim]).filter((one): one is string => typeof one === "string"));
  return OPERATOR_ROLES.findLast((role) => groupsOf?.some((one) => one.role === role && groups.has(one.group)));
}

/**
 * What the claim says that the settings name, as one that can be relied on there; else the e-mail address, if the same
 * source says that it is verified: at some providers, people write it themselves.
 */
function nameIn(claims: Claims, nameClaim: string | undefined): string | undefined {
  const { email, email_verified: isVerified } = claims;
  const name = nameClaim !== undefined ? claims[nameClaim] : isVerified === true || isVerified === "true" ? email : undefined;
  return typeof name === "string" && name !== "" ? name : undefined;
}

/** At some providers, people write their names themselves: in records and on pages they are to be stored, and to look like what they are. */
function readable(name: string): string {
  return name.toWellFormed().replaceAll(/\p{C}/gu, "\ufffd");
}

function unavailable(error: unknown): HttpError {
  return new HttpError("SIGN_IN_UNAVAILABLE", `The identity provider does not answer as it should: ${reasonOf(error)}.`, { cause: error, headers: { "retry-after": "5" } });
}

function reasonOf(error: unknown): string {
  const { error: code, error_description: description, message } = error as { error?: string; error_description?: string; message?: string };
  return [code, description ?? message].filter(Boolean).join(": ") || "unknown error";
}
