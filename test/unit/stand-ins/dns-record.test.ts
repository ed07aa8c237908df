import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { dnsRecordResource } from "../../../src/stand-ins/dns-record.ts";
import { UNKNOWN, type CallContext } from "../../../src/stand-ins/plugin-server.ts";
import { fakeCloudflare, type FakeCloudflare } from "./fake-cloudflare.ts";

const INPUTS = { zoneId: "zone", name: "alice.spoq.dev", type: "A", ttl: 60, proxied: false, content: "127.0.0.2" };
const CONTEXT: CallContext = { name: "dns", signal: new AbortController().signal };
const resource = (fake?: FakeCloudflare) => dnsRecordResource(() => ({ baseUrl: fake?.baseUrl ?? "", firstDelayMs: 1 }));

describe("check", () => {
  it("names every required property that lacks", () => {
    assert.deepEqual(resource().check({ content: "x" }).map(({ property }) => property), ["zoneId", "name", "type", "ttl"]);
  });
  it("takes values that are not known yet", () => {
    assert.deepEqual(resource().check({ ...INPUTS, content: UNKNOWN, zoneId: UNKNOWN }), []);
  });
});

describe("diff", () => {
  const state = { ...INPUTS, meta: "{}", settings: { ipv4Only: false }, tags: [], proxiable: true };
  const diff = (inputs: object, oldInputs: object = INPUTS, old: object = state) => resource().diff({ ...old }, { ...inputs }, { ...oldInputs });

  it("finds nothing where the state is as declared", () => assert.deepEqual(diff(INPUTS), []));
  for (const [property, value] of Object.entries({ name: "bob.spoq.dev", content: "127.0.0.3", ttl: 300, proxied: true, comment: "x", tags: ["a"], settings: { ipv4Only: true } })) {
    it(`changes ${property} in place`, () => assert.deepEqual(diff({ ...INPUTS, [property]: value }), [{ property, replace: false }]));
  }
  for (const [property, value] of Object.entries({ zoneId: "other", type: "AAAA" })) {
    it(`replaces for ${property}`, () => assert.deepEqual(diff({ ...INPUTS, [property]: value }), [{ property, replace: true }]));
  }
  it("finds what drifted in the state", () => assert.deepEqual(diff(INPUTS, INPUTS, { ...state, content: "9.9.9.9" }), [{ property: "content", replace: false }]));
  it("takes a value not known yet for a change", () => assert.deepEqual(diff({ ...INPUTS, content: UNKNOWN }), [{ property: "content", replace: false }]));
  it("sees an input that was taken away", () => {
    assert.deepEqual(diff(INPUTS, { ...INPUTS, comment: "x" }, { ...state, comment: "x" }), [{ property: "comment", replace: false }]);
  });
  it("does not mind settings that the API adds", () => assert.deepEqual(diff({ ...INPUTS, settings: {} }), []));
});

describe("a record's life", () => {
  it("is created with exactly what was declared, and known by the API's whole answer", async () => {
    await using fake = await fakeCloudflare();
    const { id, state } = await resource(fake).create(INPUTS, CONTEXT);
    assert.equal(id, "record-1");
    assert.equal(fake.calls[0]?.path, "/client/v4/zones/zone/dns_records");
    assert.deepEqual(fake.calls[0]?.body, { content: "127.0.0.2", name: "alice.spoq.dev", proxied: false, ttl: 60, type: "A" });
    const now = "2026-01-01T00:00:00Z";
    assert.deepEqual(state, { ...INPUTS, proxiable: false, settings: {}, meta: "{}", tags: [], createdOn: now, modifiedOn: now });
  });

  it("is read with what drifted, in state and inputs, and reads no more inputs than were given", async () => {
    await using fake = await fakeCloudflare();
    const { id, state } = await resource(fake).create(INPUTS, CONTEXT);
    Object.assign(fake.records.get(id) ?? {}, { content: "9.9.9.9", comment: "by hand" });
    const found = await resource(fake).read(id, state, INPUTS, CONTEXT);
    assert.equal(found?.id, id);
    assert.deepEqual(found?.inputs, { ...INPUTS, content: "9.9.9.9" });
    assert.equal(found?.state["comment"], "by hand");
  });

  it("is imported by zone and id, with the inputs that would declare it", async () => {
    await using fake = await fakeCloudflare();
    const { id } = await resource(fake).create({ ...INPUTS, zoneId: "z1" }, CONTEXT);
    const found = await resource(fake).read(`z1/${id}`, {}, undefined, CONTEXT);
    assert.equal(found?.id, id);
    assert.equal(fake.calls.at(-1)?.path, `/client/v4/zones/z1/dns_records/${id}`);
    assert.deepEqual(found?.inputs, { ...INPUTS, zoneId: "z1" });
  });

  it("is gone when the API answers 404 to a read, and only then", async () => {
    await using fake = await fakeCloudflare();
    assert.equal(await resource(fake).read("nothing", INPUTS, INPUTS, CONTEXT), undefined);
    fake.next.push({ status: 403 });
    await assert.rejects(resource(fake).read("nothing", INPUTS, INPUTS, CONTEXT), { status: 403 });
  });

  it("is updated as a whole, with null for a comment taken away", async () => {
    await using fake = await fakeCloudflare();
    const { id, state } = await resource(fake).create({ ...INPUTS, comment: "old" }, CONTEXT);
    const after = await resource(fake).update(id, state, { ...INPUTS, content: "127.0.0.7" }, CONTEXT);
    assert.equal(fake.calls.at(-1)?.method, "PUT");
    assert.deepEqual(fake.calls.at(-1)?.body, { settings: {}, tags: [], comment: null, content: "127.0.0.7", name: "alice.spoq.dev", proxied: false, ttl: 60, type: "A" });
    assert.equal(after["content"], "127.0.0.7");
    assert.equal(after["comment"], undefined);
  });

  it("speaks the API's spelling of nested names, both ways", async () => {
    await using fake = await fakeCloudflare();
    const { state } = await resource(fake).create({ ...INPUTS, settings: { ipv4Only: true, flattenCname: false } }, CONTEXT);
    assert.deepEqual(fake.calls[0]?.body?.["settings"], { ipv4_only: true, flatten_cname: false });
    assert.deepEqual(state["settings"], { ipv4Only: true, flattenCname: false });
  });

  it("is deleted, and a second time fails as with the real plugin", async () => {
    await using fake = await fakeCloudflare();
    const { id, state } = await resource(fake).create(INPUTS, CONTEXT);
    await resource(fake).delete(id, state, CONTEXT);
    assert.equal(fake.records.size, 0);
    await assert.rejects(resource(fake).delete(id, state, CONTEXT), /DELETE .*: 404 Not Found .*81044/);
  });
});
