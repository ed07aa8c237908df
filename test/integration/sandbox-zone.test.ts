import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { createConnection } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { decode, streamEncode } from "dns-packet";
import type { Packet } from "dns-packet";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { call, QUICK, records } from "./sandbox-support.ts";

const ALICE = { name: "alice.spoq.dev", type: "A", content: "127.77.0.1", ttl: 120, proxied: false };

describe("the sandbox's Cloudflare API", () => {
  let sandbox: Sandbox;
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
    resolver.setServers([sandbox.resolver]);
  });
  beforeEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  it("creates a record and answers it whole", async () => {
    const { status, body } = await records(sandbox, "POST", "", { ...ALICE, name: "Alice" });
    assert.equal(status, 200);
    assert.deepEqual([body.success, body.errors, body.messages], [true, [], []]);
    const { id, created_on, modified_on, ...rest } = body.result;
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(created_on, modified_on);
    assert.deepEqual(rest, { ...ALICE, proxiable: true, settings: {}, meta: {}, comment: null, tags: [] });
    assert.deepEqual((await records(sandbox, "GET", `/${id}`)).body.result, body.result);
  });

  it("replaces with PUT, changes with PATCH, removes with DELETE", async () => {
    const { id } = (await records(sandbox, "POST", "", { ...ALICE, comment: "first" })).body.result;
    const patched = (await records(sandbox, "PATCH", `/${id}`, { content: "127.77.0.2" })).body.result;
    assert.deepEqual([patched.content, patched.ttl, patched.comment], ["127.77.0.2", 120, "first"]);
    const put = (await records(sandbox, "PUT", `/${id}`, { ...ALICE, ttl: 300, comment: null, settings: {}, tags: [] })).body.result;
    assert.deepEqual([put.content, put.ttl, put.comment], ["127.77.0.1", 300, null]);
    assert.deepEqual((await records(sandbox, "DELETE", `/${id}`)).body.result, { id });
    for (const method of ["GET", "DELETE"]) {
      const gone = await records(sandbox, method, `/${id}`);
      assert.deepEqual([gone.status, gone.body.success, gone.body.errors[0].code], [404, false, 81044]);
    }
  });

  it("lists by name and type, in pages", async () => {
    for (const host of ["a", "b", "c"]) await records(sandbox, "POST", "", { ...ALICE, name: host });
    await records(sandbox, "POST", "", { ...ALICE, name: "a", type: "TXT", content: '"hello"' });
    const named = (await records(sandbox, "GET", "?name=a.spoq.dev")).body;
    assert.equal(named.result.length, 2);
    const exact = (await records(sandbox, "GET", "?name.exact=a.spoq.dev&type=A")).body;
    assert.equal(exact.result.length, 1);
    const page = (await records(sandbox, "GET", "?per_page=3&page=2")).body;
    assert.deepEqual(page.result_info, { page: 2, per_page: 3, count: 1, total_count: 4, total_pages: 2 });
  });

  it("refuses what cannot be, with Cloudflare's codes", async () => {
    await records(sandbox, "POST", "", ALICE);
    const wrongs: [body: object, code: number, chained?: number][] = [
      [ALICE, 81058],
      [{ ...ALICE, type: "CNAME", content: "x.spoq.dev" }, 81053],
      [{ ...ALICE, name: "b", content: "not an address" }, 1004, 9005],
      [{ ...ALICE, name: "b", ttl: 59 }, 1004, 9021],
      [{ ...ALICE, name: "b", ttl: 86_401 }, 1004, 9021],
      [{ ...ALICE, name: "b", type: "NOPE" }, 1004, 9004],
      [{ ...ALICE, name: "" }, 1004, 9000],
      [{ ...ALICE, name: "b c" }, 1004, 9000],
    ];
    for (const [body, code, chained] of wrongs) {
      const answer = await records(sandbox, "POST", "", body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body.errors[0].code, code);
      assert.equal(answer.body.errors[0].error_chain?.[0].code, chained);
    }
    assert.equal(sandbox.state().records.length, 1);
  });

  it("knows its token and its zone alone", async () => {
    const zones = `${sandbox.cloudflareUrl}/zones`;
    assert.match(sandbox.cloudflareToken, /^[0-9A-Za-z_-]{40,80}$/);
    const wrong = await call(zones, "GET", "fake-wrong-token");
    assert.deepEqual([wrong.status, wrong.body.errors[0].code], [403, 10_000]);
    assert.equal((await call(zones, "GET")).status, 400);
    assert.deepEqual((await call(`${zones}?name=spoq.dev`, "GET", sandbox.cloudflareToken)).body.result[0].id, sandbox.zoneId);
    const other = await call(`${zones}/0123/dns_records`, "GET", sandbox.cloudflareToken);
    assert.deepEqual([other.status, other.body.errors[0].code], [404, 7003]);
    const verified = await call(`${sandbox.cloudflareUrl}/user/tokens/verify`, "GET", sandbox.cloudflareToken);
    assert.equal(verified.body.result.status, "active");
  });

  it("is answered from by the name server, with the record's time to live", async () => {
    await records(sandbox, "POST", "", ALICE);
    await records(sandbox, "POST", "", { name: "www", type: "CNAME", content: "alice.spoq.dev", ttl: 60 });
    await records(sandbox, "POST", "", { name: "text", type: "TXT", content: '"hello"', ttl: 60 });
    assert.deepEqual(await resolver.resolve4("alice.spoq.dev", { ttl: true }), [{ address: "127.77.0.1", ttl: 120 }]);
    assert.deepEqual(await resolver.resolve4("WWW.spoq.dev"), ["127.77.0.1"]);
    assert.deepEqual(await resolver.resolveTxt("text.spoq.dev"), [["hello"]]);
    assert.equal((await resolver.resolveSoa("spoq.dev")).nsname, "ns1.spoq.dev");
  });

  it("hides a proxied record behind another address", async () => {
    const { body } = await records(sandbox, "POST", "", { ...ALICE, proxied: true });
    assert.equal(body.result.ttl, 1);
    assert.deepEqual(await resolver.resolve4("alice.spoq.dev"), ["127.254.0.1"]);
  });

  it("has no name, no such type, and no foreign zone told apart by the name server", async () => {
    await records(sandbox, "POST", "", ALICE);
    await assert.rejects(resolver.resolve4("bob.spoq.dev"), { code: "ENOTFOUND" });
    await assert.rejects(resolver.resolve6("alice.spoq.dev"), { code: "ENODATA" });
    await assert.rejects(resolver.resolve4("example.com"), { code: "EREFUSED" });
  });

  it("is answered from over TCP too, as an authority", async () => {
    await records(sandbox, "POST", "", ALICE);
    const answer = await askOverTcp(sandbox.resolver, { type: "query", id: 7, questions: [{ type: "A", name: "alice.spoq.dev" }] });
    assert.deepEqual([answer.id, answer.flag_aa, answer.answers?.length], [7, true, 1]);
    const nothing = await askOverTcp(sandbox.resolver, { type: "query", id: 8, questions: [{ type: "A", name: "bob.spoq.dev" }] });
    assert.equal(nothing.authorities?.[0]?.type, "SOA");
  });
});

function askOverTcp(server: string, query: Packet): Promise<ReturnType<typeof decode>> {
  const [host, port] = server.split(":");
  return new Promise((resolve, reject) => {
    const connection = createConnection({ host: host ?? "", port: Number(port) });
    connection.setTimeout(2_000, () => connection.destroy(new Error("timeout")));
    connection.on("error", reject);
    connection.on("data", (data) => {
      connection.destroy();
      resolve(decode(data.subarray(2)));
    });
    connection.write(streamEncode(query));
  });
}
