import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { callCloudflare, CloudflareError, cloudflareSettings } from "../../../src/stand-ins/cloudflare-api.ts";
import { fakeCloudflare, type FakeCloudflare } from "./fake-cloudflare.ts";

const TOKEN = "fake-cloudflare-token-for-tests-0123456789";
const SOON = { "retry-after-ms": "1" };
const isSandboxOnly = (error: unknown) => error instanceof UserVpsError && error.code === "SANDBOX_ONLY";

const get = (fake: FakeCloudflare, signal?: AbortSignal) =>
  callCloudflare<{ id: string }>({ baseUrl: fake.baseUrl, apiToken: TOKEN, firstDelayMs: 1 }, { method: "GET", path: "/zones/z/dns_records/r", ...(signal && { signal }) });

describe("cloudflareSettings", () => {
  const settings = (configured: Record<string, string>, env = {}) => cloudflareSettings(new Map(Object.entries(configured)), env);

  for (const baseUrl of ["http://127.0.0.1:1/client/v4", "http://localhost:1/", "http://[::1]:1", "http://127.8.9.10:80"]) {
    it(`takes ${baseUrl}`, () => assert.equal(settings({ baseUrl }).baseUrl, baseUrl.replace(/\/$/, "")));
  }
  for (const baseUrl of ["https://api.cloudflare.com/client/v4", "http://127.0.0.1.example", "http://10.0.0.1", "http://localhost.example", "http://0.0.0.0", "not a url"]) {
    it(`refuses ${baseUrl}`, () => assert.throws(() => settings({ baseUrl }), isSandboxOnly));
  }
  it("refuses to go without a base URL, which would be Cloudflare itself", () => {
    assert.throws(() => settings({}), (error) => isSandboxOnly(error) && /api\.cloudflare\.com/.test(String(error)));
  });
  it("takes the environment, but rather the configuration", () => {
    const env = { CLOUDFLARE_BASE_URL: "http://127.0.0.1:1/env", CLOUDFLARE_API_TOKEN: "fake" };
    assert.deepEqual(settings({}, env), { baseUrl: "http://127.0.0.1:1/env", apiToken: "fake" });
    assert.deepEqual(settings({ baseUrl: "http://127.0.0.1:2", apiToken: TOKEN }, env), { baseUrl: "http://127.0.0.1:2", apiToken: TOKEN });
  });
  it("takes white space off a token of the environment, and refuses one with a line break within", () => {
    const env = { CLOUDFLARE_BASE_URL: "http://127.0.0.1:1", CLOUDFLARE_API_TOKEN: "fake\n" };
    assert.equal(settings({}, env).apiToken, "fake");
    assert.throws(() => settings({}, { ...env, CLOUDFLARE_API_TOKEN: "fake\ntoken" }), /CONFIG_INVALID/);
  });
  it("checks a configured token and does not show it", () => {
    const apiToken = "fake but with blanks";
    assert.throws(() => settings({ baseUrl: "http://127.0.0.1:1", apiToken }), (error) => /CONFIG_INVALID.*40 to 80/.test(String(error)) && !String(error).includes(apiToken));
  });
});

describe("callCloudflare", () => {
  it("sends the token as a bearer and hands back the result", async () => {
    await using fake = await fakeCloudflare();
    fake.records.set("r", { id: "r" });
    assert.deepEqual(await get(fake), { id: "r" });
    assert.equal(fake.calls[0]?.headers.authorization, `Bearer ${TOKEN}`);
    await callCloudflare({ baseUrl: fake.baseUrl }, { method: "GET", path: "/zones/z/dns_records/r" });
    assert.equal(fake.calls[1]?.headers.authorization, undefined);
  });

  for (const status of [408, 409, 429, 500, 503]) {
    it(`tries again after ${status}, as soon as the answer says`, async () => {
      await using fake = await fakeCloudflare();
      fake.records.set("r", { id: "r" });
      fake.next.push({ status, headers: SOON }, { status, headers: SOON });
      assert.deepEqual(await get(fake), { id: "r" });
      assert.equal(fake.calls.length, 3);
    });
  }
  it("waits no less than the backoff when Retry-After is 0 or less than that", async () => {
    await using fake = await fakeCloudflare();
    fake.next.push(...Array.from({ length: 20 }, (_, number) => ({ status: 429, headers: number % 2 ? { "retry-after": "0" } : SOON })));
    const settings = { baseUrl: fake.baseUrl, firstDelayMs: 100 };
    await assert.rejects(callCloudflare(settings, { method: "GET", path: "/x", signal: AbortSignal.timeout(600) }), { name: "TimeoutError" });
    assert.ok(fake.calls.length <= 4, `${fake.calls.length} calls`);
  });
  it("reads again what cannot be read, but does not create again", async () => {
    await using fake = await fakeCloudflare();
    fake.records.set("r", { id: "r" });
    fake.next.push({ status: 200, text: "<html>" }, { status: 200, text: "" }, { status: 200, text: "[1" }, { status: 200, text: "null" });
    assert.deepEqual(await get(fake), { id: "r" });
    fake.next.push({ status: 200, text: "<html>" });
    const create = callCloudflare({ baseUrl: fake.baseUrl, firstDelayMs: 1 }, { method: "POST", path: "/zones/z/dns_records", body: {} });
    await assert.rejects(create, { name: "CloudflareError", message: /200, and no JSON of Cloudflare's/ });
    assert.equal(fake.calls.length, 6);
  });
  it("does not repeat a mistake of the program", async () => {
    await assert.rejects(callCloudflare({ baseUrl: "http://127.0.0.1:1", apiToken: "fake\ntoken" }, { method: "GET", path: "/x" }), TypeError);
  });
  it("tries again after a broken connection", async () => {
    await using fake = await fakeCloudflare();
    fake.records.set("r", { id: "r" });
    fake.next.push({ status: 0, drop: true });
    assert.deepEqual(await get(fake), { id: "r" });
  });
  it("gives up after ten more attempts", async () => {
    await using fake = await fakeCloudflare();
    fake.next.push(...Array.from({ length: 20 }, () => ({ status: 503, headers: SOON })));
    await assert.rejects(get(fake), { name: "CloudflareError", status: 503 });
    assert.equal(fake.calls.length, 11);
  });
  it("gives up after ten more attempts to connect", async () => {
    await using fake = await fakeCloudflare();
    fake.next.push(...Array.from({ length: 20 }, () => ({ status: 0, drop: true })));
    const settings = { baseUrl: fake.baseUrl, firstDelayMs: 0.001 };
    await assert.rejects(callCloudflare(settings, { method: "GET", path: "/x" }), /failed to make http request: GET "http:\/\/127\.0\.0\.1/);
    assert.equal(fake.calls.length, 11);
  });
  for (const status of [400, 401, 403, 404]) {
    it(`fails at once on ${status}, with the API's errors and without the token`, async () => {
      await using fake = await fakeCloudflare();
      fake.next.push({ status });
      await assert.rejects(get(fake), (error) => {
        assert.ok(error instanceof CloudflareError);
        assert.equal(error.status, status);
        assert.match(error.message, new RegExp(`^failed to make http request: GET "http.*dns_records/r": ${status} .*"code":10000`));
        assert.doesNotMatch(error.message, /fake-cloudflare/);
        return true;
      });
      assert.equal(fake.calls.length, 1);
    });
  }
  it("obeys x-should-retry in both directions", async () => {
    await using fake = await fakeCloudflare();
    fake.next.push({ status: 500, headers: { "x-should-retry": "false" } });
    await assert.rejects(get(fake), { status: 500 });
    fake.records.set("r", { id: "r" });
    fake.next.push({ status: 400, headers: { "x-should-retry": "true", ...SOON } });
    assert.deepEqual(await get(fake), { id: "r" });
    assert.equal(fake.calls.length, 3);
  });
  it("waits as many seconds as Retry-After says, and stops when it is cancelled meanwhile", async () => {
    await using fake = await fakeCloudflare();
    fake.next.push({ status: 429, headers: { "retry-after": "30" } });
    await assert.rejects(get(fake, AbortSignal.timeout(100)), { name: "TimeoutError" });
    assert.equal(fake.calls.length, 1);
  });
  it("does not follow a redirect away from loopback", async () => {
    await using fake = await fakeCloudflare();
    fake.next.push({ status: 302, headers: { location: "http://mirror.example/" } });
    await assert.rejects(get(fake), { name: "CloudflareError", status: 302 });
    assert.equal(fake.calls.length, 1);
  });
});
