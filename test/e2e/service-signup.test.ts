/** The way of one signup through HTTP, with the real engine: HTTP and worker in one process. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { SignJWT } from "jose";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";

const FAKE_JWT_SECRET = "fake-jwt-secret-for-tests-of-at-least-32-bytes";
const database = await withDatabase();

describe("a signup by HTTP", () => {
  let world: ServiceWorld;
  let url: string;
  let output: () => string;
  let headers: Record<string, string>;

  beforeAll(async () => {
    world = await startServiceWorld(database.url);
    ({ url, output } = await world.startAll({ JWT_SECRET: FAKE_JWT_SECRET }));
    const token = await new SignJWT({ username: "alice" }).setProtectedHeader({ alg: "HS256" }).setSubject("user-1").setExpirationTime("1h").sign(new TextEncoder().encode(FAKE_JWT_SECRET));
    headers = { authorization: `Bearer ${token}` };
  });
  afterAll(() => world.close());

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

  it("shows its credentials until they are acknowledged, and prints no secret", async () => {
    const first = await call("POST", "/api/vps/credentials");
    assert.equal(first.status, 200);
    const password = String(first.body["password"]);
    assert.ok(password.length >= 24);
    assert.equal((await call("POST", "/api/vps/credentials/acknowledge")).status, 204);
    const second = await call("POST", "/api/vps/credentials");
    assert.ok(second.status >= 400 && !JSON.stringify(second.body).includes(password));
    assert.ok(!output().includes(password));
  });
});
