import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { zoneRecords } from "../../providers/cloudflare/api.ts";
import type { ZoneRecords } from "../../providers/cloudflare/api.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { control } from "../support/fleet.ts";

let sandbox: Sandbox;
let zone: ZoneRecords;

beforeAll(async () => {
  sandbox = await startSandbox();
  zone = zoneRecords({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
  await control(sandbox, "bulk", { count: 2_500, listeners: false });
});
afterAll(async () => {
  await zone.close();
  await sandbox.close();
});
afterEach(() => sandbox.clearFaults());

describe("the zone's records", () => {
  it("are all listed, 1,000 a call", async () => {
    const before = zone.calls;
    const records = await zone.list();
    assert.deepEqual([new Set(records.map(({ name }) => name)).size, zone.calls - before], [2_500, 3]);
    const { type, ttl, proxied, createdAt } = records[0]!;
    assert.deepEqual([type, ttl, proxied, typeof createdAt], ["A", 60, false, "string"]);
  });

  it("are found by name and type, and removed by id, twice if need be", async () => {
    const name = `user7.${sandbox.domain}`;
    const [record] = await zone.list({ name, type: "A" });
    assert.equal(record?.name, name);
    await zone.remove(record.id);
    await zone.remove(record.id);
    assert.deepEqual(await zone.list({ name }), []);
  });

  it("are asked for again after a rate limit and a server error", async () => {
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status: 429, retryAfterSeconds: 0 } });
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status: 502, retryAfterSeconds: 0 } });
    const before = zone.calls;
    assert.equal((await zone.list({ name: `user8.${sandbox.domain}` })).length, 1);
    assert.ok(zone.calls - before >= 2);
  });

  it("are refused with a code, without the token in the message", async () => {
    const stranger = zoneRecords({ baseUrl: sandbox.cloudflareUrl, apiToken: "fake-cloudflare-token-of-a-stranger-00000", zoneId: sandbox.zoneId });
    await assert.rejects(stranger.list(), (error: Error & { code?: string }) => error.code === "API_FORBIDDEN" && !error.message.includes("stranger"));
    await stranger.close();
  });

  it("are asked for no faster than the backoff, whatever Retry-After allows", async () => {
    const before = zone.calls;
    for (const [status, retryAfter] of [[429, "0"], [503, "0"], [429, "Wed, 21 Oct 2015 07:28:00 GMT"]] as const) {
      sandbox.clearFaults();
      sandbox.addFault({ api: "cloudflare", times: 0, fault: { kind: "status", status, headers: { "retry-after": retryAfter } } });
      await assert.rejects(zone.list({}, AbortSignal.timeout(1_000)), { name: "TimeoutError" });
    }
    assert.ok(zone.calls - before < 45, `${zone.calls - before} calls in 3 s`);
  });

  it("whose removal was answered and did nothing are removed again, or told", async () => {
    const [record] = await zone.list({ name: `user9.${sandbox.domain}` });
    const fault = { kind: "status", status: 200, body: { success: true, errors: [], messages: [], result: { id: record?.id } } } as const;
    sandbox.addFault({ api: "cloudflare", method: "DELETE", times: 1, fault });
    await zone.remove(record!.id);
    assert.deepEqual(await zone.list({ name: `user9.${sandbox.domain}` }), []);
    const [other] = await zone.list({ name: `user10.${sandbox.domain}` });
    sandbox.addFault({ api: "cloudflare", method: "DELETE", times: 0, fault });
    await assert.rejects(zone.remove(other!.id), { code: "API_WITHOUT_EFFECT" });
  });

  it("in an answer that is none, are asked for again or an error, and not an empty zone", async () => {
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "garbage" } });
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "answer", keepBytes: 100 } });
    assert.equal((await zone.list({ name: `user8.${sandbox.domain}` })).length, 1);
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status: 403, body: "<html>blocked</html>" } });
    await assert.rejects(zone.list(), { code: "API_ANSWER_UNREADABLE" });
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status: 200, body: ["?"] } });
    await assert.rejects(zone.list(), { code: "API_ANSWER_UNEXPECTED" });
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status: 400, body: { success: false } } });
    await assert.rejects(zone.list(), { code: "API_REJECTED" });
  });

  it("are waited for no longer than wanted", async () => {
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "hang" } });
    const reason = new Error("enough");
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(zone.list({}, stop.signal), reason);
  });
});
