import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { check, create, diff, read, remove, update } from "../../../providers/health/health-check-provider.ts";
import { ADDRESS, createAuthority, HOSTNAME, startDnsServer, startTlsServer, temporaryFile, type DnsServer, type LoopbackServer } from "./loopback-vps.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const HEALTHY = { healthy: true, stage: "ok", detail: "" };

describe("HealthCheck's provider", () => {
  let dns: DnsServer;
  let server: LoopbackServer;
  let caFile: Awaited<ReturnType<typeof temporaryFile>>;
  let inputs: Parameters<typeof create>[0] & { __provider: string };
  /** Statuses of the next answers; 200 when there are none left. */
  let statuses: number[] = [];
  let requests = 0;

  beforeAll(async () => {
    const authority = await createAuthority();
    dns = await startDnsServer();
    server = await startTlsServer(await authority.issue(HOSTNAME), HOSTNAME, (_request, answer) => {
      requests++;
      answer.writeHead(statuses.shift() ?? 200).end();
    });
    caFile = await temporaryFile(authority.caPem);
    inputs = { hostname: HOSTNAME, address: ADDRESS, port: server.port, resolver: dns.resolver, caFile: caFile.path, __provider: "provider text" };
  });
  afterAll(() => Promise.all([dns.close(), server.close(), caFile.remove()]));
  beforeEach(() => {
    statuses = [];
    requests = 0;
  });

  it("creates: waits, and gives inputs and health as outputs, without times", async () => {
    assert.deepEqual(await create(inputs), { id: HOSTNAME, outs: { ...inputs, ...HEALTHY } });
  });

  it("creates unhealthy: fails so that the engine keeps the resource, with __provider among its properties", async () => {
    using log = vi.spyOn(console, "log").mockReturnValue();
    statuses = Array<number>(10).fill(503);
    const detail = "expected status 200 from GET /health, got: status 503";
    await assert.rejects(create({ ...inputs, timeoutSeconds: 0.05 }), (error: Error & Record<string, unknown>) => {
      assert.match(error.message, /^HEALTH_CHECK_FAILED: /);
      assert.equal(error["id"], HOSTNAME);
      assert.deepEqual(error["properties"], { ...inputs, timeoutSeconds: 0.05, healthy: false, stage: "http", detail });
      assert.deepEqual(error["reasons"], [error.message]);
      return true;
    });
    assert.match(String(log.mock.calls[0]?.[0]), /^waiting for alice\.spoq\.dev: HTTP: expected status 200 .*got: status 503 \([\d.]+ s\)$/);
  });

  it("says that the CA file is unusable at once instead of waiting", async () => {
    await assert.rejects(create({ ...inputs, caFile: "/nowhere/ca.pem" }), /CONFIG_INVALID: The CA file \/nowhere\/ca\.pem cannot be used/);
    assert.equal(requests, 0);
  });

  it("updates: waits again", async () => {
    assert.deepEqual(await update(HOSTNAME, { ...inputs, healthy: false, stage: "http", detail: "x" }, inputs), { outs: { ...inputs, ...HEALTHY } });
    assert.equal(requests, 1);
  });

  it("reads the same properties while the VPS stays healthy, so that a refresh shows no change", async () => {
    const state = { ...inputs, ...HEALTHY };
    assert.deepEqual(await read(HOSTNAME, state), { id: HOSTNAME, props: state });
  });

  it("reads over a hiccup", async () => {
    statuses = [503];
    const { props } = await read(HOSTNAME, { ...inputs, ...HEALTHY });
    assert.equal(props.healthy, true);
    assert.equal(requests, 2);
  });

  it("reads an unhealthy VPS as unhealthy, with stage and detail, after three attempts", async () => {
    statuses = [503, 503, 503];
    const { props } = await read(HOSTNAME, { ...inputs, ...HEALTHY });
    assert.deepEqual([props.healthy, props.stage], [false, "http"]);
    assert.match(props.detail, /got: status 503/);
    assert.equal(requests, 3);
  });

  it("deletes nothing", async () => {
    await remove(HOSTNAME, { ...inputs, ...HEALTHY });
    assert.equal(requests, 0);
  });

  describe("diff", () => {
    const changes = async (olds: object, news: object) => (await diff(HOSTNAME, { ...inputs, ...HEALTHY, ...olds }, { ...inputs, ...news })).changes;

    it("finds none in equal inputs, whatever the text of the provider", async () => assert.equal(await changes({ __provider: "older text" }, {}), false));
    it("finds a changed input", async () => assert.equal(await changes({}, { address: "192.0.2.1" }), true));
    it("finds an input that is not given any more", async () => assert.equal(await changes({ path: "/ready" }, {}), true));
    it("counts a value that is not known yet as changed", async () => assert.equal(await changes({}, { address: UNKNOWN }), true));
    it("wants an update of an unhealthy VPS", async () => assert.equal(await changes({ healthy: false }, {}), true));
    it("wants an update in a run that checks again", async () => {
      vi.stubEnv("USER_VPS_RUN_AGAIN", "release,health");
      const wanted = await changes({}, {}).finally(() => vi.unstubAllEnvs());
      assert.equal(wanted, true);
    });
    it("never wants a replacement", async () => assert.deepEqual(Object.keys(await diff(HOSTNAME, { ...inputs, ...HEALTHY }, { ...inputs, hostname: "bob.spoq.dev" })), ["changes"]));
  });

  describe("check", () => {
    const failures = async (changes: object) => ((await check({} as typeof inputs, { ...inputs, ...changes })).failures ?? []).map(({ property }) => property);

    it("passes usable inputs on as they are, so that later defaults are no difference", async () => assert.deepEqual(await check({} as typeof inputs, inputs), { inputs, failures: [] }));
    it("lets values pass that are not known yet", async () => assert.deepEqual(await failures({ address: UNKNOWN, hostname: UNKNOWN, port: UNKNOWN }), []));
    for (const [property, value] of [
      ["hostname", "Alice.spoq.dev"], ["hostname", "alice"], ["hostname", undefined], ["address", "::1"], ["address", "spoq.dev"], ["port", 0], ["port", 44.3],
      ["path", "health"], ["path", "/he alth"], ["expectedStatus", 1000], ["timeoutSeconds", 0], ["resolver", ""], ["caFile", ""],
    ] as const) {
      it(`refuses ${property} ${JSON.stringify(value)}`, async () => assert.deepEqual(await failures({ [property]: value }), [property]));
    }
  });
});
