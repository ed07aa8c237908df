import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, it, vi } from "vitest";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { assertRefusal } from "../support/assert-refusal.ts";
import { atEnd } from "../support/at-end.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser, signToken } from "../support/tokens.ts";

const { app } = await withApp();
const status = (authorization?: string, target = app) => target.inject({ url: "/api/vps/status", headers: authorization ? { authorization } : {} });
const USER = { sub: "user_alice", username: "alice" };

describe("a request without a valid token", () => {
  it("without a token: 401 with WWW-Authenticate", async () => {
    const answer = await status();
    assertRefusal(answer, 401, "UNAUTHENTICATED");
    assert.match(String(answer.headers["www-authenticate"]), /^Bearer/);
  });

  for (const header of ["Basic YTpi", "Bearer", "Bearer x", "Bearer a.b.c", "Bearer a.b", `Bearer ${"x".repeat(9_000)}`]) {
    it(`with '${header.slice(0, 14)}' (${header.length} characters): 401`, async () => {
      assertRefusal(await status(header), 401, "UNAUTHENTICATED");
    });
  }

  it("with a token of another secret: 401", async () => {
    assertRefusal(await status(`Bearer ${await signToken(USER, { secret: "another-fake-secret-for-tests-of-32-bytes" })}`), 401, "UNAUTHENTICATED");
  });

  it("with an expired token: 401 that says so", async () => {
    assert.match(assertRefusal(await status(`Bearer ${await signToken(USER, { expiresInSeconds: -60 })}`), 401, "UNAUTHENTICATED").message, /expired/);
  });

  it("with a token that never expires: 401 that names exp", async () => {
    assert.match(assertRefusal(await status(`Bearer ${await signToken(USER, { expiresInSeconds: null })}`), 401, "UNAUTHENTICATED").message, /'exp'/);
  });

  it("with a token whose exp is beyond all dates: 401, at every door", async () => {
    for (const exp of [9e15, 1e300, Number.MAX_SAFE_INTEGER]) {
      const token = await signToken({ ...USER, scope: "vps:admin", exp }, { expiresInSeconds: null });
      const headers = { authorization: `Bearer ${token}` };
      for (const url of ["/api/vps/status", "/api/vps/events", "/api/admin/vps", "/api/admin/vps/alice/events"]) assertRefusal(await app.inject({ url, headers }), 401, "UNAUTHENTICATED");
      assertRefusal(await app.inject({ method: "POST", url: "/session", payload: { token } }), 401, "UNAUTHENTICATED");
    }
  });

  it("with a token that is not valid yet: 401", async () => {
    assertRefusal(await status((await asUser("alice", { nbf: Math.floor(Date.now() / 1_000) + 300 })).authorization), 401, "UNAUTHENTICATED");
  });

  it("with an unsigned token: 401", async () => {
    const token = new UnsecuredJWT(USER).setExpirationTime("1h").encode();
    assertRefusal(await status(`Bearer ${token}`), 401, "UNAUTHENTICATED");
  });

  it("without a sub, or with one that is empty, too long, no text or has control characters: 401", async () => {
    for (const sub of [undefined, "", "x".repeat(256), "a\0b", "a\nb", 42 as unknown as string]) {
      assertRefusal(await status(`Bearer ${await signToken({ username: "alice", ...(sub === undefined ? {} : { sub }) })}`), 401, "UNAUTHENTICATED");
    }
  });
});

describe("a valid token", () => {
  it("is let in", async () => {
    assertRefusal(await status(`Bearer ${await signToken(USER)}`), 404, "VPS_NOT_FOUND");
  });

  it("without the scope: 403 on every operator's route", async () => {
    const headers = await asUser("alice", { scope: "vps vps:admins admin" });
    for (const url of ["/api/admin/vps", "/api/admin/vps/alice", "/api/admin/vps/alice/runs", "/api/admin/runs/r", "/api/admin/runs/r/log"]) assertRefusal(await app.inject({ url, headers }), 403, "SCOPE_MISSING");
    for (const action of ["retry", "cancel", "start", "stop", "restart", "deprovision", "rotate-credentials"]) assertRefusal(await app.inject({ method: "POST", url: `/api/admin/vps/alice/${action}`, headers }), 403, "SCOPE_MISSING");
  });

  for (const claims of [{ scope: "other vps:admin" }, { scp: ["vps:admin"] }, { scp: "vps:admin" }, { scopes: ["other", "vps:admin"] }]) {
    it(`with the scope in ${JSON.stringify(claims)} is an operator's`, async () => {
      assert.equal((await app.inject({ url: "/api/admin/vps", headers: await asUser("operator", claims) })).statusCode, 200);
    });
  }

  it("of one user never shows another's record", async () => {
    await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("owner"), payload: {} });
    for (const [method, url] of [["GET", "/api/vps/status"], ["GET", "/api/vps/events"], ["POST", "/api/vps/credentials"]] as const) {
      const answer = await app.inject({ method, url, headers: await asUser("owner", { sub: "somebody_else" }) });
      assertRefusal(answer, 404, "VPS_NOT_FOUND");
    }
    assertRefusal(await app.inject({ url: "/api/admin/vps/owner", headers: await asUser("mallory") }), 403, "SCOPE_MISSING");
    assert.equal((await app.inject({ url: "/api/admin/vps/owner", headers: await asOperator() })).json().userId, "user_owner");
  });

  it("must be of the issuer and for the audience that are set", async () => {
    const { app: strict } = await withApp({ env: { JWT_ISSUER: "https://auth.example.com/", JWT_AUDIENCE: "user-vps" } });
    const right = { iss: "https://auth.example.com/", aud: ["user-vps", "other"] };
    assertRefusal(await status((await asUser("alice", right)).authorization, strict), 404, "VPS_NOT_FOUND");
    for (const wrong of [{ ...right, iss: "https://evil.example.com/" }, { ...right, aud: "other" }, {}]) assertRefusal(await status((await asUser("alice", wrong)).authorization, strict), 401, "UNAUTHENTICATED");
  });
});

describe("tokens of public keys (JWKS)", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" }] });
  const keyServer = createServer((_request, response) => void response.setHeader("content-type", "application/json").end(keys));
  const jwksUrl = await listen(keyServer);
  afterAll(() => keyServer.close());
  const { app: withKeys } = await withApp({ env: { JWT_SECRET: "", JWT_JWKS_URL: jwksUrl } });
  const sign = () => new SignJWT(USER).setProtectedHeader({ alg: "ES256", kid: "k" }).setExpirationTime("10m").sign(privateKey);

  it("are let in", async () => {
    assertRefusal(await status(`Bearer ${await sign()}`, withKeys), 404, "VPS_NOT_FOUND");
  });

  it("signed as HS256 with the public key as the secret: 401", async () => {
    const token = await new SignJWT(USER).setProtectedHeader({ alg: "HS256", kid: "k" }).setExpirationTime("10m").sign(new TextEncoder().encode(await exportSPKI(publicKey)));
    assertRefusal(await status(`Bearer ${token}`, withKeys), 401, "UNAUTHENTICATED");
  });

  it("of an unknown key: 401", async () => {
    const other = await generateKeyPair("ES256");
    const token = await new SignJWT(USER).setProtectedHeader({ alg: "ES256", kid: "other" }).setExpirationTime("10m").sign(other.privateKey);
    assertRefusal(await status(`Bearer ${token}`, withKeys), 401, "UNAUTHENTICATED");
  });

  describe("without a kid, while the keys are rotated", async () => {
    const [first, second] = await Promise.all([generateKeyPair("ES256", { extractable: true }), generateKeyPair("ES256", { extractable: true })]);
    const jwk = async (pair: typeof first, kid: string) => ({ ...(await exportJWK(pair.publicKey)), kid, alg: "ES256" });
    const signBy = (pair: typeof first, time = "10m") => new SignJWT(USER).setProtectedHeader({ alg: "ES256" }).setExpirationTime(time).sign(pair.privateKey);

    async function withServed(known: { keys: object[] }) {
      const server = createServer((_request, response) => void response.setHeader("content-type", "application/json").end(JSON.stringify(known)));
      atEnd(() => server.close());
      return (await withApp({ env: { JWT_SECRET: "", JWT_JWKS_URL: await listen(server) } })).app;
    }

    it("are let in by whichever of them they are signed by, and by no other", async () => {
      const served = await withServed({ keys: [await jwk(first, "1"), await jwk(second, "2")] });
      for (const pair of [first, second]) assertRefusal(await status(`Bearer ${await signBy(pair)}`, served), 404, "VPS_NOT_FOUND");
      assertRefusal(await status(`Bearer ${await signBy(await generateKeyPair("ES256", { extractable: true }))}`, served), 401, "UNAUTHENTICATED");
      assert.match(assertRefusal(await status(`Bearer ${await signBy(second, "10m ago")}`, served), 401, "UNAUTHENTICATED").message, /expired/);
    });

    it("are let in by a key that was not known yet, as soon as the keys may be fetched again", async () => {
      const known = { keys: [await jwk(first, "1")] };
      const served = await withServed(known);
      assertRefusal(await status(`Bearer ${await signBy(first)}`, served), 404, "VPS_NOT_FOUND");
      known.keys.push(await jwk(second, "2"));
      assertRefusal(await status(`Bearer ${await signBy(second)}`, served), 401, "UNAUTHENTICATED");
      const now = Date.now();
      vi.spyOn(Date, "now").mockImplementation(() => now + 31_000);
      try {
        assertRefusal(await status(`Bearer ${await signBy(second)}`, served), 404, "VPS_NOT_FOUND");
      } finally {
        vi.restoreAllMocks();
      }
    });
  });

  it("while the keys cannot be fetched: 503, not 401", async () => {
    const gone = createServer();
    const goneUrl = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    const { app: withoutKeys } = await withApp({ env: { JWT_SECRET: "", JWT_JWKS_URL: goneUrl } });
    assertRefusal(await status(`Bearer ${await sign()}`, withoutKeys), 503, "SIGN_IN_UNAVAILABLE");
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
}
