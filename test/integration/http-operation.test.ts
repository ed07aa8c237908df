import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "vitest";
import { Pool } from "pg";
import { finishRun, requestVps, setVpsStatus, startRun } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { atEnd } from "../support/at-end.ts";
import { cachedQueries } from "../../src/http/cached-queries.ts";
import { withApp } from "../support/http-app.ts";
import { newName } from "../support/new-name.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, pool, jobs, url } = await withApp();

interface Operation {
  readonly security?: unknown;
  readonly responses: Record<string, { $ref?: string; content: Record<string, { schema: { $ref?: string } }> }>;
}

describe("health", () => {
  it("/healthz answers without a token", async () => {
    assert.deepEqual((await app.inject("/healthz")).json(), { status: "ok" });
  });

  it("/readyz names what it checked", async () => {
    assert.deepEqual((await app.inject("/readyz")).json(), { status: "ready", checks: { database: "ok", migrations: "ok", queue: "ok" } });
  });

  it("/readyz is 503 and names the queue while that is away", async () => {
    jobs.outage = new Error("an example of an outage");
    atEnd(() => jobs.forget());
    const answer = await app.inject("/readyz");
    assert.deepEqual(assertRefusal(answer, 503, "NOT_READY").details, [{ path: "queue", message: "an example of an outage" }]);
  });

  it("/readyz is 503 and names a migration that is missing", async () => {
    await pool.query("DELETE FROM user_vps_migrations WHERE name LIKE '007%'");
    atEnd(() => pool.query("INSERT INTO user_vps_migrations (name) VALUES ('007_user_vps_changed.sql')"));
    const answer = await app.inject("/readyz");
    assert.deepEqual(assertRefusal(answer, 503, "NOT_READY").details, [{ path: "migrations", message: "not applied: 007_user_vps_changed.sql" }]);
  });

  it("while the database is away: 503 to users too, and /healthz still answers", async () => {
    const nowhere = new Pool({ host: "127.0.0.1", port: 1 });
    const alone = await withApp({ database: { pool: nowhere, url } });
    assertRefusal(await alone.app.inject({ url: "/api/vps/status", headers: await asUser("alice") }), 503, "DATABASE_FAILED");
    assertRefusal(await alone.app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("alice"), payload: {} }), 503, "DATABASE_FAILED");
    assertRefusal(await alone.app.inject("/readyz"), 503, "NOT_READY");
    assert.equal((await alone.app.inject("/healthz")).statusCode, 200);
    assert.match((await alone.app.inject("/metrics")).body, /process_cpu_seconds_total/);
    await nowhere.end();
  });
});

describe("/metrics", () => {
  it("counts users by status, runs by outcome, seconds to ready, and answers by route", async () => {
    const { app, pool } = await withApp();
    for (const username of ["m1", "m2", "m3"]) await requestVps(pool, { userId: username, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await setVpsStatus(pool, "m1", { status: "ready" });
    await pool.query("UPDATE user_vps SET requested_at = ready_at - interval '90 seconds' WHERE user_id = 'm1'");
    await startRun(pool, { runId: "m-run", userId: "m1", username: "m1", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await finishRun(pool, "m-run", { outcome: "failed", errorCode: "VM_ERROR", message: "an example", seconds: 2 });
    await app.inject({ url: "/api/admin/vps/m1", headers: await asUser("m1") });
    const { body } = await app.inject("/metrics");
    for (const line of [
      'user_vps_users{status="ready"} 1', 'user_vps_users{status="queued"} 2', 'user_vps_users{status="failed"} 0',
      'user_vps_runs{operation="up",outcome="failed"} 1',
      'user_vps_seconds_to_ready_bucket{le="60"} 0', 'user_vps_seconds_to_ready_bucket{le="120"} 1', 'user_vps_seconds_to_ready_bucket{le="+Inf"} 1',
    ]) assert.ok(body.includes(line), line);
    assert.match(body, /user_vps_http_seconds_count\{method="GET",route="\/api\/admin\/vps\/:username",status="403"\} 1/);
  });
});

describe("who may read /metrics", () => {
  it("is told by METRICS_READERS, METRICS_TOKEN and the operators' scope", async () => {
    const closed = await withApp({ database: { pool, url }, env: { METRICS_READERS: "10.0.0.0/8, 2001:db8::/32", METRICS_TOKEN: "fake-metrics-token-for-tests", TRUST_PROXY: "1" } });
    const read = (headers: Record<string, string> = {}, from = "192.0.2.1") => closed.app.inject({ url: "/metrics", headers: { "x-forwarded-for": from, ...headers } });
    assertRefusal(await read(), 401, "UNAUTHENTICATED");
    assertRefusal(await read({ authorization: "Bearer fake-metrics-token-for-testz" }), 401, "UNAUTHENTICATED");
    assertRefusal(await read(await asUser("alice")), 403, "SCOPE_MISSING");
    for (const answer of [await read({ authorization: "Bearer fake-metrics-token-for-tests" }), await read(await asOperator()), await read({}, "10.1.2.3:51008"), await read({}, "2001:db8::7")]) {
      assert.equal(answer.statusCode, 200);
      assert.match(answer.body, /user_vps_users/);
    }
  });

  it("is told of the address that the proxies write, and nobody unknown is a reader", async () => {
    for (const TRUST_PROXY of ["1", "127.0.0.1"]) {
      const statuses = async (TRUST_PROXY_HEADER: string, ...requests: Record<string, string>[]) => {
        const env = { METRICS_READERS: "10.0.0.0/8,127.0.0.0/8", TRUST_PROXY, TRUST_PROXY_HEADER };
        const behind = await withApp({ database: { pool, url }, env });
        const read = async (headers: Record<string, string>) => (await behind.app.inject({ url: "/metrics", headers })).statusCode;
        return await Promise.all(requests.map(read));
      };
      assert.deepEqual(await statuses("x-forwarded-for",
        { "x-forwarded-for": "10.1.2.3" },
        { "x-forwarded-for": "192.0.2.1", forwarded: "for=10.1.2.3" },
        { "x-forwarded-for": "10.1.2.3, unknown" }), [200, 401, 401], TRUST_PROXY);
      assert.deepEqual(await statuses("forwarded",
        { forwarded: "for=10.1.2.3" },
        { forwarded: "for=192.0.2.1", "x-forwarded-for": "127.0.0.1" },
        { forwarded: "for=10.1.2.3, for=unknown" },
        { forwarded: 'for=10.1.2.3;by=", for=192.0.2.1' }), [200, 401, 401, 401], TRUST_PROXY);
    }
  });

  it("does not matter to the database: many who ask at once are answered by one question", async () => {
    const asked: string[] = [];
    const counting = { query: async (text: string, values?: readonly unknown[]) => { asked.push(text); return await pool.query(text, values as unknown[]); } };
    const cached = cachedQueries(counting as never, 60_000);
    await Promise.all(Array.from({ length: 20 }, () => cached.query("SELECT 1", [])));
    assert.equal(asked.length, 1);
    await assert.rejects(cached.query("SELECT 1 / 0"));
    await assert.rejects(cached.query("SELECT 1 / 0"));
    assert.equal(asked.length, 3, "a failure is not kept");
  });
});

describe("the description", () => {
  it("names in /openapi.json what is offered at the moment", async () => {
    const document = (await app.inject("/openapi.json")).json();
    const schemaOf = (path: string) => document.paths[path].post.requestBody.content["application/json"].schema;
    const { plan, dataCenterId } = schemaOf("/api/vps/provision").properties;
    assert.deepEqual([plan.enum.includes("kvm1"), plan.enum.includes("hostingercom-vps-kvm1-usd-1m"), plan.enum.includes("kvm3")], [true, true, false]);
    assert.ok(dataCenterId.enum.includes(9));
    assert.ok(schemaOf("/api/admin/vps/{username}/recreate").properties.templateId.enum.includes(1007));
  });

  it("/openapi.json is OpenAPI 3.1 with every route, and every refusal is the one shape", async () => {
    const document = (await app.inject("/openapi.json")).json();
    assert.equal(document.openapi, "3.1.0");
    for (const path of ["/api/vps/provision", "/api/vps/status", "/api/vps/events", "/api/vps/credentials", "/api/admin/vps", "/api/admin/runs/{runId}/log", "/readyz"]) assert.ok(path in document.paths, path);
    for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
      for (const operation of Object.values(operations)) {
        if (path === "/healthz") continue;
        assert.deepEqual(["400", "429", "500", "503"].filter((status) => !(status in operation.responses)), [], path);
        if (path.startsWith("/api/")) assert.ok("401" in operation.responses && operation.security, path);
        for (const [status, answer] of Object.entries(operation.responses)) {
          const { content } = answer.$ref === undefined ? answer : document.components.responses[answer.$ref.split("/").at(-1)!];
          if (Number(status) >= 400) assert.equal(content["application/json"]?.schema.$ref, "#/components/schemas/Error", `${path} ${status}`);
        }
      }
    }
    assert.equal(document.paths["/api/vps/provision"].post.requestBody.required, false);
    assert.equal(document.paths["/api/admin/vps/{username}/deprovision"].post.requestBody.required, true);
  });

  it("/docs is readable in a browser", async () => {
    const answer = await app.inject("/docs/");
    assert.equal(answer.statusCode, 200);
    assert.match(String(answer.headers["content-type"]), /^text\/html/);
  });
});

describe("closing", () => {
  it("lets a running request finish, and does not wait for connections that ask for nothing", async () => {
    const leaving = await withApp({ database: { pool, url } });
    const address = await leaving.app.listen({ host: "127.0.0.1", port: 0 });
    let arrived = () => {};
    const isThere = new Promise<void>((resolve) => { arrived = resolve; });
    let letGo = () => {};
    const held = new Promise<void>((resolve) => { letGo = resolve; });
    leaving.jobs.enqueue = async () => { arrived(); await held; };
    const idle = connect(Number(new URL(address).port), "127.0.0.1");
    idle.on("error", () => undefined);
    const running = fetch(`${address}/api/vps/provision`, { method: "POST", headers: await asUser(newName("last")) });
    await isThere;
    const closed = leaving.app.close();
    letGo();
    assert.equal((await running).status, 202);
    idle.destroy();
    await closed;
    await assert.rejects(fetch(`${address}/healthz`));
  });
});
