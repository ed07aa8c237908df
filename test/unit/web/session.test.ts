import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { createCredentialsCipher } from "../../../src/records/credentials-cipher.ts";
import { readSessionCookie, sessionCookie } from "../../../src/web/session-cookie.ts";
import { isCsrfToken, newSession, openSession, sealSession } from "../../../src/web/session.ts";

const key = (id: string, text: string) => ({ id, key: Buffer.from(text.padEnd(32, "!")) });
const cipher = createCredentialsCipher([key("k.1", "fake-key-one")]);
const HOUR_MS = 3_600_000;
const nowMs = Date.UTC(2026, 0, 1);
const session = newSession({ userId: "operator_1", role: "viewer", expiresAt: new Date(nowMs + 12 * HOUR_MS) }, nowMs);

describe("a session", () => {
  it("opens as it was sealed, also with a key that is not the current one any more", () => {
    const value = sealSession(cipher, session);
    const rotated = createCredentialsCipher([key("k2", "fake-key-two"), key("k.1", "fake-key-one")]);
    assert.deepEqual(openSession(cipher, value, nowMs), session);
    assert.deepEqual(openSession(rotated, value, nowMs), session);
    assert.match(sealSession(rotated, session), /^k2\./);
  });

  it("lasts an hour, or as long as the token if that is shorter", () => {
    assert.equal(session.expiresAt.getTime(), nowMs + HOUR_MS);
    const short = newSession({ userId: "operator_1", role: "viewer", expiresAt: new Date(nowMs + 5_000) }, nowMs);
    assert.ok(openSession(cipher, sealSession(cipher, short), nowMs + 4_999));
    assert.equal(openSession(cipher, sealSession(cipher, short), nowMs + 5_000), undefined);
  });

  it("does not open when changed, sealed with another key, or nonsense", () => {
    const value = sealSession(cipher, session);
    const other = sealSession(createCredentialsCipher([key("k.1", "another-fake-key")]), session);
    const changed = value.replace(/.{6}$/, (end) => (end === "AAAAAA" ? "BBBBBB" : "AAAAAA"));
    for (const bad of [changed, other, "", ".", "k.1.", "unknown.AAAA", "x".repeat(5_000)]) assert.equal(openSession(cipher, bad, nowMs), undefined, bad.slice(0, 20));
  });

  it("is not the credentials that the same key has sealed for a user", () => {
    const { keyId, sealed } = cipher.seal("operator session", JSON.stringify(session));
    assert.equal(openSession(cipher, `${keyId}.${sealed.toString("base64url")}`, nowMs), undefined);
  });

  it("knows its own CSRF token from any other", () => {
    assert.equal(isCsrfToken(session, session.csrfToken), true);
    for (const other of [undefined, "", `${session.csrfToken}x`, newSession(session, nowMs).csrfToken, [session.csrfToken]]) assert.equal(isCsrfToken(session, other), false);
  });
});

describe("the session's cookie", () => {
  const at = (protocol: string, hostname: string, cookie?: string) => ({ protocol, hostname, headers: { cookie } });

  it("is for scripts out of reach, for this site only, and over HTTPS only, but on the machine itself", () => {
    for (const request of [at("https", "vps.example.com"), at("http", "vps.example.com"), at("https", "127.0.0.1"), at("http", "10.0.0.1")]) {
      assert.equal(sessionCookie(request, "v", 60), "__Host-user-vps-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure");
    }
    for (const host of ["127.0.0.1", "localhost", "[::1]"]) assert.equal(sessionCookie(at("http", host), "v", 60), "user-vps-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
  });

  it("is read by the name that fits the request", () => {
    const both = "a=1; user-vps-session=plain; __Host-user-vps-session=safe";
    assert.equal(readSessionCookie(at("https", "vps.example.com", both)), "safe");
    assert.equal(readSessionCookie(at("http", "localhost", both)), "plain");
    assert.equal(readSessionCookie(at("https", "vps.example.com", "user-vps-session=plain")), undefined);
    assert.equal(readSessionCookie(at("https", "vps.example.com")), undefined);
  });
});
