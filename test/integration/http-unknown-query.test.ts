/** What an operation does not know in its query: taken no notice of, `POST …/provision?plan=kvm8` would buy the default. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { BODY_EXAMPLES } from "../../src/http/examples.ts";
import { OPERATIONS } from "../../src/http/operations.ts";
import { findVpsByUserId } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, pool, jobs } = await withApp({ env: { RATE_LIMIT_PER_MINUTE: "1000" } });
const UUID = "1f78f974-8fef-43ec-b505-527ad4f2e1a4";

describe("a field of the query that is not known", () => {
  for (const [name, { id }] of Object.entries(OPERATIONS).filter(([name]) => name.includes(" /api/"))) {
    it(`is refused by ${name}`, async () => {
      const [method = "", path = ""] = name.split(" ");
      const ids = path.includes("/notifications/") ? `msg_${"0".repeat(32)}` : "1";
      const url = path.replace("{username}", "alice").replace("{id}", ids).replaceAll(/\{\w+\}/g, UUID);
      const payload = BODY_EXAMPLES[id] ?? {};
      const request = { method: method as "GET" | "POST" | "PUT", headers: await asOperator(), ...(method !== "GET" && { payload }) };
      const { message, details } = assertRefusal(await app.inject({ ...request, url: `${url}?unknown=1` }), 400, "REQUEST_INVALID");
      assert.match(message, /unknown/);
      assert.equal(details?.[0]?.path, "query");
    });
  }

  it("has led to nothing, and nobody is bought a VPS of another plan than was meant", async () => {
    const wish = { method: "POST", url: "/api/vps/provision?plan=kvm8&dataCenterId=99", headers: await asUser("alice") } as const;
    assert.match(assertRefusal(await app.inject(wish), 400, "REQUEST_INVALID").message, /query.*plan.*dataCenterId/);
    assert.equal(await findVpsByUserId(pool, "user_alice"), undefined);
    assert.deepEqual(jobs.enqueued, []);
  });

  it("is refused of a HEAD as well", async () => {
    const { statusCode } = await app.inject({ method: "HEAD", url: "/api/vps/status?unknown=1", headers: await asUser("alice") });
    assert.equal(statusCode, 400);
  });
});

describe("the last event's id in the query", () => {
  it("is let in where events are followed: stand-ins for EventSource that send tokens have it there when they come again", async () => {
    assertRefusal(await app.inject({ url: "/api/vps/events?lastEventId=7", headers: await asUser("nobody") }), 404, "VPS_NOT_FOUND");
    const operators = await app.inject({ url: "/api/admin/vps/nobody/events?lastEventId=7", headers: await asOperator() });
    assertRefusal(operators, 404, "USER_NOT_FOUND");
  });
});
