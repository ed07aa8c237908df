/** The real engine drives a DNS record through its plugin, on loopback. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine, preparePulumiHome, type Engine } from "../../src/install-pulumi/ensure-engine.ts";
import { run } from "../../src/install-pulumi/run.ts";
import { fakeCloudflare, type FakeCloudflare } from "../unit/stand-ins/fake-cloudflare.ts";

const PROJECT = resolve(import.meta.dirname, "..", "..");
const TOKEN = "fake-cloudflare-token-for-tests-0123456789";

const PULUMI_YAML = `
name: stand-ins
runtime:
  name: nodejs
  options: { typescript: false, nodeargs: "--disable-warning=ExperimentalWarning" }
main: index.ts
`;

/** The dynamic resource tells which Node runs it; the record's address is not known in a preview. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import dns from "@pulumi/cloudflare/dnsRecord.js";

interface Inputs { address: string }
const provider: pulumi.dynamic.ResourceProvider = {
  create: async (inputs: Inputs) => ({ id: "vm", outs: { ...inputs, node: process.version } }),
};
class Machine extends pulumi.dynamic.Resource {
  declare readonly address: pulumi.Output<string>;
  declare readonly node: pulumi.Output<string>;
  constructor() { super(provider, "vm", { address: "127.0.0.9", node: undefined }); }
}
const machine = new Machine();
const record = new dns.DnsRecord("dns", { zoneId: "zone", name: "alice.spoq.dev", type: "A", ttl: 60, proxied: false, content: machine.address });
export const node: pulumi.Output<string> = machine.node;
export const recordId: pulumi.Output<string> = record.id;
`;

describe("the engine with the plugin for Cloudflare", { timeout: 900_000 }, () => {
  let folder: string;
  let engine: Engine;
  let cloudflare: FakeCloudflare;
  let output = "";

  beforeAll(async () => {
    engine = await ensureEngine();
    cloudflare = await fakeCloudflare();
    folder = await mkdtemp(join(tmpdir(), "user-vps-stand-ins-"));
    await mkdir(join(folder, "state"));
    await preparePulumiHome(join(folder, "home"), engine);
    await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "Pulumi.yaml"), PULUMI_YAML);
    await writeFile(join(folder, "index.ts"), PROGRAM);
    await writeFile(join(folder, "package.json"), JSON.stringify({
      type: "module",
      dependencies: { "@pulumi/pulumi": "3.270.0", "@pulumi/cloudflare": "6.22.1" },
    }));
    assert.equal((await pulumi(["stack", "init", "dev"])).ok, true);
  });
  afterAll(async () => {
    await cloudflare?.[Symbol.asyncDispose]();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** A plain CLI call; PATH holds a Node that is too old before anything else of the system. */
  async function pulumi(args: string[], more: NodeJS.ProcessEnv = {}) {
    const env = engineEnvironment(engine, {
      PATH: "/usr/bin:/bin",
      HOME: folder,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "fake-passphrase",
      CLOUDFLARE_BASE_URL: cloudflare.baseUrl,
      CLOUDFLARE_API_TOKEN: TOKEN,
      ...more,
    });
    const done = await run(join(engine.binDir, "pulumi"), [...args, "--non-interactive"], { cwd: folder, env: { ...env, PULUMI_HOME: join(folder, "home") }, timeoutMs: 120_000 });
    output += done.stdout + done.reason;
    return done;
  }

  const methods = () => cloudflare.calls.splice(0).map(({ method }) => method);

  it("creates it, with this project's Node, after a preview that calls nothing", async () => {
    const preview = await pulumi(["preview"]);
    assert.match(preview.stdout, /3 to create/);
    assert.deepEqual(methods(), []);

    const up = await pulumi(["up", "--yes", "--skip-preview"]);
    assert.match(up.stdout, /3 created/, up.stdout + up.reason);
    assert.deepEqual(methods(), ["POST"]);
    const outputs = JSON.parse((await pulumi(["stack", "output", "--json"])).stdout) as object;
    assert.deepEqual(outputs, { node: process.version, recordId: "record-1" });
    assert.equal(cloudflare.records.get("record-1")?.["content"], "127.0.0.9");
  });

  it("finds nothing to do afterwards", async () => {
    const again = await pulumi(["preview", "--refresh", "--expect-no-changes"]);
    assert.equal(again.ok, true, again.stdout + again.reason);
    assert.deepEqual(methods(), ["GET"]);
  });

  it("finds a record that was changed, and repairs it", async () => {
    Object.assign(cloudflare.records.get("record-1") ?? {}, { content: "9.9.9.9" });
    assert.equal((await pulumi(["preview", "--refresh", "--expect-no-changes"])).ok, false);
    const repaired = await pulumi(["up", "--refresh", "--yes", "--skip-preview"]);
    assert.match(repaired.stdout, /1 updated/);
    assert.deepEqual(methods(), ["GET", "GET", "PUT"]);
    assert.equal(cloudflare.records.get("record-1")?.["content"], "127.0.0.9");
  });

  it("makes a record again that was removed", async () => {
    cloudflare.records.clear();
    const up = await pulumi(["up", "--refresh", "--yes", "--skip-preview"]);
    assert.match(up.stdout, /1 created/, up.stdout + up.reason);
    assert.deepEqual([...cloudflare.records.keys()], ["record-2"]);
  });

  it("keeps the token out of state and output, and warns of nothing", async () => {
    const state = (await pulumi(["stack", "export"])).stdout;
    assert.match(state, /record-2/);
    assert.equal((state + output).includes(TOKEN), false);
    assert.doesNotMatch(output, /warning/i);
  });

  it("refuses, as a stand-in, to run against Cloudflare itself", async (context) => {
    if (!engine.standIns) return context.skip("the real plugins are in use");
    const refused = await pulumi(["up", "--refresh", "--yes", "--skip-preview"], { CLOUDFLARE_BASE_URL: undefined });
    assert.equal(refused.ok, false);
    assert.match(refused.stdout + refused.reason, /SANDBOX_ONLY: .*api\.cloudflare\.com/);
  });

  it("takes it down", async () => {
    methods();
    const destroyed = await pulumi(["destroy", "--yes", "--skip-preview"]);
    assert.match(destroyed.stdout, /3 deleted/, destroyed.stdout + destroyed.reason);
    assert.deepEqual(methods(), ["DELETE"]);
  });
});
