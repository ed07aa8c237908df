import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox, VmView } from "../../src/sandbox/index.ts";
import { control, health, hostinger, provision, QUICK, records, until, vmIs } from "./sandbox-support.ts";
import type { Body } from "./sandbox-support.ts";

describe("the sandbox's drift controls", () => {
  let sandbox: Sandbox;
  let vm: VmView & { address: string };
  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
  });
  beforeEach(async () => {
    sandbox.reset();
    vm = await provision(sandbox);
  });
  afterAll(() => sandbox.close());

  const drift = (body: object) => control(sandbox, "POST", `vms/${vm.id}/drift`, body);
  const got = async (): Promise<Body> => (await hostinger(sandbox, "GET", `vps/v1/virtual-machines/${vm.id}`)).body;

  it("stop and start a VM without an action", async () => {
    await drift({ kind: "stopped" });
    assert.equal((await got()).state, "stopped");
    await assert.rejects(health(sandbox, vm.address, vm.hostname), { code: "ECONNREFUSED" });
    assert.deepEqual(sandbox.state().vms[0]?.actions.map((action) => action.name), ["create"]);
    await drift({ kind: "started" });
    await until(sandbox, vmIs(vm.id, (one) => one.health !== null));
  });

  it("change what the VM is: name, plan, template, data center", async () => {
    await drift({ kind: "renamed", hostname: "eve.spoq.dev" });
    await drift({ kind: "plan", itemId: "hostingercom-vps-kvm4-usd-1m" });
    await drift({ kind: "template", templateId: 1002 });
    await drift({ kind: "data-center", dataCenterId: 19 });
    const { hostname, plan, cpus, template, data_center_id: dataCenterId } = await got();
    assert.deepEqual([hostname, plan, cpus, template.id, dataCenterId], ["eve.spoq.dev", "KVM 4", 4, 1002, 19]);
    await assert.rejects(drift({ kind: "plan", itemId: "hostingercom-vps-kvm3-usd-1m" }), /400/);
  });

  it("give the VM a new address, at which it answers from then on", async () => {
    await health(sandbox, vm.address, vm.hostname);
    await drift({ kind: "new-ip" });
    const address = (await got()).ipv4[0].address;
    assert.notEqual(address, vm.address);
    await until(sandbox, vmIs(vm.id, (one) => one.health?.address === address));
    assert.equal((await health(sandbox, address, vm.hostname)).status, 200);
    await assert.rejects(health(sandbox, vm.address, vm.hostname), { code: "ECONNREFUSED" });
  });

  it("put the VM into error, initial or suspended, and repair it", async () => {
    for (const kind of ["error", "initial", "suspended"]) {
      await drift({ kind });
      assert.equal((await got()).state, kind);
    }
    await drift({ kind: "repaired" });
    await until(sandbox, vmIs(vm.id, (one) => one.state === "running" && one.health !== null));
  });

  it("lock and unlock the VM", async () => {
    await drift({ kind: "locked" });
    assert.equal((await got()).actions_lock, "locked");
    assert.equal((await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${vm.id}/stop`)).status, 422);
    await drift({ kind: "unlocked" });
    assert.equal((await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${vm.id}/stop`)).status, 200);
  });

  it("make the VM unhealthy and healthy", async () => {
    await drift({ kind: "unhealthy" });
    assert.equal((await health(sandbox, vm.address, vm.hostname)).status, 503);
    await drift({ kind: "healthy" });
    assert.equal((await health(sandbox, vm.address, vm.hostname)).status, 200);
  });

  it("let the VM be gone, though it stays paid", async () => {
    await drift({ kind: "gone" });
    assert.equal((await hostinger(sandbox, "GET", `vps/v1/virtual-machines/${vm.id}`)).status, 404);
    assert.equal((await hostinger(sandbox, "GET", "billing/v1/subscriptions")).body[0].status, "active");
    await assert.rejects(health(sandbox, vm.address, vm.hostname), { code: "ECONNREFUSED" });
  });

  it("change, proxy, double and remove a DNS record", async () => {
    const of = (body: object) => control(sandbox, "POST", "records/drift", { name: vm.hostname, ...body });
    const listed = async (): Promise<Body[]> => (await records(sandbox, "GET")).body.result;
    await of({ kind: "content", content: "127.77.9.9" });
    await of({ kind: "ttl", ttl: 600 });
    const [record] = await listed();
    assert.deepEqual([record.content, record.ttl], ["127.77.9.9", 600]);
    await of({ kind: "doubled", content: "127.77.9.10" });
    assert.deepEqual((await listed()).map((one) => one.content), ["127.77.9.9", "127.77.9.10"]);
    await of({ kind: "proxied" });
    assert.ok((await listed()).every((one) => one.proxied === true));
    await of({ kind: "removed" });
    assert.deepEqual(await listed(), []);
    await assert.rejects(of({ kind: "removed" }), /404/);
  });

  it("make many users at once, which cost as much as if they had been bought", async () => {
    const { users } = await control(sandbox, "POST", "bulk", { count: 1_000 });
    assert.equal(users.length, 1_000);
    const list = (await hostinger(sandbox, "GET", "vps/v1/virtual-machines")).body;
    assert.equal(list.length, 1_001);
    assert.equal(sandbox.state().purchases.length, 1_001);
    const resolver = new Resolver();
    resolver.setServers([sandbox.resolver]);
    assert.deepEqual(await resolver.resolve4("user1000.spoq.dev"), [users[999].address]);
  });

  it("make users in bulk that answer over TLS if asked", async () => {
    const { users } = await control(sandbox, "POST", "bulk", { count: 20, prefix: "team", listeners: true });
    const last = users[19];
    await until(sandbox, vmIs(last.vmId, (one) => one.health !== null));
    assert.equal((await health(sandbox, last.address, "team20.spoq.dev")).status, 200);
  });

  it("have a few addresses serve many users in bulk, each by their own name", async () => {
    const { users } = await control(sandbox, "POST", "bulk", { count: 30, prefix: "many", sharedListeners: 2 });
    assert.equal(new Set(users.map(({ address }: { address: string }) => address)).size, 2);
    assert.equal((await health(sandbox, users[29].address, "many30.spoq.dev")).status, 200);
    await control(sandbox, "POST", `vms/${users[29].vmId}/drift`, { kind: "unhealthy" });
    assert.equal((await health(sandbox, users[29].address, "many30.spoq.dev")).status, 503);
    assert.equal((await health(sandbox, users[27].address, "many28.spoq.dev")).status, 200);
    await assert.rejects(health(sandbox, users[29].address, "nobody.spoq.dev"));
  });

  it("empty the world by reset", async () => {
    await control(sandbox, "POST", "reset");
    const { purchases, vms, records: left, scripts } = sandbox.state();
    assert.deepEqual([purchases, vms, left, scripts], [[], [], [], []]);
    await assert.rejects(health(sandbox, vm.address, vm.hostname), { code: "ECONNREFUSED" });
  });

  it("are refused for a VM that does not exist", async () => {
    await assert.rejects(control(sandbox, "POST", "vms/1/drift", { kind: "gone" }), /404/);
  });
});
