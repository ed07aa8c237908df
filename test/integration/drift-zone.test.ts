import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { zoneRecords } from "../../providers/cloudflare/api.ts";
import type { RecordFilter, ZoneRecords } from "../../providers/cloudflare/api.ts";
import { zoneReader } from "../../providers/cloudflare/zone.ts";
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

/** As Cloudflare's edge tells programs of its own errors (RFC 9457). */
const PROBLEM = { type: "https://example.org/errors/1020/", title: "Error 1020: Access denied", status: 403, error_code: 1020 };

describe("the zone's state", () => {
  it("is not told from what stands in front of Cloudflare's API, nor from an answer that tells of errors", async () => {
    const reader = zoneReader({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
    const ofRecords = { api: "cloudflare", path: "/client/v4/zones/[^/]+/dns_records", times: 1 } as const;
    assert.deepEqual(await reader.read(), { recordCount: 2_500, fault: undefined });
    sandbox.addFault({ ...ofRecords, fault: { kind: "status", status: 403, body: "<html>blocked</html>" } });
    await assert.rejects(reader.read(), { code: "API_ANSWER_UNREADABLE" });
    sandbox.addFault({ ...ofRecords, fault: { kind: "status", status: 200, body: { success: false, errors: [], messages: [], result: [], result_info: { total_count: 0 } } } });
    await assert.rejects(reader.read(), { code: "API_UNAVAILABLE" });
    sandbox.addFault({ ...ofRecords, fault: { kind: "status", status: 403, body: PROBLEM } });
    await assert.rejects(reader.read(), { code: "API_ANSWER_UNREADABLE" });
    sandbox.addFault({ ...ofRecords, fault: { kind: "status", status: 403, body: { success: false, errors: [{ code: 10_000, message: "Authentication error." }] } } });
    assert.match((await reader.read()).fault ?? "", /may not read the zone's records \(Cloudflare answered 403: 10000 Authentication error\)/);
    await reader.close();
  });
});

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
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status: 404, body: { success: false, errors: [{ code: 7003, message: "Could not route to /zones/none." }] } } });
    await assert.rejects(zone.list(), /API_REJECTED: Cloudflare answered 404 to GET of the zone's DNS records: 7003 Could not route to \/zones\/none\./);
  });

  it("in JSON of something in front of Cloudflare's API are neither refused nor gone", async () => {
    const [record] = await zone.list({ name: `user11.${sandbox.domain}` });
    for (const status of [401, 403, 404]) {
      sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status, body: PROBLEM } });
      await assert.rejects(zone.list(), { code: "API_ANSWER_UNREADABLE" });
      sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "status", status, body: PROBLEM } });
      await assert.rejects(zone.remove(record!.id), { code: "API_ANSWER_UNREADABLE" });
    }
    assert.equal((await zone.list({ name: `user11.${sandbox.domain}` })).length, 1);
  });

  const answering = (body: unknown, times = 0) => sandbox.addFault({ api: "cloudflare", method: "GET", times, fault: { kind: "status", status: 200, body } });
  const page = (from: number, count: number, info?: object) => ({
    success: true, errors: [], messages: [], ...(info && { result_info: info }),
    result: Array.from({ length: count }, (_, place) => ({ id: `r${from + place}`, name: "alice.spoq.dev", type: "A", content: "192.0.2.1", ttl: 60 })),
  });

  it("in an answer of 200 that tells of errors are asked for again: it is no empty zone", async () => {
    answering({ success: false, errors: [{ code: 10_000, message: "an example" }], messages: [], result: [] }, 1);
    assert.equal((await zone.list({ name: `user8.${sandbox.domain}` })).length, 1);
    answering({ result: [] }, 1);
    await assert.rejects(zone.list({ name: `user8.${sandbox.domain}` }), { code: "API_ANSWER_UNEXPECTED" });
  });

  it("end with a page that brings nothing new, whatever number of pages is told", async () => {
    answering(page(1, 3, { total_pages: 1_000_000, total_count: 3 }));
    const before = zone.calls;
    assert.equal((await zone.list()).length, 3);
    assert.equal(zone.calls - before, 2);
  });

  it("that are fewer than told at each read are no list, but may be read", async () => {
    answering(page(1, 3, { total_pages: 1, total_count: 5 }));
    await assert.rejects(zone.list(), { code: "API_LIST_INCOMPLETE" });
    const { records, isWhole } = await zone.read();
    assert.deepEqual([records.length, isWhole], [3, false]);
  });

  it("that do not tell how many they are go on after a full page", async () => {
    answering(page(1, 1_000), 1);
    answering(page(1_001, 7), 1);
    assert.equal((await zone.list()).length, 1_007);
    answering(page(1, 1_000));
    await assert.rejects(zone.list(), { code: "API_LIST_INCOMPLETE" });
  });

  // Cloudflare documents it as the total "without any search parameters"; it has been the filter's as well.
  for (const [meaning, counts] of [["the filter's", (found: number) => found], ["the whole zone's", () => 2_500]] as const) {
    it(`that are asked for by a filter are whole where the numbers told are ${meaning}`, async () => {
      const info = (found: number) => ({ total_count: counts(found), total_pages: Math.ceil(counts(found) / 1_000), per_page: 1_000 });
      const listed = async (filter: RecordFilter) => {
        const before = zone.calls;
        return [(await zone.list(filter)).length, zone.calls - before];
      };
      for (const filter of [{ name: `user8.${sandbox.domain}` }, { type: "CAA" }, { content: "192.0.2.1" }]) {
        for (const count of [1, 0]) {
          answering(page(1, count, info(count)), 1);
          assert.deepEqual(await listed(filter), [count, 1], JSON.stringify(filter));
        }
      }
      answering(page(1, 1_000, info(1_007)), 1);
      answering(page(1_001, 7, info(1_007)), 1);
      assert.deepEqual(await listed({ type: "A" }), [1_007, 2]);
    });
  }

  it("that are asked for by a filter and change between two pages are read again, and are no list if they do so at each read", async () => {
    const turn = (total: number) => {
      answering(page(1, 1_000, { total_count: total, total_pages: 3 }), 1);
      answering(page(1_001, 7, { total_count: total + 1, total_pages: 3 }), 1);
    };
    turn(2_500);
    answering(page(1, 1_000, { total_count: 2_501, total_pages: 3 }), 1);
    answering(page(1_001, 8, { total_count: 2_501, total_pages: 3 }), 1);
    assert.equal((await zone.list({ type: "A" })).length, 1_008);
    for (const total of [2_500, 2_502, 2_504]) turn(total);
    await assert.rejects(zone.list({ type: "A" }), { code: "API_LIST_INCOMPLETE" });
  });

  it("are waited for no longer than wanted", async () => {
    sandbox.addFault({ api: "cloudflare", times: 1, fault: { kind: "hang" } });
    const reason = new Error("enough");
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(zone.list({}, stop.signal), reason);
  });
});
