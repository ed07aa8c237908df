/** Every operation with every role: src/http/operations.ts says what has to come of it. */
import assert from "node:assert/strict";
import type { FastifyInstance } from "fastify";
import { describe, it } from "vitest";
import { includesRole, OPERATOR_ROLES, SCOPE_OF_ROLE, type OperatorRole } from "../../src/config/operator-roles.ts";
import { OPERATIONS } from "../../src/http/operations.ts";
import { withApp } from "../support/http-app.ts";
import { withDatabase } from "../support/postgres.ts";
import { asUser } from "../support/tokens.ts";

const database = await withDatabase();
const { app, jobs } = await withApp({ database });

/** Of nobody and nothing: who is let through finds no such thing, and what is asked of all is refused for its body. */
async function answerTo(name: string, headers: Record<string, string>): Promise<{ status: number; code: string | undefined }> {
  const [method = "", path = ""] = name.split(" ");
  const url = path.replace("{username}", "nobody").replace("{id}", "999999").replaceAll(/\{\w+\}/g, "none");
  const answer = await app.inject({ method: method as "GET" | "POST", url, headers, ...(method === "POST" && { payload: { unknown: true } }) });
  const body = answer.headers["content-type"]?.startsWith("application/json") ? answer.json<{ error?: { code: string } }>() : {};
  return { status: answer.statusCode, code: body.error?.code };
}

const operator = (scope: string) => asUser("op", { sub: "operator_1", scope });

describe("an operation", () => {
  for (const [name, { who }] of Object.entries(OPERATIONS)) {
    it(`${name} is for ${who}`, async () => {
      const withoutToken = await answerTo(name, {});
      assert.equal(withoutToken.status === 401, who !== "anybody", `without a token: ${withoutToken.status}`);
      if (who === "anybody" || who === "user") return;
      assert.deepEqual(await answerTo(name, await asUser("alice")), { status: 403, code: "SCOPE_MISSING" });
      for (const role of OPERATOR_ROLES) {
        const { status, code } = await answerTo(name, await operator(SCOPE_OF_ROLE[role]));
        if (includesRole(role, who)) assert.ok(![401, 403, 500].includes(status), `${role}: ${status} ${code}`);
        else assert.deepEqual({ status, code }, { status: 403, code: "SCOPE_MISSING" }, role);
      }
    });
  }

  it("has done nothing meanwhile", () => assert.deepEqual(jobs.enqueued, []));
});

describe("a role", () => {
  /** Logins are limited: each test has an app of its own. */
  const roleIn = async (page: FastifyInstance, scope: string): Promise<OperatorRole | undefined> => {
    const answer = await page.inject({ method: "POST", url: "/session", payload: { token: (await operator(scope)).authorization.slice("Bearer ".length) } });
    return answer.statusCode === 200 ? answer.json<{ role: OperatorRole }>().role : undefined;
  };

  it("is the highest of the token's scopes; vps:admin, as tokens had it before there were roles, may all", async () => {
    const { app: page } = await withApp({ database });
    const scopes = ["vps:viewer", "other vps:operator vps:viewer", "vps:releaser", "vps:owner", "vps:admin", "vps:nothing"];
    assert.deepEqual(await Promise.all(scopes.map((scope) => roleIn(page, scope))), ["viewer", "operator", "releaser", "owner", "owner", undefined]);
  });

  it("holds for a session too, which says which one it is", async () => {
    const { app: page } = await withApp({ database });
    const answer = await page.inject({ method: "POST", url: "/session", headers: { host: "localhost" }, payload: { token: (await operator("vps:viewer")).authorization.slice("Bearer ".length) } });
    const { csrfToken } = answer.json<{ csrfToken: string }>();
    const headers = { host: "localhost", cookie: String(answer.headers["set-cookie"]).split(";")[0]!, "x-csrf-token": csrfToken };
    assert.equal((await page.inject({ url: "/api/admin/vps", headers })).statusCode, 200);
    const refused = await page.inject({ method: "POST", url: "/api/admin/vps/nobody/retry", headers });
    assert.equal(refused.statusCode, 403);
    assert.match(refused.json<{ error: { message: string } }>().error.message, /takes the role 'operator'.*the caller's is 'viewer'/);
  });
});

describe("CORS", () => {
  const preflight = { origin: "https://app.example.com", "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
  const allowed = (headers: Record<string, unknown>) => headers["access-control-allow-origin"];

  it("lets no other site in unless a setting names it", async () => {
    const answer = await app.inject({ method: "OPTIONS", url: "/api/vps/provision", headers: preflight });
    assert.deepEqual([answer.statusCode, allowed(answer.headers)], [405, undefined]);
  });

  it("lets the sites of CORS_ORIGINS use the API, refusals included, and nothing but the API", async () => {
    const { app: open } = await withApp({ env: { CORS_ORIGINS: "https://app.example.com,https://other.example.com" } });
    const asked = await open.inject({ method: "OPTIONS", url: "/api/vps/provision", headers: preflight });
    assert.deepEqual([asked.statusCode, allowed(asked.headers), asked.headers["access-control-allow-credentials"]], [204, "https://app.example.com", undefined]);
    const refused = await open.inject({ url: "/api/vps/status", headers: { origin: "https://app.example.com" } });
    assert.deepEqual([refused.statusCode, allowed(refused.headers)], [401, "https://app.example.com"]);
    const stranger = await open.inject({ url: "/api/vps/status", headers: { origin: "https://evil.example.com" } });
    assert.equal(allowed(stranger.headers), undefined);
    for (const url of ["/login", "/session", "/healthz"]) assert.equal(allowed((await open.inject({ url, headers: { origin: "https://app.example.com" } })).headers), undefined, url);
    assert.equal((await open.inject({ method: "OPTIONS", url: "/api/vps/provision" })).statusCode, 405, "an OPTIONS that is no preflight");
  });
});
