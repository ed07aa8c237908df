/** The way of one signup through HTTP, with the real engine: HTTP and worker in one process. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { withDatabase } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver-process.ts";
import type { ReceiverProcess } from "../support/receiver-process.ts";
import { FAKE_PASSPHRASE, startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";
import { signToken, TEST_JWT_SECRET } from "../support/tokens.ts";
import { until } from "../support/until.ts";

const database = await withDatabase();

interface Span { readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string; readonly engine?: string }

describe("a signup by HTTP", () => {
  let world: ServiceWorld;
  let url: string;
  let output: () => string;
  let headers: Record<string, string>;
  let traces: ReceiverProcess<Span>;

  beforeAll(async () => {
    traces = await startReceiver<Span>("otlp");
    world = await startServiceWorld(database.url);
    ({ url, output } = await world.startAll({ JWT_SECRET: TEST_JWT_SECRET, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${traces.port}` }));
    const token = await signToken({ sub: "user-1", username: "alice" }, { expiresInSeconds: 3_600 });
    headers = { authorization: `Bearer ${token}` };
  });
  afterAll(async () => {
    await world.close();
    await traces.kill();
  });

  const call = async (method: string, path: string) => {
    const answer = await fetch(`${url}${path}`, { method, headers });
    return { status: answer.status, body: answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>) };
  };

  it("posted 50 times at once is one run, one purchase and one ready VPS", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => call("POST", "/api/vps/provision")));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    await world.until("user-1", "ready", ({ status }) => status === "ready");
    assert.deepEqual(await world.outcomes("user-1"), ["succeeded"]);
    assert.equal(world.sandbox.state().purchases.length, 1);
    const { body } = await call("GET", "/api/vps/status");
    assert.equal(body["status"], "ready");
    assert.equal(body["hostname"], `alice.${world.sandbox.domain}`);
  });

  it("is one trace, from the request over the wait to the last call of an API, and holds no secret", async () => {
    const spans = () => traces.taken.filter(({ engine }) => engine === undefined);
    const { traceId } = await until("the run's end in the trace", () => spans().find(({ name, traceId }) => name === "job up" && spans().filter((one) => one.traceId === traceId && one.name === "job up").length > 1));
    const own = spans().filter((span) => span.traceId === traceId);
    const count = (name: string) => own.filter((span) => span.name === name).length;
    for (const name of ["POST /api/vps/provision", "POST /api/vps/v1/virtual-machines"]) assert.equal(count(name), 1, name);
    for (const name of ["run up", "pulumi up", "POST /api/vps/v1/post-install-scripts", "GET /api/vps/v1/virtual-machines"]) assert.ok(count(name) >= 1, name);
    const parents = new Map(own.map((span) => [span.spanId, span]));
    const way = [];
    for (let span = own.find(({ name }) => name === "POST /api/vps/v1/virtual-machines"); span; span = parents.get(span.parentSpanId ?? "")) way.push(span.name);
    assert.deepEqual(way.filter((name) => !name.startsWith("pulumi")), ["POST /api/vps/v1/virtual-machines", "run up", "job up", "POST /api/vps/provision"]);
    const all = JSON.stringify(traces.taken);
    const { hostingerToken, cloudflareToken } = world.sandbox;
    for (const secret of [hostingerToken, cloudflareToken, TEST_JWT_SECRET, FAKE_PASSPHRASE, headers["authorization"]!.slice(7), database.url]) assert.ok(!all.includes(secret));
  });

  it("shows its credentials until they are acknowledged, and prints no secret", async () => {
    const first = await call("POST", "/api/vps/credentials");
    assert.equal(first.status, 200);
    const password = String(first.body["password"]);
    assert.ok(password.length >= 24);
    assert.equal((await call("POST", "/api/vps/credentials/acknowledge")).status, 204);
    const second = await call("POST", "/api/vps/credentials");
    assert.ok(second.status >= 400 && !JSON.stringify(second.body).includes(password));
    assert.ok(!output().includes(password));
    assert.ok(!JSON.stringify(traces.taken).includes(password));
  });
});

