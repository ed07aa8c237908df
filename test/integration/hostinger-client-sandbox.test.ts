import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";

import { UserVpsError } from "../../providers/core/errors.ts";
import { poll } from "../../providers/core/polling.ts";
import { HostingerClient, specificationState, type Action, type PurchaseRequest, type VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { DATA_CENTERS, PLANS, TEMPLATES } from "../../providers/hostinger/api/specification.ts";
import { startSandbox, type FaultRule, type Sandbox } from "../../src/sandbox/index.ts";

const VM_PATH = "/api/vps/v1/virtual-machines";
const PASSWORD = "Fake-Password-For-Tests-123";
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDm0Ej7q0mQxSbDqXcKQpXh5m8o2cB8QeV4c1iJQz0aW deploy";

let sandbox: Sandbox;
let client: HostingerClient;

beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 40, scriptMs: 10, actionMs: 10 });
  client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken, retryLimitMs: 5_000 });
});
beforeEach(() => sandbox.reset());
afterAll(async () => {
  await client.close();
  await sandbox.close();
});

const order = (hostname = "alice.spoq.dev"): PurchaseRequest => ({
  itemId: "hostingercom-vps-kvm1-usd-1m",
  setup: { templateId: 1007, dataCenterId: 9, hostname, password: PASSWORD, enableBackups: false },
});

const quick = { initialIntervalMs: 10, maxIntervalMs: 50, factor: 1.5, timeoutMs: 5_000 };

function runningOrNot(vm: VirtualMachine): VirtualMachine | undefined {
  return vm.state === "running" && vm.actionsLock === "unlocked" && vm.ipv4[0] ? vm : undefined;
}

async function runningVm(): Promise<number> {
  const bought = await client.virtualMachines.purchase(order());
  assert.ok(bought.kind === "named");
  const id = bought.vmId;
  await poll({ ...quick, what: "the VM to run", check: async () => runningOrNot(await client.virtualMachines.get(id)) });
  return id;
}

async function control(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
}

/** Waits until an action has ended and the VM takes the next. */
async function completed(vmId: number, action: Promise<Action>): Promise<void> {
  const { id } = await action;
  const ended = await poll({
    ...quick,
    what: "the action to end",
    check: async () => {
      const now = await client.virtualMachines.action(vmId, id);
      return specificationState(now) === "running" ? undefined : now;
    },
  });
  assert.equal(specificationState(ended), "completed");
  await poll({
    ...quick,
    what: "the VM to be unlocked",
    check: async () => ((await client.virtualMachines.get(vmId)).actionsLock === "unlocked" ? true : undefined),
  });
}

describe("the client against the sandbox", () => {
  it("lists at least the specification's plans, data centers and templates", async () => {
    const prices = (await client.catalog.list({ category: "VPS" })).flatMap((item) => item.prices);
    for (const plan of PLANS) {
      const price = prices.find(({ id }) => id === plan.itemId);
      assert.equal(price?.priceCents, plan.monthlyPriceCents);
      assert.equal(price?.firstPeriodPriceCents, plan.firstMonthPriceCents);
    }
    const dataCenters = await client.dataCenters.list();
    for (const { id } of DATA_CENTERS) assert.ok(dataCenters.some((one) => one.id === id));
    const templates = await client.templates.list();
    for (const { id } of TEMPLATES) assert.ok(templates.some((one) => one.id === id));
    assert.equal((await client.templates.get(1007)).id, 1007);
    assert.ok((await client.paymentMethods.list()).some(({ isDefault }) => isDefault));
  });

  it("keeps scripts, over several pages", async () => {
    const created = await client.scripts.create({ name: "alice", content: "#!/bin/bash\necho 1\n" });
    await client.scripts.update(created.id, { name: "alice", content: "#!/bin/bash\necho 2\n" });
    assert.equal((await client.scripts.get(created.id)).content, "#!/bin/bash\necho 2\n");
    await Promise.all(Array.from({ length: 54 }, (_, index) => client.scripts.create({ name: `script ${index}`, content: "x" })));
    assert.equal((await client.scripts.list()).length, 55);
    await client.scripts.delete(created.id);
    await assert.rejects(client.scripts.get(created.id), (error) => error instanceof UserVpsError && error.code === "API_NOT_FOUND");
  });

  it("buys a VM and sees it run with an address", async () => {
    const id = await runningVm();
    const [vm] = await client.virtualMachines.list();
    assert.equal(vm?.id, id);
    assert.equal(vm?.hostname, "alice.spoq.dev");
    assert.equal(vm?.dataCenterId, 9);
    assert.equal(vm?.template?.id, 1007);
    assert.ok(Math.abs(client.serverTimeOffsetMs) < 3_000);
  });

  it("understands the purchase's answer as the specification has it", async () => {
    await control("settings", { purchaseAnswer: "specification" });
    const bought = await client.virtualMachines.purchase(order());
    assert.ok(bought.kind === "named");
    assert.equal(bought.orderStatus, "processing");
    assert.equal((await client.virtualMachines.get(bought.vmId)).hostname, "alice.spoq.dev");
  });

  it("sets up a VM that was bought but not installed", async () => {
    const id = await runningVm();
    await control(`vms/${id}/drift`, { kind: "initial" });
    assert.equal((await client.virtualMachines.get(id)).state, "initial");
    await client.virtualMachines.setup(id, order("carol.spoq.dev").setup);
    const vm = await poll({ ...quick, what: "the VM to run", check: async () => runningOrNot(await client.virtualMachines.get(id)) });
    assert.equal(vm.hostname, "carol.spoq.dev");
  });

  it("does every action on a VM", async () => {
    const id = await runningVm();
    const vms = client.virtualMachines;
    await completed(id, vms.stop(id));
    assert.equal((await vms.get(id)).state, "stopped");
    await completed(id, vms.start(id));
    await completed(id, vms.restart(id));
    await completed(id, vms.setHostname(id, "bob.spoq.dev"));
    assert.equal((await vms.get(id)).hostname, "bob.spoq.dev");
    await completed(id, vms.resetHostname(id));
    await completed(id, vms.setRootPassword(id, `${PASSWORD}-2`));
    await completed(id, vms.setNameservers(id, { ns1: "9.9.9.9", ns2: "1.1.1.1" }));
    const ipAddressId = (await vms.get(id)).ipv4[0]?.id;
    assert.ok(ipAddressId);
    await completed(id, vms.setPtr(id, ipAddressId, "alice.spoq.dev"));
    assert.equal((await vms.get(id)).ipv4[0]?.ptr, "alice.spoq.dev");
    await completed(id, vms.deletePtr(id, ipAddressId));
    assert.equal(await vms.snapshot.get(id), undefined);
    await completed(id, vms.snapshot.create(id));
    assert.ok((await vms.snapshot.get(id))?.id);
    await completed(id, vms.snapshot.restore(id));
    await completed(id, vms.snapshot.delete(id));
    await completed(id, vms.recreate(id, { templateId: 1007, password: PASSWORD }));
    const actions = await vms.actions(id, { allPages: true });
    assert.ok(actions.length >= 13, `${actions.length} actions`);
    assert.ok(Array.isArray(await vms.backups(id)));
    assert.ok(await vms.metrics(id, new Date(Date.now() - 3_600_000), new Date()));
    assert.equal(await vms.publicKeys(id), undefined);
  });

  it("keeps public keys and firewalls", async () => {
    const id = await runningVm();
    const key = await client.publicKeys.create({ name: "deploy", key: PUBLIC_KEY });
    await completed(id, client.publicKeys.attach(id, [key.id]));
    assert.deepEqual((await client.publicKeys.list()).map(({ name }) => name), ["deploy"]);
    await client.publicKeys.delete(key.id);

    const firewall = await client.firewalls.create("web");
    const rule = { protocol: "TCP", port: "443", source: "any", sourceDetail: "any" } as const;
    const added = await client.firewalls.addRule(firewall.id, rule);
    await client.firewalls.updateRule(firewall.id, added.id, { ...rule, port: "80" });
    assert.equal((await client.firewalls.get(firewall.id)).rules[0]?.port, "80");
    await completed(id, client.firewalls.activate(firewall.id, id));
    assert.equal((await client.virtualMachines.get(id)).firewallGroupId, firewall.id);
    await completed(id, client.firewalls.sync(firewall.id, id));
    await completed(id, client.firewalls.deactivate(firewall.id, id));
    await client.firewalls.deleteRule(firewall.id, added.id);
    await client.firewalls.delete(firewall.id);
    assert.deepEqual(await client.firewalls.list(), []);
  });

  it("switches auto-renewal off and on", async () => {
    const vm = await client.virtualMachines.get(await runningVm());
    assert.ok(vm.subscriptionId);
    assert.equal((await client.subscriptions.disableAutoRenewal(vm.subscriptionId)).isAutoRenewed, false);
    assert.equal((await client.subscriptions.enableAutoRenewal(vm.subscriptionId)).isAutoRenewed, true);
    assert.equal((await client.subscriptions.list()).length, 1);
  });

  it("says what the API refuses", async () => {
    const wrong = { ...order(), itemId: "no-such-item" };
    const refused = await client.virtualMachines.purchase(wrong);
    assert.ok(refused.kind === "refused" && refused.error.code === "API_REJECTED");
    const stranger = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: "fake-other-token" });
    await assert.rejects(stranger.virtualMachines.list(), (error) => error instanceof UserVpsError && error.code === "API_UNAUTHORIZED");
    await stranger.close();
  });
});

describe("the client against a sandbox with faults", () => {
  const fault = (rule: Omit<FaultRule, "api">) => sandbox.addFault({ api: "hostinger", ...rule });

  it("buys once when the answer is lost after the effect, and says that the outcome is unknown", async () => {
    fault({ method: "POST", path: `${VM_PATH}$`, fault: { kind: "drop-after" } });
    assert.equal((await client.virtualMachines.purchase(order())).kind, "unknown");
    assert.equal((await client.virtualMachines.list()).length, 1);
  });

  it("buys nothing when the connection breaks before the effect, and says that the outcome is unknown", async () => {
    fault({ method: "POST", path: `${VM_PATH}$`, fault: { kind: "drop-before" } });
    assert.equal((await client.virtualMachines.purchase(order())).kind, "unknown");
    assert.equal((await client.virtualMachines.list()).length, 0);
  });

  for (const [fault, vms] of [
    [{ kind: "garbage" }, 0],
    [{ kind: "hang" }, 0],
    [{ kind: "status", status: 500, afterEffect: false }, 0],
    [{ kind: "status", status: 500, afterEffect: true }, 1],
  ] as const) {
    it(`sends a purchase once, and says that the outcome is unknown, with the fault ${JSON.stringify(fault)}`, async () => {
      sandbox.addFault({ api: "hostinger", method: "POST", path: `${VM_PATH}$`, fault });
      assert.equal((await client.virtualMachines.purchase(order(), { timeoutMs: 2_000 })).kind, "unknown");
      assert.equal((await client.virtualMachines.list()).length, vms);
    });
  }

  it("buys once through refusals by the rate limit", async () => {
    fault({ method: "POST", path: `${VM_PATH}$`, times: 2, fault: { kind: "status", status: 429, headers: { "retry-after": "0.05" } } });
    assert.equal((await client.virtualMachines.purchase(order())).kind, "named");
    assert.equal((await client.virtualMachines.list()).length, 1);
  });

  it("lists through 5xx, broken connections and nonsense in turn", async () => {
    fault({ method: "GET", fault: { kind: "status", status: 502 } });
    fault({ method: "GET", fault: { kind: "drop-before" } });
    fault({ method: "GET", fault: { kind: "drop-after" } });
    assert.deepEqual(await client.virtualMachines.list(), []);
  });
});
