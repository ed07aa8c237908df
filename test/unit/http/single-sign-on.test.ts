import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { text } from "node:stream/consumers";
import { afterAll, describe, it } from "vitest";
import { createSingleSignOn, type SignedOn } from "../../../src/http/single-sign-on.ts";

const KEY = await generateKeyPair("RS256");
const JWK = { ...(await exportJWK(KEY.publicKey)), alg: "RS256", use: "sig" };
const GROUPS = { groups: ["platform"] };
const EMAIL = { email: "bob@example.com", email_verified: true };

/** A provider that lets everybody in, and tells in each of two places what it is told to. */
let told: { readonly idToken: object; readonly userInfo?: object; readonly hasUserInfo?: boolean; readonly sub?: string; readonly takes?: readonly string[] } = { idToken: {} };
let nonce = "";
let asked = 0;
/** Where the client's secret stood. */
let secretIn: string[] = [];
const server = createServer((request, response) => void answer(request).then((body) => response.writeHead(body ? 200 : 503, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}))));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => void server.close());

async function answer(request: IncomingMessage): Promise<object | undefined> {
  const { url } = request;
  const sub = told.sub ?? "id-1";
  if (url === "/jwks") return { keys: [JWK] };
  if (url === "/userinfo") asked += 1;
  if (url === "/userinfo") return told.userInfo && { sub, ...told.userInfo };
  if (url !== "/token") return { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`, ...(told.takes && { token_endpoint_auth_methods_supported: told.takes }), ...(told.hasUserInfo !== false && { userinfo_endpoint: `${issuer}/userinfo` }) };
  const body = await text(request);
  secretIn = [...(request.headers.authorization?.startsWith("Basic ") ? ["header"] : []), ...(body.includes("client_secret=") ? ["body"] : [])];
  const idToken = await new SignJWT({ nonce, ...told.idToken }).setProtectedHeader({ alg: "RS256" }).setIssuer(issuer).setAudience("user-vps").setSubject(sub).setIssuedAt().setExpirationTime("5m").sign(KEY.privateKey);
  return { access_token: "fake-access-token", token_type: "Bearer", id_token: idToken };
}

async function signOn(oidcNameClaim: string | undefined, tells: typeof told, oidcClientAuth?: "basic" | "post"): Promise<SignedOn> {
  [told, asked] = [tells, 0];
  const singleSignOn = createSingleSignOn({
    publicUrl: "https://vps.example.com", oidcIssuer: issuer, oidcClientId: "user-vps", oidcClientSecret: "fake-client-secret", oidcClientAuth, oidcScopes: "openid email",
    oidcRolesClaim: "groups", oidcRoles: [{ role: "owner", group: "platform" }], oidcNameClaim,
  })!;
  const begun = await singleSignOn.begin();
  nonce = begun.nonce;
  return singleSignOn.finish(`code=any&state=${begun.state}`, begun);
}

const nameOf = async (nameClaim: string | undefined, tells: typeof told) => (await signOn(nameClaim, tells)).userId;

describe("single sign-on", () => {
  it("gives the client's secret as the provider says that it takes it, in a header where it says nothing, or as the settings say", async () => {
    const given = async (takes: readonly string[] | undefined, setting?: "basic" | "post") => {
      await signOn(undefined, { idToken: GROUPS, userInfo: {}, ...(takes && { takes }) }, setting);
      return secretIn;
    };
    const [basic, post] = ["client_secret_basic", "client_secret_post"];
    assert.deepEqual(await given(undefined), ["header"]);
    assert.deepEqual(await given([basic]), ["header"]);
    assert.deepEqual(await given([post]), ["body"]);
    assert.deepEqual(await given([basic, post]), ["body"]);
    assert.deepEqual(await given([basic, post], "basic"), ["header"]);
    assert.deepEqual(await given(undefined, "post"), ["body"]);
  });

  it("tells an operator of too many groups for a token what to do about it", async () => {
    const idToken = { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint: "https://graph.example.com/getMemberObjects" } } };
    await assert.rejects(signOn(undefined, { idToken, userInfo: {} }), { code: "SCOPE_MISSING", message: /too many groups for a token: assign groups to the application there, or use its app roles with OIDC_ROLES_CLAIM=roles/ });
    await assert.rejects(signOn(undefined, { idToken: { groups: ["others"] }, userInfo: {} }), { code: "SCOPE_MISSING", message: /holds nothing that OIDC_ROLES knows/ });
  });
});

describe("the name of an operator who logs in by single sign-on", () => {
  it("is the e-mail address only where the provider says that it is verified, else the provider's own id", async () => {
    const named = (isVerified: unknown) => nameOf(undefined, { idToken: { ...GROUPS, email: "bob@example.com", ...(isVerified !== undefined && { email_verified: isVerified }) }, userInfo: {} });
    for (const isVerified of [true, "true"]) assert.equal(await named(isVerified), "bob@example.com");
    for (const isVerified of [undefined, false, "false", null, 1]) assert.equal(await named(isVerified), "id-1");
    assert.equal(await nameOf(undefined, { idToken: { ...GROUPS, email_verified: true }, userInfo: {} }), "id-1");
  });

  it("is what the claim says that the settings name, and of one that says nothing it is told", async () => {
    const idToken = { ...GROUPS, ...EMAIL, preferred_username: "bob@corp.example.com", empty: "" };
    assert.deepEqual(await signOn("preferred_username", { idToken, userInfo: {} }), { userId: "bob@corp.example.com", role: "owner", doubt: undefined });
    for (const claim of ["missing", "groups", "empty"]) {
      const { userId, doubt } = await signOn(claim, { idToken, userInfo: {} });
      assert.equal(userId, "id-1");
      assert.match(doubt ?? "", new RegExp(`neither the ID token nor userinfo holds the claim '${claim}'`));
    }
  });

  it("is in userinfo where the ID token has the groups alone, and the groups where it has the name alone", async () => {
    const name = { preferred_username: "bob@corp.example.com" };
    for (const [idToken, userInfo] of [[GROUPS, { ...name, ...EMAIL }], [{ ...name, ...EMAIL }, GROUPS]] as const) {
      assert.deepEqual(await signOn("preferred_username", { idToken, userInfo }), { userId: "bob@corp.example.com", role: "owner", doubt: undefined });
      assert.deepEqual(await signOn(undefined, { idToken, userInfo }), { userId: "bob@example.com", role: "owner", doubt: undefined });
    }
  });

  it("is not put together: an address is verified by who tells it", async () => {
    assert.equal(await nameOf(undefined, { idToken: { ...GROUPS, email: "alice@example.com" }, userInfo: { email_verified: true } }), "id-1");
  });

  it("asks userinfo for nothing that the ID token tells", async () => {
    await signOn(undefined, { idToken: { ...GROUPS, ...EMAIL }, userInfo: {} });
    assert.equal(asked, 0);
  });

  it("needs no userinfo where nothing but an e-mail address is missing; a claim that the settings name waits for it", async () => {
    assert.equal(await nameOf(undefined, { idToken: GROUPS }), "id-1");
    assert.equal(await nameOf("preferred_username", { idToken: GROUPS, hasUserInfo: false }), "id-1");
    await assert.rejects(signOn("preferred_username", { idToken: GROUPS }), { code: "SIGN_IN_UNAVAILABLE" });
  });

  it("has no character that cannot be stored, or that hides what it is", async () => {
    const named = (preferred_username: string) => nameOf("preferred_username", { idToken: { ...GROUPS, preferred_username } });
    assert.equal(await named("b\0o\u202eb\ud83d\n"), "b\ufffdo\ufffdb\ufffd\ufffd");
    assert.equal(await named("Ева Müller 😀"), "Ева Müller 😀");
  });

  it("is no longer than a name may be", async () => {
    assert.equal((await nameOf(undefined, { idToken: GROUPS, userInfo: {}, sub: "x".repeat(300) })).length, 255);
  });
});
