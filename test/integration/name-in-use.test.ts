/** A host name that somebody uses already is refused before a VM is bought for it. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it, vi } from "vitest";
import { caaText } from "../../providers/cloudflare/caa.ts";
import { forbiddingCaa } from "../../providers/cloudflare/certificate-allowed.ts";
import { nameOfOtherZone, refuseNameInUse } from "../../providers/cloudflare/name-in-use.ts";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";
import { records } from "./sandbox-support.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 });
  provider.configure({ get: (key) => settings()[key] });
});
const settings = (): Record<string, string> => ({
  "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl, "cloudflare:apiToken": sandbox.cloudflareToken, "cloudflare:baseUrl": sandbox.cloudflareUrl,
});
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

const HOSTNAME = "alice.spoq.dev";
const inputs = (changes: object = {}) => ({ ...ALICE, zoneId: sandbox.zoneId, __provider: "serialised provider", ...changes });
const add = async (type: string, more: object = {}, name = HOSTNAME) => {
  const answer = await records(sandbox, "POST", "", { name, type, ttl: 60, ...more });
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
};
const purchases = () => sandbox.state().purchases.length;
const access = () => ({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
const ask = (hostname: string, ownAddresses: readonly string[] = []) => refuseNameInUse(access(), { hostname, ownAddresses }, AbortSignal.timeout(10_000));

describe("a name that is in use", () => {
  for (const [type, content] of [["A", "192.0.2.7"], ["AAAA", "2001:db8::7"], ["CNAME", "elsewhere.example.com"]] as const) {
    it(`refuses the purchase for a record of type ${type}, and names it`, async () => {
      await add(type, { content });
      await assert.rejects(provider.create(inputs()), (error: Error) => error.message.startsWith("NAME_IN_USE: ") && error.message.includes(`${type} ${content} (record `));
      assert.equal(purchases(), 0);
    });
  }

  it("is none for records of other names, or for a note beside it; without a zone nobody looks", async () => {
    await add("CNAME", { content: "elsewhere.example.com" }, "www.alice.spoq.dev");
    await add("A", { content: "192.0.2.7" }, "xalice.spoq.dev");
    await add("TXT", { content: "\"a note\"" });
    await provider.create(inputs());
    assert.equal(purchases(), 1);
    sandbox.reset();
    await add("A", { content: "192.0.2.7" });
    await provider.create(inputs({ zoneId: undefined }));
    assert.equal(purchases(), 1);
  });

  it("is no question without a token for the zone: nothing is bought whose record could not be made", async () => {
    vi.stubEnv("CLOUDFLARE_API_TOKEN", undefined);
    vi.stubEnv("CLOUDFLARE_API_KEY", undefined);
    provider.configure({ get: (key) => (key === "cloudflare:apiToken" ? undefined : settings()[key]) });
    try {
      await assert.rejects(provider.create(inputs()), /CONFIG_INVALID: .*Next: Set CLOUDFLARE_API_TOKEN/);
      assert.equal(purchases(), 0);
      vi.stubEnv("CLOUDFLARE_API_KEY", "fake-key-of-the-account");
      await provider.create(inputs());
      assert.equal(purchases(), 1, "the Cloudflare provider has a way of its own");
    } finally {
      vi.unstubAllEnvs();
      provider.configure({ get: (key) => settings()[key] });
    }
  });

  it("is the VM's own where it leads to the VM that is imported, and somebody else's where it does not", async () => {
    const { id, outs } = await provider.create(inputs());
    await add("A", { content: String(outs["ipv4"]) });
    await provider.create(inputs({ importId: Number(id) }));
    await add("AAAA", { content: "2001:db8::7" });
    await assert.rejects(provider.create(inputs({ importId: Number(id) })), /NAME_IN_USE: .*AAAA 2001:db8::7/);
    assert.equal(purchases(), 1);
  });

  it("refuses a rename to it, before anything is renamed; back to the own name is none", async () => {
    const { id, outs } = await provider.create(inputs());
    await add("A", { content: String(outs["ipv4"]) });
    await add("CNAME", { content: "elsewhere.example.com" }, "alicia.spoq.dev");
    await assert.rejects(provider.update(id, outs, inputs({ hostname: "alicia.spoq.dev" })), /NAME_IN_USE: The name alicia\.spoq\.dev/);
    assert.equal(sandbox.state().vms[0]?.hostname, HOSTNAME);
    await provider.update(id, { ...outs, hostname: "renamed-by-hand.spoq.dev" }, inputs());
  });

  it("does not keep a VM from being replaced under the name that is its own", async () => {
    const { id, outs } = await provider.create(inputs());
    await add("A", { content: String(outs["ipv4"]) });
    await provider.create(inputs({ plan: "hostingercom-vps-kvm2-usd-1m", allowReplaceOf: Number(id) }));
    assert.equal(purchases(), 2);
  });
});

describe("a name that nobody may certify", () => {
  const forbid = (name: string, value = ";") => add("CAA", { data: { flags: 0, tag: "issue", value } }, name);

  it("refuses the purchase, and names the record that stands against it", async () => {
    await forbid("spoq.dev", "digicert.com");
    await assert.rejects(provider.create(inputs()), /CERTIFICATE_FORBIDDEN: .*alice\.spoq\.dev: spoq\.dev CAA 0 issue "digicert\.com" does not allow letsencrypt\.org/);
    assert.equal(purchases(), 0);
  });

  it("is none where a closer record allows it, or where the zone's allows it", async () => {
    await forbid("spoq.dev");
    await forbid(HOSTNAME, "letsencrypt.org");
    await provider.create(inputs());
    sandbox.reset();
    await forbid("spoq.dev", "letsencrypt.org");
    await provider.create(inputs());
    assert.equal(purchases(), 1);
  });

  it("is none in a pool, where nobody else certifies, nor with an authority that is not known", async () => {
    for (const more of [{ pooled: "true" }, { acmeCa: "https://ca.example.com/acme" }] as Record<string, string>[]) {
      await forbid("spoq.dev");
      provider.configure({ get: (key) => ({ ...settings(), ...more })[key] });
      await provider.create(inputs()).finally(() => provider.configure({ get: (key) => settings()[key] }));
      assert.equal(purchases(), 1);
      sandbox.reset();
    }
  });

  it("goes by the authority that the environment names where the stack names none, as the program that declares it does", async () => {
    await forbid("spoq.dev", "sectigo.com");
    for (const variable of [{ ACME_CA: "https://acme.zerossl.com/v2/DV90" }, { ACME_EMAIL: "certificates@example.com" }]) {
      Object.assign(process.env, variable);
      await provider.create(inputs()).finally(() => { for (const name of Object.keys(variable)) delete process.env[name]; });
      assert.equal(purchases(), 1);
      sandbox.reset();
      await forbid("spoq.dev", "sectigo.com");
    }
    process.env["ACME_CA"] = "https://acme.zerossl.com/v2/DV90";
    await forbid(HOSTNAME, "letsencrypt.org");
    await assert.rejects(provider.create(inputs()).finally(() => { delete process.env["ACME_CA"]; }), /CERTIFICATE_FORBIDDEN/);
    assert.equal(purchases(), 0);
  });

  it("is one by a record above the zone, where the zone has none; a name server that does not answer forbids nothing", async () => {
    await forbid("spoq.dev");
    const empty = { list: async () => [] };
    const wanted = { hostname: "alice.vps.spoq.dev", issuers: ["letsencrypt.org"], zoneName: "vps.spoq.dev" };
    const signal = AbortSignal.timeout(20_000);
    assert.deepEqual((await forbiddingCaa(empty, { ...wanted, resolver: sandbox.resolver }, signal)).map(caaText), ['spoq.dev CAA 0 issue ";"']);
    assert.deepEqual(await forbiddingCaa(empty, { ...wanted, zoneName: undefined, resolver: sandbox.resolver }, signal), []);
    assert.deepEqual(await forbiddingCaa(empty, { ...wanted, resolver: "127.0.0.1:1" }, signal), []);
  });
});

describe("a name that is not of the zone", () => {
  it("refuses the purchase, whether or not the token may read what the zone is called", async () => {
    await assert.rejects(provider.create(inputs({ hostname: "zone1.other.dev" })), /CONFIG_INVALID: zone1\.other\.dev is not a name of the zone .*, which is spoq\.dev/);
    await assert.rejects(provider.create(inputs({ hostname: "alice.xspoq.dev" })), /CONFIG_INVALID/);
    assert.equal(purchases(), 0);
    await ask("a.b.spoq.dev");
  });

  it("is told by the zone's records as well, as far as they tell", () => {
    assert.equal(nameOfOtherZone("zone1.other.dev", ["www.spoq.dev"]), "www.spoq.dev");
    for (const [hostname, names] of [["alice.spoq.dev", ["spoq.dev", "*.spoq.dev", "a.b.spoq.dev"]], ["alice.other.dev", []], ["alice.team.spoq.dev", ["spoq.dev"]]] as const) assert.equal(nameOfOtherZone(hostname, names), undefined);
  });
});
