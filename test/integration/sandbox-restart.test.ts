import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { sandboxBanner, startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox, SandboxOptions } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { buy, health, hostinger, provision, QUICK, records, until, vmIs } from "./sandbox-support.ts";
import type { Body } from "./sandbox-support.ts";

/** Closed at the test's end at the latest. */
async function start(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  atEnd(() => sandbox.close());
  return sandbox;
}

describe("a sandbox", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sandbox-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("with a file is the same world after a restart: ports, CA, VMs, what was under way", async () => {
    const options = { ...QUICK, persistFile: join(folder, "world.json") };
    const first = await start(options);
    const alice = await provision(first);
    await health(first, alice.address, alice.hostname);
    const bob = await buy(first, { hostname: "bob.spoq.dev" });
    await first.close();
    assert.equal(statSync(options.persistFile).mode & 0o777, 0o600);

    const second = await start(options);
    assert.deepEqual(
      [second.hostingerUrl, second.resolver, second.httpsPort, second.caPem],
      [first.hostingerUrl, first.resolver, first.httpsPort, first.caPem],
    );
    assert.equal(second.state().purchases.length, 2);
    await until(second, vmIs(alice.id, (vm) => vm.health !== null));
    assert.equal((await health(second, alice.address, alice.hostname)).status, 200);
    await until(second, vmIs(bob, (vm) => vm.scriptOutcome !== null));
  });

  it("with a file has every change written before it is answered", async () => {
    const persistFile = join(folder, "durable.json");
    const sandbox = await start({ ...QUICK, persistFile });
    const id = await buy(sandbox);
    const written = () => (JSON.parse(readFileSync(persistFile, "utf8")) as { state: Body }).state;
    assert.deepEqual(written().purchases.map((purchase: Body) => purchase.vmId), [id]);
    await records(sandbox, "POST", "", { name: "alice", type: "A", content: "127.77.0.1", ttl: 60 });
    assert.equal(written().records.length, 1);
  });

  it("does not share anything with a second one in the same process", async () => {
    const [one, two] = await Promise.all([start(QUICK), start(QUICK)]);
    const [inOne, inTwo] = await Promise.all([provision(one), provision(two)]);
    assert.equal(inOne.address, inTwo.address);
    assert.notEqual(one.httpsPort, two.httpsPort);
    assert.equal((await health(one, inOne.address, "alice.spoq.dev")).status, 200);
    assert.equal((await health(two, inTwo.address, "alice.spoq.dev")).status, 200);
    await assert.rejects(health(one, inOne.address, "alice.spoq.dev", two.caPem));
    assert.equal(one.state().purchases.length, 1);
    one.reset();
    assert.equal((await records(two, "GET")).body.result.length, 1);
  });

  it("takes the ports it is told, and leaves nothing behind when one is taken", async () => {
    const one = await start(QUICK);
    const apiPort = Number(new URL(one.hostingerUrl).port);
    await assert.rejects(startSandbox({ ...QUICK, apiPort }), { code: "EADDRINUSE" });
    await one.close();
    const again = await start({ ...QUICK, apiPort, dnsPort: Number(one.resolver.split(":")[1]), httpsPort: one.httpsPort });
    assert.deepEqual([again.hostingerUrl, again.resolver, again.httpsPort], [one.hostingerUrl, one.resolver, one.httpsPort]);
  });

  it("closes while requests wait and VMs boot, and removes its CA file", async () => {
    const sandbox = await start({ ...QUICK, bootMs: 60_000 });
    await buy(sandbox);
    sandbox.addFault({ api: "hostinger", fault: { kind: "delay", delayMs: 60_000 } });
    const waiting = hostinger(sandbox, "GET", "vps/v1/templates");
    const ended = assert.rejects(waiting, TypeError);
    await until(sandbox, (state) => state.calls.hostinger > 0);
    assert.ok(existsSync(sandbox.caFile));
    await sandbox.close();
    await ended;
    assert.ok(!existsSync(sandbox.caFile));
  });

  it("binds to loopback only", async () => {
    for (const host of ["0.0.0.0", "192.168.1.1", "localhost", "::", "10.127.0.1"]) {
      await assert.rejects(startSandbox({ host }), /loopback addresses only/);
    }
  });

  it("says that nothing is real, and gives the environment that leads to it", async () => {
    const sandbox = await start(QUICK);
    assert.match(sandboxBanner(sandbox), /NOTHING HERE IS REAL/);
    assert.deepEqual(Object.keys(sandbox.env).sort(), [
      "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_BASE_URL", "CLOUDFLARE_ZONE_ID", "HOSTINGER_API_BASE_URL", "HOSTINGER_API_KEY",
      "USER_VPS_CA_FILE", "USER_VPS_DNS_RESOLVER", "USER_VPS_HEALTH_PORT", "USER_VPS_SSH_PORT",
    ]);
    assert.equal(readFileSync(sandbox.env["USER_VPS_CA_FILE"] ?? "", "utf8"), sandbox.caPem);
  });
});
