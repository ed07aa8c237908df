import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { decode, encode, streamEncode } from "dns-packet";
import type { OptAnswer, Packet } from "dns-packet";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { call, control, QUICK, records } from "./sandbox-support.ts";
import type { Body } from "./sandbox-support.ts";

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
    // The reason itself is the first error, as the API has it today.
    const wrongs: [body: object, code: number][] = [
      [ALICE, 81058],
      [{ ...ALICE, type: "CNAME", content: "x.spoq.dev" }, 81053],
      [{ ...ALICE, name: "b", content: "not an address" }, 9005],
      [{ ...ALICE, name: "b", ttl: 59 }, 9021],
      [{ ...ALICE, name: "b", ttl: 86_401 }, 9021],
      [{ ...ALICE, name: "b", type: "NOPE" }, 9004],
      [{ ...ALICE, name: "" }, 9000],
      [{ ...ALICE, name: "b c" }, 9000],
    ];
    for (const [body, code] of wrongs) {
      const answer = await records(sandbox, "POST", "", body);
      assert.equal(answer.status, 400);
      assert.deepEqual([answer.body.errors[0].code, answer.body.errors[0].error_chain], [code, undefined]);
    }
    assert.equal(sandbox.state().records.length, 1);
  });

  it("knows its token and its zone alone", async () => {
    const zones = `${sandbox.cloudflareUrl}/zones`;
    assert.match(sandbox.cloudflareToken, /^[0-9A-Za-z_-]{40,80}$/);
    const wrong = await call(zones, "GET", "fake-wrong-token-that-is-as-long-as-a-real-one");
    assert.deepEqual([wrong.status, wrong.body.errors[0].code], [403, 10_000]);
    const malformed = await call(zones, "GET", "fake-wrong-token");
    assert.deepEqual([malformed.status, malformed.body.errors[0].code, malformed.body.errors[0].error_chain[0].code], [400, 6003, 6111]);
    assert.equal((await call(zones, "GET")).status, 400);
    assert.deepEqual((await call(`${zones}?name=spoq.dev`, "GET", sandbox.cloudflareToken)).body.result[0].id, sandbox.zoneId);
    const other = await call(`${zones}/0123/dns_records`, "GET", sandbox.cloudflareToken);
    assert.deepEqual([other.status, other.body.errors[0].code], [404, 7003]);
    const verified = await call(`${sandbox.cloudflareUrl}/user/tokens/verify`, "GET", sandbox.cloudflareToken);
    assert.equal(verified.body.result.status, "active");
  });

  it("filters by every way that it knows, and refuses the others rather than answering with all", async () => {
    await records(sandbox, "POST", "", { ...ALICE, comment: "made by us", tags: ["team:one", "live"] });
    await records(sandbox, "POST", "", { ...ALICE, name: "albert", content: "127.77.0.2", tags: ["team:two"] });
    await records(sandbox, "POST", "", { ...ALICE, name: "bob", content: "127.88.0.1", ttl: 60 });
    await records(sandbox, "POST", "", { ...ALICE, name: "bob", type: "TXT", content: "v=spf1", comment: "mail" });
    const named = async (query: string) => (await records(sandbox, "GET", `?${query}`)).body.result.map(({ name, type }: Body) => `${name.split(".")[0]} ${type}`);
    const cases: [query: string, found: string[]][] = [
      ["name.startswith=al", ["alice A", "albert A"]],
      ["name.endswith=OB.spoq.dev", ["bob A", "bob TXT"]],
      ["name.contains=lic", ["alice A"]],
      ["content.startswith=127.77.", ["alice A", "albert A"]],
      ["content.exact=127.88.0.1", ["bob A"]],
      ["content=127.88.0.1&name=alice.spoq.dev", []],
      ["content=127.88.0.1&name=alice.spoq.dev&match=any", ["alice A", "bob A"]],
      ["comment.contains=BY", ["alice A"]],
      ["comment=mail", ["bob TXT"]],
      ["comment.present=true", ["alice A", "bob TXT"]],
      ["comment.absent=true", ["albert A", "bob A"]],
      ["tag=team:one", ["alice A"]],
      ["tag.present=team", ["alice A", "albert A"]],
      ["tag.absent=team", ["bob A", "bob TXT"]],
      ["tag.startswith=team:t", ["albert A"]],
      ["tag.present=live&tag=team:two&tag_match=any", ["alice A", "albert A"]],
      ["search=spf", ["bob TXT"]],
      ["proxied=true", []],
      ["order=name&direction=desc", ["bob A", "bob TXT", "alice A", "albert A"]],
      ["order=ttl&type=A", ["bob A", "alice A", "albert A"]],
    ];
    for (const [query, found] of cases) assert.deepEqual(await named(query), found, query);
    for (const query of ["nmae=alice", "name.like=al", "match=some", "order=size", "direction=up"]) {
      const { status, body } = await records(sandbox, "GET", `?${query}`);
      assert.deepEqual([status, body.success, body.result], [400, false, null], query);
    }
  });

  it("takes SRV, CAA and HTTPS by their data", async () => {
    const srv = (await records(sandbox, "POST", "", { name: "_sip._tcp", type: "SRV", ttl: 60, data: { priority: 10, weight: 5, port: 5060, target: "sip.spoq.dev" } })).body.result;
    assert.deepEqual([srv.content, srv.priority, srv.data.port], ["5 5060 sip.spoq.dev", 10, 5060]);
    const caa = (await records(sandbox, "POST", "", { name: "@", type: "CAA", ttl: 60, data: { flags: 0, tag: "issue", value: "letsencrypt.org" } })).body.result;
    assert.equal(caa.content, '0 issue "letsencrypt.org"');
    const changed = (await records(sandbox, "PATCH", `/${caa.id}`, { data: { flags: 128, tag: "issue", value: "pki.goog" } })).body.result;
    assert.equal(changed.content, '128 issue "pki.goog"');
    assert.equal((await records(sandbox, "POST", "", { name: "@", type: "HTTPS", ttl: 60, data: { priority: 1, target: ".", value: "alpn=h2" } })).body.result.content, "1 . alpn=h2");
    const without = await records(sandbox, "POST", "", { name: "@", type: "CAA", ttl: 60, data: { flags: 0 } });
    assert.deepEqual([without.status, without.body.errors[0].code], [400, 9101]);
  });

  it("changes many at once, all or none", async () => {
    const [alice, bob, carol] = await Promise.all(["alice", "bob", "carol"].map(async (name) => (await records(sandbox, "POST", "", { ...ALICE, name })).body.result));
    const { body } = await records(sandbox, "POST", "/batch", {
      deletes: [{ id: alice.id }], patches: [{ id: bob.id, ttl: 300 }], puts: [{ id: carol.id, ...ALICE, name: "carol", content: "127.77.0.9" }], posts: [{ ...ALICE, name: "dora" }],
    });
    assert.deepEqual(Object.fromEntries(Object.entries(body.result as Record<string, Body[]>).map(([key, list]) => [key, list.length])), { deletes: 1, patches: 1, puts: 1, posts: 1 });
    assert.deepEqual(sandbox.state().records.map(({ name, ttl, content }) => `${name} ${ttl} ${content}`), ["bob.spoq.dev 300 127.77.0.1", "carol.spoq.dev 120 127.77.0.9", "dora.spoq.dev 120 127.77.0.1"]);
    const refused = await records(sandbox, "POST", "/batch", { deletes: [{ id: bob.id }], posts: [{ ...ALICE, name: "dora" }] });
    assert.deepEqual([refused.status, refused.body.errors[0].code, sandbox.state().records.length], [400, 81058, 3]);
  });

  it("exports the zone as a file, and imports one", async () => {
    await records(sandbox, "POST", "", ALICE);
    await records(sandbox, "POST", "", { name: "mail", type: "MX", content: "mx.spoq.dev", priority: 5, ttl: 60 });
    await records(sandbox, "POST", "", { name: "text", type: "TXT", content: '"a; b"', ttl: 60 });
    const url = `${sandbox.cloudflareUrl}/zones/${sandbox.zoneId}/dns_records`;
    const headers = { authorization: `Bearer ${sandbox.cloudflareToken}` };
    const file = await (await fetch(`${url}/export`, { headers })).text();
    assert.match(file, /^alice\.spoq\.dev\.\t120\tIN\tA\t127\.77\.0\.1$/m);
    sandbox.reset();
    const form = new FormData();
    form.set("file", new Blob([`$TTL 90\n${file}bob\tA 127.77.0.5 ; a comment\n`]), "zone.txt");
    const { result } = (await (await fetch(`${url}/import`, { method: "POST", headers, body: form })).json()) as Body;
    assert.deepEqual([result.recs_added, sandbox.state().records.map(({ name, type, content, priority, ttl }) => [name, type, content, priority, ttl])], [4, [
      ["alice.spoq.dev", "A", "127.77.0.1", undefined, 120], ["mail.spoq.dev", "MX", "mx.spoq.dev", 5, 60], ["text.spoq.dev", "TXT", '"a; b"', undefined, 60], ["bob.spoq.dev", "A", "127.77.0.5", undefined, 90],
    ]]);
  });

  it("has room for no more records than its limit, and tells how many there are", async () => {
    await control(sandbox, "POST", "settings", { zoneRecordLimit: 2 });
    for (const name of ["a", "b"]) assert.equal((await records(sandbox, "POST", "", { ...ALICE, name })).status, 200);
    const { status, body } = await records(sandbox, "POST", "", { ...ALICE, name: "c" });
    assert.deepEqual([status, body.errors[0].code], [400, 81045]);
    assert.deepEqual((await records(sandbox, "GET", "/usage")).body.result, { record_quota: 2, record_usage: 2 });
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

  it("is answered from with every type that can be, long texts and wildcards too", async () => {
    const long = "0123456789".repeat(60);
    for (const record of [
      { name: "long", type: "TXT", content: long },
      { name: "two", type: "TXT", content: '"one" "two"' },
      { name: "*", type: "A", content: "127.77.0.9" },
      { name: "deep.alice", type: "A", content: "127.77.0.8" },
      { name: "sub", type: "NS", content: "ns.example.com" },
      { name: "back", type: "PTR", content: "alice.spoq.dev" },
      { name: "_sip._tcp", type: "SRV", data: { priority: 10, weight: 5, port: 5060, target: "sip.spoq.dev" } },
      { name: "@", type: "CAA", data: { flags: 0, tag: "issue", value: "letsencrypt.org" } },
      { name: "lost", type: "CNAME", content: "nowhere.deep.alice.spoq.dev" },
    ]) assert.equal((await records(sandbox, "POST", "", { ttl: 60, ...record })).status, 200, record.name);
    assert.deepEqual((await resolver.resolveTxt("long.spoq.dev"))[0]!.map(({ length }) => length), [255, 255, 90]);
    assert.deepEqual(await resolver.resolveTxt("two.spoq.dev"), [["one", "two"]]);
    assert.deepEqual(await resolver.resolve4("anybody.spoq.dev"), ["127.77.0.9"]);
    assert.deepEqual(await resolver.resolve4("any.body.spoq.dev"), ["127.77.0.9"]);
    await assert.rejects(resolver.resolve4("alice.spoq.dev"), { code: "ENODATA" }, "a name between others exists: no wildcard");
    await assert.rejects(resolver.resolve4("other.alice.spoq.dev"), { code: "ENOTFOUND" }, "its closest encloser has no wildcard");
    await assert.rejects(resolver.resolve4("lost.spoq.dev"), { code: "ENOTFOUND" });
    assert.deepEqual(await resolver.resolveNs("sub.spoq.dev"), ["ns.example.com"]);
    assert.deepEqual(await resolver.resolvePtr("back.spoq.dev"), ["alice.spoq.dev"]);
    assert.deepEqual(await resolver.resolveSrv("_sip._tcp.spoq.dev"), [{ name: "sip.spoq.dev", port: 5060, priority: 10, weight: 5 }]);
    assert.deepEqual((await resolver.resolveCaa("spoq.dev")).map((one) => (one as { issue?: string }).issue), ["letsencrypt.org"]);
  });

  it("is answered from with EDNS: by its version and by the size of the asker's buffer", async () => {
    for (let number = 0; number < 35; number++) await records(sandbox, "POST", "", { name: "many", type: "A", ttl: 60, content: `127.78.0.${number}` });
    const opt = (udpPayloadSize: number, ednsVersion = 0) => ({ type: "OPT" as const, name: ".", udpPayloadSize, ednsVersion, extendedRcode: 0, flags: 0, flag_do: false, options: [] }) satisfies OptAnswer;
    const ask = (additionals: Packet["additionals"], name = "many.spoq.dev") => askOverUdp(sandbox.resolver, encode({ type: "query", id: 9, questions: [{ type: "A", name }], additionals }));
    const plain = await ask([]);
    assert.deepEqual([plain.flag_tc, plain.answers?.length, plain.additionals?.length], [true, 0, 0]);
    const wide = await ask([opt(4_096)]);
    assert.deepEqual([wide.flag_tc, wide.answers?.length, wide.additionals?.[0]?.type], [false, 35, "OPT"]);
    assert.equal((await ask([opt(600)])).flag_tc, true);
    assert.equal((await ask([opt(100)], "spoq.dev")).flag_tc, false, "less than 512 counts as 512");
    const newer = await ask([opt(4_096, 1)]);
    assert.deepEqual([(newer.additionals?.[0] as { extendedRcode?: number }).extendedRcode, newer.answers?.length], [1, 0]);
  });

  it("is not given away at once, nor to other classes, operations and odd messages", async () => {
    await records(sandbox, "POST", "", ALICE);
    const rcode = async (packet: Packet | Buffer) => (await askOverUdp(sandbox.resolver, Buffer.isBuffer(packet) ? packet : encode(packet)) as { rcode?: string }).rcode;
    const query = (type: string, klass = "IN") => encode({ type: "query", id: 1, questions: [{ type: type as "A", class: klass as "IN", name: "alice.spoq.dev" }] });
    const any = await askOverUdp(sandbox.resolver, query("ANY"));
    assert.deepEqual(any.answers?.map(({ type }) => type), ["HINFO"]);
    assert.deepEqual([await rcode(query("AXFR")), await rcode(query("A", "CH")), await rcode(query("TXT", "HS"))], ["REFUSED", "REFUSED", "REFUSED"]);
    const status = query("A");
    status.writeUInt8(2 << 3, 2);
    const answer = await askOverUdp(sandbox.resolver, status);
    assert.deepEqual([(answer as { rcode?: string }).rcode, (answer as { opcode?: string }).opcode], ["NOTIMP", "STATUS"]);
    const two = encode({ type: "query", id: 1, questions: [{ type: "A", name: "alice.spoq.dev" }, { type: "A", name: "bob.spoq.dev" }] });
    assert.deepEqual([await rcode(two), await rcode(query("A").subarray(0, 20))], ["FORMERR", "FORMERR"]);
    await assert.rejects(askOverUdp(sandbox.resolver, encode({ type: "response", id: 1, questions: [{ type: "A", name: "alice.spoq.dev" }] }), 150), /no answer/);
  });

  it("is answered from over TCP too, as an authority", async () => {
    await records(sandbox, "POST", "", ALICE);
    const answer = await askOverTcp(sandbox.resolver, { type: "query", id: 7, questions: [{ type: "A", name: "alice.spoq.dev" }] });
    assert.deepEqual([answer.id, answer.flag_aa, answer.answers?.length], [7, true, 1]);
    const nothing = await askOverTcp(sandbox.resolver, { type: "query", id: 8, questions: [{ type: "A", name: "bob.spoq.dev" }] });
    assert.equal(nothing.authorities?.[0]?.type, "SOA");
  });
});

function askOverUdp(server: string, query: Buffer, limitMs = 2_000): Promise<ReturnType<typeof decode>> {
  const [host, port] = server.split(":");
  const socket = createSocket("udp4");
  return new Promise<ReturnType<typeof decode>>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("no answer")), limitMs);
    socket.on("error", reject);
    socket.on("message", (message) => {
      clearTimeout(limit);
      resolve(decode(message));
    });
    socket.send(query, Number(port), host);
  }).finally(() => socket.close());
}

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
