import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { buy, control, health, hostinger, provision, purchaseBody, QUICK, records, scriptFor, until, vmIs } from "./sandbox-support.ts";

const MACHINES = "vps/v1/virtual-machines";

describe("the sandbox's VMs", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
  });
  beforeEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  /** Long enough to be looked at on a busy machine while it is under way. */
  const slowly = (name: string) => control(sandbox, "POST", "actions", { name, durationMs: 300 });

  it("are creating without an address, then running with one, and their create action succeeds", async () => {
    await control(sandbox, "POST", "boot", { bootMs: 300 });
    const id = await buy(sandbox);
    const young = (await hostinger(sandbox, "GET", `${MACHINES}/${id}`)).body;
    assert.deepEqual([young.state, young.actions_lock, young.ipv4], ["creating", "locked", null]);
    await until(sandbox, vmIs(id, (vm) => vm.state === "running"));
    const vm = (await hostinger(sandbox, "GET", `${MACHINES}/${id}`)).body;
    assert.deepEqual([vm.state, vm.actions_lock, vm.plan], ["running", "unlocked", "KVM 1"]);
    assert.match(vm.ipv4[0].address, /^127\.77\.\d+\.\d+$/);
    const actions = (await hostinger(sandbox, "GET", `${MACHINES}/${id}/actions`)).body.data;
    assert.deepEqual([actions[0].name, actions[0].state], ["create", "success"]);
  });

  it("are bought once more, and billed once more, by every purchase", async () => {
    const ids = [await buy(sandbox), await buy(sandbox)];
    assert.notEqual(ids[0], ids[1]);
    const { purchases } = sandbox.state();
    assert.deepEqual(purchases.map(({ hostname, vmId, priceCents }) => ({ hostname, vmId, priceCents })), [
      { hostname: "alice.spoq.dev", vmId: ids[0], priceCents: 499 },
      { hostname: "alice.spoq.dev", vmId: ids[1], priceCents: 499 },
    ]);
    assert.equal((await hostinger(sandbox, "GET", "billing/v1/subscriptions")).body.length, 2);
  });

  it("answer a purchase in the specification's older shape if so set", async () => {
    await control(sandbox, "POST", "settings", { purchaseAnswer: "specification" });
    const { body } = await hostinger(sandbox, "POST", MACHINES, await purchaseBody(sandbox));
    assert.deepEqual(Object.keys(body), ["order_id", "virtual_machine_id", "status"]);
    assert.equal(body.status, "processing");
  });

  it("refuse a purchase with the reason for each field, and bill nothing", async () => {
    const good = await purchaseBody(sandbox);
    const wrongs: [field: string, setup: Record<string, unknown>][] = [
      ["setup.template_id", { template_id: 1 }],
      ["setup.data_center_id", { data_center_id: 1 }],
      ["setup.hostname", { hostname: "not a name" }],
      ["setup.hostname", { hostname: "single" }],
      ["setup.password", { password: "Short1" }],
      ["setup.password", { password: "no-uppercase-1" }],
      ["setup.password", { password: "NO-LOWERCASE-1" }],
      ["setup.password", { password: "No-Number-At-All" }],
      ["setup.password", { password: "Password1234" }],
      ["setup.post_install_script_id", { post_install_script_id: 1 }],
      ["setup.public_key.key", { public_key: { name: "k", key: "nonsense" } }],
    ];
    for (const [field, setup] of wrongs) {
      const answer = await hostinger(sandbox, "POST", MACHINES, { ...good, setup: { ...good.setup, ...setup } });
      assert.equal(answer.status, 422, field);
      assert.deepEqual(Object.keys(answer.body.errors), [field]);
    }
    const noPlan = await hostinger(sandbox, "POST", MACHINES, { ...good, item_id: "hostingercom-vps-kvm3-usd-1m" });
    assert.deepEqual([noPlan.status, Object.keys(noPlan.body.errors)], [422, ["item_id"]]);
    for (const [id, status] of [[1, 422], [6524, 422], [6525, 422], [6526, 402]]) {
      assert.equal((await hostinger(sandbox, "POST", MACHINES, { ...good, payment_method_id: id })).status, status);
    }
    await control(sandbox, "POST", "settings", { paymentsDeclined: true });
    assert.equal((await hostinger(sandbox, "POST", MACHINES, good)).status, 402);
    assert.equal(sandbox.state().purchases.length, 0);
  });

  it("take scripts up to 48 KB", async () => {
    const store = (bytes: number) =>
      hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: "big", content: "#".repeat(bytes) });
    assert.equal((await store(48 * 1024)).status, 200);
    assert.equal((await store(48 * 1024 + 1)).status, 422);
  });

  it("serve /health over TLS with a certificate of the sandbox's CA and no other", async () => {
    const vm = await provision(sandbox);
    assert.deepEqual(await health(sandbox, vm.address, vm.hostname), { status: 200, body: '{"status":"ok"}' });
    await assert.rejects(health(sandbox, vm.address, vm.hostname, ""), /unable to verify/);
    await assert.rejects(health(sandbox, vm.address, "bob.spoq.dev"));
    assert.match((await control(sandbox, "GET", `vms/${vm.id}/log`)).log, /Conductor: active/);
  });

  it("get their certificate only once the zone leads to them, and keep it", async () => {
    const id = await buy(sandbox);
    const vm = await until(sandbox, vmIs(id, (one) => one.health !== null));
    assert.ok(Date.parse(vm.answersSince!) <= Date.now());
    await assert.rejects(health(sandbox, vm.address ?? "", vm.hostname));
    const record = await records(sandbox, "POST", "", { name: vm.hostname, type: "A", content: vm.address, ttl: 60 });
    assert.equal((await health(sandbox, vm.address ?? "", vm.hostname)).status, 200);
    await records(sandbox, "DELETE", `/${record.body.result.id}`);
    assert.equal((await health(sandbox, vm.address ?? "", vm.hostname)).status, 200);
  });

  it("are not healthy if their script was for another host name or left the conductor out", async () => {
    const other = await provision(sandbox, { script: scriptFor("bob.spoq.dev") });
    await assert.rejects(health(sandbox, other.address, "alice.spoq.dev"));
    const broken = scriptFor("carol.spoq.dev").replace('jwt_secret = "$JWT_SECRET"', 'jwt_secret = "$JWT_SECRE"');
    const carol = await provision(sandbox, { hostname: "carol.spoq.dev", script: broken });
    assert.equal((await health(sandbox, carol.address, "carol.spoq.dev")).status, 502);
    assert.match(carol.scriptOutcome?.reasons.join() ?? "", /jwt_secret/);
    const bare = await buy(sandbox, { hostname: "dave.spoq.dev", script: null });
    const dave = await until(sandbox, vmIs(bare, (vm) => vm.state === "running"));
    await assert.rejects(health(sandbox, dave.address ?? "", "dave.spoq.dev"), { code: "ECONNREFUSED" });
  });

  it("run the script as it was when they were bought", async () => {
    const body = await purchaseBody(sandbox);
    const answer = await hostinger(sandbox, "POST", MACHINES, body);
    const path = `vps/v1/post-install-scripts/${body.setup.post_install_script_id}`;
    await hostinger(sandbox, "PUT", path, { name: "changed", content: "#!/bin/sh\n" });
    const vm = await until(sandbox, vmIs(answer.body.virtual_machine.id, (one) => one.scriptOutcome !== null));
    assert.deepEqual(vm.scriptOutcome?.reasons, []);
  });

  it("stop serving when stopped, and serve again when started", async () => {
    const vm = await provision(sandbox);
    await slowly("stop");
    await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/stop`);
    assert.equal(sandbox.state().vms[0]?.state, "stopping");
    await until(sandbox, vmIs(vm.id, (one) => one.state === "stopped" && !one.locked));
    await assert.rejects(health(sandbox, vm.address, vm.hostname), { code: "ECONNREFUSED" });
    await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/start`);
    await until(sandbox, vmIs(vm.id, (one) => one.health !== null));
    assert.equal((await health(sandbox, vm.address, vm.hostname)).status, 200);
  });

  it("are locked while an action is under way, and refuse a second one", async () => {
    const vm = await provision(sandbox);
    await slowly("restart");
    const first = await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/restart`);
    assert.equal(first.body.state, "created");
    const second = await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/stop`);
    assert.equal(second.status, 422);
    assert.match(second.body.message, /locked/);
    await until(sandbox, vmIs(vm.id, (one) => !one.locked));
    const action = await hostinger(sandbox, "GET", `${MACHINES}/${vm.id}/actions/${first.body.id}`);
    assert.equal(action.body.state, "success");
  });

  it("are wiped by recreate, which runs the script that it is given", async () => {
    const vm = await provision(sandbox);
    await slowly("recreate");
    await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/recreate`, { template_id: 1007 });
    assert.equal(sandbox.state().vms[0]?.state, "recreating");
    await until(sandbox, vmIs(vm.id, (one) => one.state === "running"));
    await assert.rejects(health(sandbox, vm.address, vm.hostname), { code: "ECONNREFUSED" });
    const stored = await hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: "new", content: scriptFor(vm.hostname) });
    await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/recreate`, { template_id: 1007, post_install_script_id: stored.body.id });
    await until(sandbox, vmIs(vm.id, (one) => one.health !== null));
    assert.equal((await health(sandbox, vm.address, vm.hostname)).status, 200);
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("are set up only in the state initial", async () => {
    await control(sandbox, "POST", "boot", { outcome: "initial" });
    const id = await buy(sandbox);
    await until(sandbox, vmIs(id, (vm) => vm.state === "initial"));
    assert.equal((await hostinger(sandbox, "POST", `${MACHINES}/${id}/start`)).status, 422);
    const { setup } = await purchaseBody(sandbox);
    assert.equal((await hostinger(sandbox, "POST", `${MACHINES}/${id}/setup`, setup)).status, 200);
    await until(sandbox, vmIs(id, (vm) => vm.health !== null));
    assert.equal((await hostinger(sandbox, "POST", `${MACHINES}/${id}/setup`, setup)).status, 422);
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("boot as they are told: into error, suspended, slowly, or with a script that fails", async () => {
    await control(sandbox, "POST", "boot", { hostname: "bad.spoq.dev", outcome: "error" });
    await control(sandbox, "POST", "boot", { hostname: "unpaid.spoq.dev", outcome: "suspended" });
    await control(sandbox, "POST", "boot", { hostname: "slow.spoq.dev", bootMs: 60_000 });
    await control(sandbox, "POST", "boot", { hostname: "broken.spoq.dev", outcome: "script-fails" });
    const [bad, unpaid, slow, broken] = [
      await buy(sandbox, { hostname: "bad.spoq.dev" }),
      await buy(sandbox, { hostname: "unpaid.spoq.dev" }),
      await buy(sandbox, { hostname: "slow.spoq.dev" }),
      await buy(sandbox, { hostname: "broken.spoq.dev" }),
    ];
    await until(sandbox, vmIs(bad, (vm) => vm.state === "error" && vm.actions[0]?.state === "error"));
    await until(sandbox, vmIs(unpaid, (vm) => vm.state === "suspended"));
    await until(sandbox, vmIs(broken, (vm) => vm.scriptOutcome?.reasons[0] === "the script stopped with an error"));
    assert.equal(sandbox.state().vms.find((vm) => vm.id === slow)?.state, "creating");
    const ordinary = await buy(sandbox, { hostname: "ordinary.spoq.dev" });
    await until(sandbox, vmIs(ordinary, (vm) => vm.health !== null));
    await control(sandbox, "POST", `vms/${bad}/drift`, { kind: "repaired" });
    await until(sandbox, vmIs(bad, (vm) => vm.state === "running" && vm.health !== null));
  });

  it("fail an action as they are told", async () => {
    const vm = await provision(sandbox);
    await control(sandbox, "POST", "actions", { name: "recreate", outcome: "error" });
    const { body } = await hostinger(sandbox, "POST", `${MACHINES}/${vm.id}/recreate`, { template_id: 1007 });
    await until(sandbox, vmIs(vm.id, (one) => one.state === "error"));
    assert.equal((await hostinger(sandbox, "GET", `${MACHINES}/${vm.id}/actions/${body.id}`)).body.state, "error");
  });

  it("list their public keys only if so set: the real API answers 404", async () => {
    const key = { name: "deploy", key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3Q test" };
    const id = await buy(sandbox, { setup: { public_key: key } });
    assert.equal((await hostinger(sandbox, "GET", `${MACHINES}/${id}/public-keys`)).status, 404);
    await control(sandbox, "POST", "settings", { vmPublicKeys: true });
    const listed = await hostinger(sandbox, "GET", `${MACHINES}/${id}/public-keys`);
    assert.equal(listed.body.data[0].key, key.key);
  });

  it("page scripts by 50", async () => {
    for (let number = 0; number < 51; number += 1) {
      await hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: `s${number}`, content: "#!/bin/sh\n" });
    }
    const first = (await hostinger(sandbox, "GET", "vps/v1/post-install-scripts")).body;
    const second = (await hostinger(sandbox, "GET", "vps/v1/post-install-scripts?page=2")).body;
    assert.deepEqual([first.data.length, first.meta], [50, { current_page: 1, per_page: 50, total: 51 }]);
    assert.deepEqual(second.data.map((script: { name: string }) => script.name), ["s50"]);
  });
});
