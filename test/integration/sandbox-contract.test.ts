import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { hostingerRoutes } from "../../src/sandbox/hostinger/api.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { Lifecycle } from "../../src/sandbox/vm/lifecycle.ts";
import { emptyState, World } from "../../src/sandbox/world.ts";
import { assertAnswer, CONTRACT, requiredFields } from "../contract/contract.ts";
import { buy, control, hostinger, QUICK, until, vmIs } from "./sandbox-support.ts";
import type { Body } from "./sandbox-support.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3Q test";
const OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVy other";
const PASSWORD = "SecurePassword123!";

describe("the sandbox's Hostinger API and the contract", () => {
  let sandbox: Sandbox;
  const called = new Set<string>();
  /** Ids of things made by earlier calls, by the name of their path parameter. */
  const ids: Record<string, string | number> = {};

  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
  });
  afterAll(() => sandbox.close());

  /** Calls an endpoint of the contract and checks status and answer; then, that each required field is demanded. */
  async function check(method: string, pattern: string, body?: Record<string, Body>, query = ""): Promise<Body> {
    const path = `${pattern.replace(/\{(\w+)\}/g, (_all, name: string) => String(ids[name]))}${query}`.replace("/api/", "");
    for (const field of requiredFields(`${method} ${pattern}`)) {
      const { [field]: _left, ...rest } = body ?? {};
      const answer = await hostinger(sandbox, method, path, rest);
      assert.equal(answer.status, 422, `${method} ${pattern} without ${field}`);
      assert.ok(field in answer.body.errors, `${method} ${pattern}: 422 names ${field}`);
      assert.match(answer.body.errors[field][0], /field is required/);
    }
    const answer = await hostinger(sandbox, method, path, body);
    assert.equal(answer.status, 200, `${method} ${pattern}: ${JSON.stringify(answer.body)}`);
    assertAnswer(`${method} ${pattern}`, 200, answer.body);
    called.add(`${method} ${pattern}`);
    return answer.body;
  }

  async function unlocked(): Promise<void> {
    await until(sandbox, vmIs(Number(ids["virtualMachineId"]), (vm) => !vm.locked));
  }

  it("billing: catalog, payment methods, subscriptions", async () => {
    await buy(sandbox);
    assert.equal((await check("GET", "/api/billing/v1/catalog")).length, 4);
    assert.equal((await check("GET", "/api/billing/v1/catalog", undefined, "?category=DOMAIN")).length, 0);
    assert.deepEqual((await check("GET", "/api/billing/v1/catalog", undefined, "?name=kvm%202*")).map((item: Body) => item.name), ["KVM 2"]);
    await check("GET", "/api/billing/v1/payment-methods");
    ids["subscriptionId"] = (await check("GET", "/api/billing/v1/subscriptions"))[0].id;
    const disabled = await check("DELETE", "/api/billing/v1/subscriptions/{subscriptionId}/auto-renewal/disable");
    assert.deepEqual([disabled.is_auto_renewed, disabled.status], [false, "not_renewing"]);
    const enabled = await check("PATCH", "/api/billing/v1/subscriptions/{subscriptionId}/auto-renewal/enable");
    assert.deepEqual([enabled.is_auto_renewed, enabled.status], [true, "active"]);
  });

  it("billing: payment methods, orders without setup, renewals", async () => {
    ids["paymentMethodId"] = 6526;
    await check("POST", "/api/billing/v1/payment-methods/{paymentMethodId}");
    const methods = await check("GET", "/api/billing/v1/payment-methods");
    assert.deepEqual(methods.filter((one: Body) => one.is_default).map((one: Body) => one.id), [6526]);
    assert.equal((await hostinger(sandbox, "POST", "billing/v1/orders", { items: [{ item_id: "hostingercom-vps-kvm1-usd-1m" }] })).status, 402);
    await check("DELETE", "/api/billing/v1/payment-methods/{paymentMethodId}");
    ids["paymentMethodId"] = 6523;
    await check("POST", "/api/billing/v1/payment-methods/{paymentMethodId}");

    const order = await check("POST", "/api/billing/v1/orders", { items: [{ item_id: "hostingercom-vps-kvm2-usd-1m", quantity: 1 }] });
    const vms = (await hostinger(sandbox, "GET", "vps/v1/virtual-machines")).body as Body[];
    assert.deepEqual(vms.filter((vm) => vm.subscription_id === order.subscription_id).map((vm) => [vm.state, vm.plan]), [["initial", "KVM 2"]]);
    const refused = await hostinger(sandbox, "POST", "billing/v1/orders", { items: [{ item_id: "nothing" }] });
    assert.deepEqual(Object.keys(refused.body.errors), ["items.0.item_id"]);

    ids["subscriptionId"] = order.subscription_id;
    const before = vms.length;
    await check("POST", "/api/billing/v1/subscriptions/{subscriptionId}/renew", {});
    const { expires_at, created_at } = (await check("GET", "/api/billing/v1/subscriptions")).find((one: Body) => one.id === order.subscription_id);
    assert.ok(Date.parse(expires_at) - Date.parse(created_at) > 50 * 86_400_000);
    assert.equal((await hostinger(sandbox, "GET", "vps/v1/virtual-machines")).body.length, before);
    const spare = vms.find((vm) => vm.subscription_id === order.subscription_id);
    await control(sandbox, "POST", `vms/${spare.id}/drift`, { kind: "gone" });
  });

  it("data centers and templates are those of the specification", async () => {
    const dataCenters = await check("GET", "/api/vps/v1/data-centers");
    assert.deepEqual(dataCenters.map((one: Body) => one.id).sort(), [11, 13, 14, 15, 17, 18, 19, 20, 21, 9]);
    const templates = await check("GET", "/api/vps/v1/templates");
    assert.deepEqual(templates.map((one: Body) => one.id), [1002, 1007, 1012, 1013, 1014, 1015, 1016]);
    ids["templateId"] = 1007;
    assert.equal((await check("GET", "/api/vps/v1/templates/{templateId}")).name, "Ubuntu 22.04 LTS");
  });

  it("post-install scripts", async () => {
    const all = "/api/vps/v1/post-install-scripts";
    ids["postInstallScriptId"] = (await check("POST", all, { name: "one", content: "#!/bin/sh\n" })).id;
    await check("GET", all);
    await check("GET", `${all}/{postInstallScriptId}`);
    const changed = await check("PUT", `${all}/{postInstallScriptId}`, { name: "two", content: "#!/bin/bash\n" });
    assert.deepEqual([changed.name, changed.content], ["two", "#!/bin/bash\n"]);
    await check("DELETE", `${all}/{postInstallScriptId}`);
  });

  it("virtual machines: purchase, list, get, setup, power, actions", async () => {
    const all = "/api/vps/v1/virtual-machines";
    const one = `${all}/{virtualMachineId}`;
    const setup = { template_id: 1007, data_center_id: 9, hostname: "bob.spoq.dev", password: PASSWORD };
    const bought = await check("POST", all, { item_id: "hostingercom-vps-kvm1-usd-1m", setup });
    ids["virtualMachineId"] = bought.virtual_machine.id;
    assert.equal((await check("GET", all)).length, 2);
    await check("GET", one);
    await unlocked();
    const running = await check("GET", one);
    assert.equal(running.state, "running");
    ids["ipAddressId"] = running.ipv4[0].id;
    for (const action of ["stop", "start", "restart"]) {
      ids["actionId"] = (await check("POST", `${one}/${action}`)).id;
      await unlocked();
      assert.equal((await check("GET", `${one}/actions/{actionId}`)).state, "success");
    }
    const actions = await check("GET", `${one}/actions`);
    assert.deepEqual(actions.data.map((action: Body) => action.name), ["restart", "start", "stop", "create"]);
    await check("POST", `${one}/recreate`, { template_id: 1002, password: PASSWORD });
    await unlocked();
    assert.equal((await check("GET", one)).template.id, 1002);
    await control(sandbox, "POST", `vms/${ids["virtualMachineId"]}/drift`, { kind: "initial" });
    await check("POST", `${one}/setup`, setup);
    await unlocked();
  });

  it("virtual machines: what can be changed in place", async () => {
    const one = "/api/vps/v1/virtual-machines/{virtualMachineId}";
    const calls: [method: string, path: string, body?: Record<string, Body>][] = [
      ["PUT", "hostname", { hostname: "carol.spoq.dev" }],
      ["DELETE", "hostname"],
      ["PUT", "root-password", { password: PASSWORD }],
      ["PUT", "panel-password", { password: PASSWORD }],
      ["PUT", "nameservers", { ns1: "9.9.9.9" }],
      ["POST", "ptr/{ipAddressId}", { domain: "carol.spoq.dev" }],
      ["DELETE", "ptr/{ipAddressId}"],
      ["POST", "snapshot"],
      ["GET", "snapshot"],
      ["POST", "snapshot/restore"],
      ["DELETE", "snapshot"],
      ["POST", "recovery", { root_password: PASSWORD }],
      ["DELETE", "recovery"],
    ];
    for (const [method, path, body] of calls) {
      await check(method, `${one}/${path}`, body);
      await unlocked();
    }
    ids["backupId"] = (await check("GET", `${one}/backups`)).data[0].id;
    await check("POST", `${one}/backups/{backupId}/restore`);
    await unlocked();
    await check("GET", `${one}/metrics`, undefined, "?date_from=2025-05-01T00:00:00Z&date_to=2025-05-02T00:00:00Z");
    const vm = await check("GET", one);
    assert.deepEqual([vm.hostname, vm.ns1, vm.state], [`srv${ids["virtualMachineId"]}.hstgr.cloud`, "9.9.9.9", "running"]);
  });

  it("virtual machines: recovery is stopped where there is one; malware scanner; Docker projects", async () => {
    const one = "/api/vps/v1/virtual-machines/{virtualMachineId}";
    const path = `vps/v1/virtual-machines/${ids["virtualMachineId"]}`;
    const none = await hostinger(sandbox, "DELETE", `${path}/recovery`);
    assert.deepEqual([none.status, none.body.message], [422, "Virtual machine is not in recovery mode"]);
    assert.equal((await hostinger(sandbox, "GET", `${path}/monarx`)).status, 422);
    await check("POST", `${one}/monarx`);
    await unlocked();
    assert.equal((await check("GET", `${one}/monarx`)).malicious, 0);
    await check("DELETE", `${one}/monarx`);
    await unlocked();

    const content = 'services:\n  web:\n    image: nginx:1.29\n    ports:\n      - "8080:80"\n  db:\n    image: postgres:18\nvolumes:\n  data:\n';
    ids["projectName"] = "my-project";
    await check("POST", `${one}/docker`, { project_name: "my-project", content });
    await unlocked();
    const [project] = await check("GET", `${one}/docker`);
    assert.deepEqual([project.state, project.containers.map((container: Body) => [container.image, container.state])], ["running", [["nginx:1.29", "running"], ["postgres:18", "running"]]]);
    assert.equal((await check("GET", `${one}/docker/{projectName}`)).content, content);
    const [web] = await check("GET", `${one}/docker/{projectName}/containers`);
    assert.deepEqual([web.ports[0].host_port, web.ports[0].container_port], [8080, 80]);
    assert.deepEqual((await check("GET", `${one}/docker/{projectName}/logs`)).map((log: Body) => log.service), ["web", "db"]);
    for (const [verb, state] of [["stop", "stopped"], ["start", "running"], ["restart", "running"], ["update", "running"]]) {
      await check("POST", `${one}/docker/{projectName}/${verb}`);
      await unlocked();
      assert.equal((await check("GET", `${one}/docker`))[0].state, state, verb);
    }
    await check("DELETE", `${one}/docker/{projectName}/down`);
    await unlocked();
    assert.deepEqual(await check("GET", `${one}/docker`), []);
  });

  it("public keys", async () => {
    const all = "/api/vps/v1/public-keys";
    ids["publicKeyId"] = (await check("POST", all, { name: "deploy", key: KEY })).id;
    await check("GET", all);
    await check("POST", `${all}/attach/{virtualMachineId}`, { ids: [ids["publicKeyId"]] });
    await unlocked();
    await control(sandbox, "POST", "settings", { vmPublicKeys: true });
    const attached = await check("GET", "/api/vps/v1/virtual-machines/{virtualMachineId}/public-keys");
    assert.equal(attached.data[0].id, ids["publicKeyId"]);
    await check("DELETE", `${all}/{publicKeyId}`);
  });

  it("SSH keys of a VM", async () => {
    const keys = "/api/vps/v1/virtual-machines/{virtualMachineId}/ssh-keys";
    const before = await check("GET", keys);
    assert.deepEqual(await check("POST", keys, { keys: [KEY.replace("test", "again"), OTHER_KEY] }), [...before, OTHER_KEY]);
    assert.deepEqual(await check("DELETE", keys, { keys: [OTHER_KEY.replace("other", "renamed")] }), before);
    const path = `vps/v1/virtual-machines/${ids["virtualMachineId"]}/ssh-keys`;
    assert.deepEqual(Object.keys((await hostinger(sandbox, "POST", path, { keys: [KEY, "no key"] })).body.errors), ["keys.1"]);
  });

  it("firewalls", async () => {
    const all = "/api/vps/v1/firewall";
    const one = `${all}/{firewallId}`;
    const rule = { protocol: "TCP", port: "443", source: "any", source_detail: "any" };
    ids["firewallId"] = (await check("POST", all, { name: "web only" })).id;
    ids["ruleId"] = (await check("POST", `${one}/rules`, rule)).id;
    await check("PUT", `${one}/rules/{ruleId}`, { ...rule, port: "80:443" });
    await check("GET", all);
    assert.equal((await check("GET", one)).is_synced, false);
    await check("POST", `${one}/activate/{virtualMachineId}`);
    await unlocked();
    assert.equal((await check("GET", one)).is_synced, true, "an activation brings the rules along");
    const replaced = await check("PUT", `${one}/rules`, { rules: [{ ...rule, port: "80:443" }, { ...rule, port: "22" }], sync: false });
    assert.deepEqual([replaced.is_synced, replaced.rules.map((one: Body) => one.port), replaced.rules[0].id], [false, ["80:443", "22"], ids["ruleId"]]);
    await check("POST", `${one}/sync`);
    await unlocked();
    assert.equal((await check("GET", one)).is_synced, true);
    await check("PUT", `${one}/rules`, { rules: [{ ...rule, port: "22" }], sync: true });
    await unlocked();
    assert.equal((await check("GET", one)).is_synced, true);
    const odd = await hostinger(sandbox, "PUT", `vps/v1/firewall/${ids["firewallId"]}/rules`, { rules: [rule, { ...rule, port: "x" }] });
    assert.deepEqual([odd.status, Object.keys(odd.body.errors)], [422, ["rules.1.port"]]);
    ids["ruleId"] = (await check("GET", one)).rules[0].id;
    for (const verb of ["sync", "deactivate"]) {
      await check("POST", `${one}/${verb}/{virtualMachineId}`);
      await unlocked();
    }
    await check("DELETE", `${one}/rules/{ruleId}`);
    await check("DELETE", one);
  });

  it("errors have the shapes of the contract", async () => {
    const path = "/api/vps/v1/virtual-machines";
    const invalid = await hostinger(sandbox, "POST", "vps/v1/virtual-machines", {});
    assert.deepEqual(Object.keys(invalid.body).sort(), ["correlation_id", "errors", "message"]);
    assert.match(invalid.body.message, /^The item id field is required\. \(and 1 more error\)$/);
    const stranger = await fetch(sandbox.hostingerUrl + path, { headers: { authorization: "Bearer fake-wrong-token" } });
    assert.equal(stranger.status, 401);
    const body = (await stranger.json()) as Body;
    assertAnswer(`GET ${path}`, 401, body);
    assert.equal(body.message, "Unauthenticated");
    const missing = await hostinger(sandbox, "GET", "vps/v1/virtual-machines/1");
    assert.equal(missing.status, 404);
    // The contract has no 404; it has the shape of all errors.
    assertAnswer(`GET ${path}`, 500, missing.body);
  });

  it("every endpoint of the sandbox is one of the contract and was checked here", () => {
    const world = new World({ state: emptyState(), pace: QUICK, domain: "spoq.dev", zoneId: "z" });
    const routes = hostingerRoutes({ world, lifecycle: new Lifecycle(world) });
    for (const { method, pattern } of routes) {
      assert.ok(CONTRACT.operations[`${method} ${pattern}`], `${method} ${pattern} is in the contract`);
      assert.ok(called.has(`${method} ${pattern}`), `${method} ${pattern} was checked`);
    }
    const served = new Set(routes.map(({ method, pattern }) => `${method} ${pattern}`));
    assert.deepEqual(Object.keys(CONTRACT.operations).filter((operation) => !served.has(operation)), [], "every operation of the contract is served");
  });
});
