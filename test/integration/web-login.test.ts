import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { requestVps, setVpsStatus } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { openStream } from "../support/event-stream.ts";
import { withListeningApp } from "../support/http-app.ts";
import { asOperator, asUser, signToken } from "../support/tokens.ts";

const { app, pool, jobs, address } = await withListeningApp();
eachBeginsEmpty({ pool, jobs });
let addresses = 0;

const logIn = (token: string, remoteAddress = `10.1.0.${(addresses += 1)}`) => app.inject({ method: "POST", url: "/session", payload: { token }, remoteAddress, headers: { host: "localhost" } });
const adminToken = (expiresInSeconds = 600) => signToken({ sub: "operator_1", scope: "vps:admin" }, { expiresInSeconds });

/** What a browser would send afterwards. */
async function session(expiresInSeconds?: number) {
  const answer = await logIn(await adminToken(expiresInSeconds));
  assert.equal(answer.statusCode, 200, answer.body);
  const cookie = String(answer.headers["set-cookie"]).split(";")[0]!;
  return { cookie, host: "localhost", csrf: answer.json<{ csrfToken: string }>().csrfToken };
}

async function readyUser(username: string): Promise<void> {
  await requestVps(pool, { userId: `user_${username}`, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  await setVpsStatus(pool, `user_${username}`, { status: "ready" });
}

describe("POST /session", () => {
  it("gives an operator's token a cookie that scripts and other sites cannot use, and the token is not in it", async () => {
    const token = await adminToken();
    const answer = await logIn(token);
    const cookie = String(answer.headers["set-cookie"]);
    assert.match(cookie, /^user-vps-session=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.json().operator, "operator_1");
    assert.ok(!cookie.includes(token.split(".")[2]!));
  });

  it("refuses a token without the scope, an expired one, and what is no token", async () => {
    assertRefusal(await logIn(await signToken({ sub: "user_1", scope: "vps:read" })), 403, "SCOPE_MISSING");
    assertRefusal(await logIn(await adminToken(-60)), 401, "UNAUTHENTICATED");
    assertRefusal(await logIn("x"), 401, "UNAUTHENTICATED");
  });

  it("refuses a form of another site", async () => {
    const answer = await app.inject({ method: "POST", url: "/session", payload: `token=${await adminToken()}`, headers: { "content-type": "application/x-www-form-urlencoded" } });
    assertRefusal(answer, 415, "CONTENT_TYPE_UNSUPPORTED");
  });

  it("refuses the eleventh try of an address within a minute, right or wrong", async () => {
    const address = `10.2.0.${(addresses += 1)}`;
    for (let tries = 0; tries < 10; tries += 1) assert.equal((await logIn("x", address)).statusCode, 401);
    const answer = await logIn(await adminToken(), address);
    assertRefusal(answer, 429, "RATE_LIMITED");
    assert.ok(Number(answer.headers["retry-after"]) > 0);
  });
});

describe("logging out", () => {
  it("ends the session on the server as well: a cookie that was kept signs nobody in", async () => {
    const { csrf, ...headers } = await session();
    const other = await session();
    assert.equal((await app.inject({ method: "DELETE", url: "/session", headers: { ...headers, "x-csrf-token": csrf } })).statusCode, 204);
    assertRefusal(await app.inject({ url: "/session", headers }), 401, "UNAUTHENTICATED");
    assertRefusal(await app.inject({ url: "/api/admin/vps", headers }), 401, "UNAUTHENTICATED");
    assert.equal((await app.inject({ url: "/", headers })).statusCode, 303);
    assert.equal((await app.inject({ url: "/api/admin/vps", headers: { cookie: other.cookie, host: other.host } })).statusCode, 200, "another session of the same operator goes on");
  });
});

describe("a session", () => {
  it("reads the operators' routes", async () => {
    const { csrf: _csrf, ...headers } = await session();
    for (const url of ["/api/admin/vps", "/api/admin/numbers", "/session"]) assert.equal((await app.inject({ url, headers })).statusCode, 200, url);
  });

  it("changes something only with its CSRF token", async () => {
    await readyUser("alice");
    const [{ csrf, ...headers }, other] = [await session(), await session()];
    const repair = (more: Record<string, string>) => app.inject({ method: "POST", url: "/api/admin/vps/alice/repair", headers: { ...headers, ...more } });
    assertRefusal(await repair({}), 403, "CSRF_TOKEN_WRONG");
    assertRefusal(await repair({ "x-csrf-token": other.csrf }), 403, "CSRF_TOKEN_WRONG");
    assert.deepEqual(jobs.enqueued, []);
    assert.equal((await repair({ "x-csrf-token": csrf })).statusCode, 202);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "user_alice" }]);
  });

  it("is nobody at the users' own routes", async () => {
    const { csrf, ...headers } = await session();
    assertRefusal(await app.inject({ url: "/api/vps/status", headers }), 401, "UNAUTHENTICATED");
    assertRefusal(await app.inject({ method: "POST", url: "/api/vps/provision", headers: { ...headers, "x-csrf-token": csrf } }), 401, "UNAUTHENTICATED");
  });

  it("does not stand in for a token that is given and wrong", async () => {
    const { csrf: _csrf, ...headers } = await session();
    assertRefusal(await app.inject({ url: "/api/admin/vps", headers: { ...headers, authorization: "Bearer x" } }), 401, "UNAUTHENTICATED");
    assertRefusal(await app.inject({ url: "/api/admin/vps", headers: { ...headers, ...(await asUser("alice")) } }), 403, "SCOPE_MISSING");
  });

  it("ends with its token", async () => {
    const { csrf: _csrf, ...headers } = await session(1);
    await sleep(1_100);
    assertRefusal(await app.inject({ url: "/api/admin/vps", headers }), 401, "UNAUTHENTICATED");
  });

  it("is forged by nobody", async () => {
    for (const cookie of ["user-vps-session=", "user-vps-session=k1.AAAA", `user-vps-session=${await adminToken()}`]) {
      assertRefusal(await app.inject({ url: "/api/admin/vps", headers: { cookie, host: "localhost" } }), 401, "UNAUTHENTICATED");
    }
  });

  it("is removed from the browser by DELETE /session, with the CSRF token", async () => {
    const { csrf, ...headers } = await session();
    assertRefusal(await app.inject({ method: "DELETE", url: "/session", headers }), 403, "CSRF_TOKEN_WRONG");
    const answer = await app.inject({ method: "DELETE", url: "/session", headers: { ...headers, "x-csrf-token": csrf } });
    assert.equal(answer.statusCode, 204);
    assert.match(String(answer.headers["set-cookie"]), /^user-vps-session=; Path=\/; Max-Age=0;/);
  });
});

describe("the pages", () => {
  it("of a user who is none are not found, whatever stands in the address", async () => {
    const { cookie, host } = await session();
    for (const name of ["nobody", "%00", "Ada", "%F0%9F%98%80", "a".repeat(64)]) assert.equal((await app.inject({ url: `/users/${name}`, headers: { cookie, host } })).statusCode, 404, name);
  });

  it("send who is not logged in to the login, and back", async () => {
    const answer = await app.inject({ url: "/users/alice?x=1" });
    assert.equal(answer.statusCode, 303);
    assert.equal(answer.headers.location, "/login?next=%2Fusers%2Falice%3Fx%3D1");
    assert.equal((await app.inject({ url: "/login" })).statusCode, 200);
  });

  it("come with the strict headers, and are not sent again while they are the same", async () => {
    await readyUser("alice");
    const { csrf: _csrf, ...headers } = await session();
    for (const url of ["/", "/health", "/users/alice", "/login", "/assets/fleet.js", "/assets/page.css"]) {
      const answer = await app.inject({ url, headers });
      assert.equal(answer.statusCode, 200, url);
      assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'; script-src 'self'/, url);
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      const etag = String(answer.headers.etag);
      // The second is what a proxy that compresses makes of it.
      for (const had of [etag, `W/${etag}`, `"another", ${etag}`]) {
        const again = await app.inject({ url, headers: { ...headers, "if-none-match": had } });
        assert.deepEqual([again.statusCode, again.body], [304, ""], `${url} ${had}`);
      }
      assert.equal((await app.inject({ url, headers: { ...headers, "if-none-match": '"another"' } })).statusCode, 200, url);
    }
  });
});

describe("an address that nothing is at", () => {
  const html = { accept: "text/html,application/xhtml+xml" };

  it("is a page with a way back for browsers, and the one shape of refusals for programs", async () => {
    for (const [url, wayBack] of [["/nothing-here", 'href="/"'], ["/users", 'href="/"'], ["/me/nothing", 'href="/me"']] as const) {
      const answer = await app.inject({ url, headers: html });
      assert.deepEqual([answer.statusCode, answer.headers["content-type"]], [404, "text/html; charset=utf-8"], url);
      assert.ok(answer.body.includes(wayBack), url);
      assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'/);
      assertRefusal(await app.inject({ url }), 404, "ROUTE_NOT_FOUND");
    }
    assertRefusal(await app.inject({ url: "/api/admin/nothing", headers: html }), 404, "ROUTE_NOT_FOUND");
    assertRefusal(await app.inject({ method: "POST", url: "/nothing-here", headers: html }), 404, "ROUTE_NOT_FOUND");
  });

  it("is 404 for a user who is not there, and no news of that to who is not logged in", async () => {
    await readyUser("dora");
    const { csrf: _csrf, ...headers } = await session();
    assert.equal((await app.inject({ url: "/users/dora", headers })).statusCode, 200);
    assert.equal((await app.inject({ url: "/users/nobody", headers })).statusCode, 404);
    assert.equal((await app.inject({ url: "/users/nobody" })).statusCode, 303);
  });
});

describe("GET /api/admin/vps/{username}/events", () => {
  it("tells an operator of each change, and nobody else", async () => {
    await readyUser("bob");
    const url = `${address}/api/admin/vps/bob/events`;
    await assert.rejects(openStream(url, await asUser("bob")), /403/);
    const stream = await openStream(url, await asOperator());
    assert.equal((await stream.next()).data.status, "ready");
    await setVpsStatus(pool, "user_bob", { status: "provisioning", waitingFor: "a worker" });
    assert.equal((await stream.next()).data.waitingFor, "a worker");
    await stream.close();
  });

  it("tells the operator what happened in the words that are for operators, and the user what the code means", async () => {
    await readyUser("erin");
    const why = "The purchase was given up by operator@example.com: abuse report 4711.";
    await setVpsStatus(pool, "user_erin", { status: "failed", errorCode: "CANCELLED", reason: why });
    const reasonTold = async (path: string, headers: Record<string, string>) => {
      const stream = await openStream(`${address}${path}`, headers);
      const { data } = await stream.next();
      await stream.close();
      return data.failure!.reason;
    };
    assert.equal(await reasonTold("/api/admin/vps/erin/events", await asOperator()), why);
    assert.doesNotMatch(await reasonTold("/api/vps/events", await asUser("erin")), /4711|operator@/);
  });

  it("is 404 for a user who is not there", async () => {
    assertRefusal(await app.inject({ url: "/api/admin/vps/nobody/events", headers: await asOperator() }), 404, "USER_NOT_FOUND");
  });
});

describe("POST /api/admin/vps/{username}/repair", () => {
  it("is refused while the VPS is not ready", async () => {
    await readyUser("carol");
    await setVpsStatus(pool, "user_carol", { status: "failed", reason: "an example" });
    assertRefusal(await app.inject({ method: "POST", url: "/api/admin/vps/carol/repair", headers: await asOperator() }), 409, "STATUS_CONFLICT");
  });
});
