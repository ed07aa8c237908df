import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { leaveEngine } from "../../providers/core/engine-liveness.ts";
import * as provider from "../../providers/hostinger/firewall-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { control, hostinger, provision, QUICK } from "./sandbox-support.ts";

type Values = Record<string, unknown>;
const SSH = { protocol: "TCP", port: "22", source: "any", sourceDetail: "any" };
const HTTPS = { ...SSH, port: "443" };
const OFFICE = { protocol: "TCP", port: "5432", source: "custom", sourceDetail: "192.0.2.0/24" };

let sandbox: Sandbox;
let vmId: number;
beforeAll(async () => {
  sandbox = await startSandbox(QUICK);
  process.env["HOSTINGER_NOT_FOUND_GRACE_SECONDS"] = "1";
});
beforeEach(beginRun);
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

function beginRun(): void {
  leaveEngine();
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
  provider.configure({ get: (key) => settings[key] });
}

const inputs = (more: Values = {}): Values => ({ name: "alice.spoq.dev", vmId, rules: [SSH, HTTPS], __provider: "serialised provider", ...more });
async function created(more: Values = {}) {
  ({ id: vmId } = await provision(sandbox));
  return provider.create(inputs(more));
}
const only = () => {
  const { firewalls } = sandbox.state();
  assert.equal(firewalls.length, 1);
  return firewalls[0]!;
};
const ports = () => only().rules.map(({ port }) => port).sort();
const isClean = (id: string, outs: Values, more: Values = {}) => assert.deepEqual(provider.diff(id, outs, inputs(more)), { changes: false, replaces: [] });
const firewallCall = (method: string, path: string, body?: unknown) => hostinger(sandbox, method, `vps/v1/firewall/${path}`, body);
const activeOn = async (id = vmId) => (await hostinger(sandbox, "GET", `vps/v1/virtual-machines/${id}`)).body.firewall_group_id as number | null;

describe("a firewall", () => {
  it("is made with its rules, activated and synced; then nothing is left to do", async () => {
    const { id, outs } = await created();
    assert.deepEqual([ports(), only().synced, await activeOn()], [["22", "443"], true, Number(id)]);
    isClean(id, outs);
    isClean(id, (await provider.read(id, outs)).props);
    assert.ok(!("__provider" in outs));
  });

  it("is made once when the answer to its creation is lost", async () => {
    ({ id: vmId } = await provision(sandbox));
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/firewall", times: 1, fault: { kind: "drop-after" } });
    await assert.rejects(provider.create(inputs()), /API_/);
    const { id } = await provider.create(inputs());
    assert.equal(String(only().id), id);
  });

  it("keeps what is there, marked as failed, when a later step fails; the next `up` goes on", async () => {
    ({ id: vmId } = await provision(sandbox));
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/firewall/\\d+/activate/", times: 1, fault: { kind: "status", status: 403 } });
    const failure = await provider.create(inputs()).then(() => assert.fail("expected a failure"), (error: unknown) => error as { id: string; properties: Values });
    assert.equal(failure.id, String(only().id));
    assert.equal(provider.diff(failure.id, failure.properties, inputs()).changes, true);
    const { outs } = await provider.update(failure.id, failure.properties, inputs());
    isClean(failure.id, outs);
    assert.equal(await activeOn(), Number(failure.id));
  });

  it("has its rules changed in place: those that stay keep their ids", async () => {
    const { id, outs } = await created();
    const ssh = only().rules.find(({ port }) => port === "22")!.id;
    const rules = [OFFICE, SSH];
    const updated = await provider.update(id, outs, inputs({ rules }));
    assert.deepEqual([ports(), only().synced], [["22", "5432"], true]);
    assert.equal(only().rules.find(({ port }) => port === "22")!.id, ssh);
    isClean(id, updated.outs, { rules: [SSH, OFFICE] });
  });

  it("does nothing at Hostinger when the order of the rules alone differs", async () => {
    const { id, outs } = await created();
    isClean(id, outs, { rules: [HTTPS, SSH] });
  });

  const drifts: [what: string, drift: (id: string) => Promise<unknown>][] = [
    ["a rule that was removed", async (id) => firewallCall("DELETE", `${id}/rules/${only().rules[0]!.id}`)],
    ["a rule that was added", async (id) => firewallCall("POST", `${id}/rules`, { protocol: "TCP", port: "23", source: "any", source_detail: "any" })],
    ["a rule that was changed", async (id) => firewallCall("PUT", `${id}/rules/${only().rules[0]!.id}`, { protocol: "UDP", port: "22", source: "any", source_detail: "any" })],
    ["a VM that was taken out of it", async (id) => firewallCall("POST", `${id}/deactivate/${vmId}`)],
  ];
  for (const [what, drift] of drifts) {
    it(`shows and repairs ${what}`, async () => {
      const { id, outs } = await created();
      await drift(id);
      await new Promise((resolve) => setTimeout(resolve, 2 * QUICK.actionMs));
      const { props } = await provider.read(id, outs);
      assert.equal(provider.diff(id, props, inputs()).changes, true);
      const repaired = await provider.update(id, props, inputs());
      assert.deepEqual([ports(), only().synced, await activeOn()], [["22", "443"], true, Number(id)]);
      isClean(id, (await provider.read(id, repaired.outs)).props);
    });
  }

  it("moves to another VM, and leaves the old one without it", async () => {
    const { id, outs } = await created();
    const before = vmId;
    ({ id: vmId } = await provision(sandbox, { hostname: "bob.spoq.dev" }));
    await provider.update(id, outs, inputs());
    assert.deepEqual([await activeOn(before), await activeOn()], [null, Number(id)]);
  });

  it("moves away from a VM that takes no orders, and is removed from under one: nothing waits for it", async () => {
    const { id, outs } = await created();
    const before = vmId;
    await control(sandbox, "POST", `vms/${before}/drift`, { kind: "suspended" });
    ({ id: vmId } = await provision(sandbox, { hostname: "bob.spoq.dev" }));
    const moved = await provider.update(id, outs, inputs());
    isClean(id, moved.outs);
    assert.deepEqual([await activeOn(before), await activeOn()], [Number(id), Number(id)]);
    beginRun();
    await control(sandbox, "POST", `vms/${vmId}/drift`, { kind: "suspended" });
    await provider.delete(id, moved.outs);
    assert.deepEqual(sandbox.state().firewalls, []);
  });

  it("is reported gone when it is gone", async () => {
    const { id, outs } = await created();
    await firewallCall("DELETE", id);
    assert.deepEqual(await provider.read(id, outs), { id: "", props: {} });
  });

  it("stays when another resource has taken it over in the same run, as after one that was given another name, and goes in a later one", async () => {
    const before = await created();
    const after = await provider.create(inputs());
    assert.equal(after.id, before.id);
    await provider.delete(before.id, before.outs);
    assert.deepEqual([ports(), await activeOn()], [["22", "443"], Number(after.id)]);
    beginRun();
    await provider.delete(after.id, after.outs);
    assert.deepEqual([sandbox.state().firewalls, await activeOn()], [[], null]);
  });

  it("is taken off the VM and removed; one that is gone already, or whose VM is, is no failure", async () => {
    const { id, outs } = await created();
    await provider.delete(id, outs);
    assert.deepEqual([sandbox.state().firewalls, await activeOn()], [[], null]);
    await provider.delete(id, outs);

    const second = await provider.create(inputs());
    await control(sandbox, "POST", `vms/${vmId}/drift`, { kind: "gone" });
    await provider.delete(second.id, second.outs);
    assert.deepEqual(sandbox.state().firewalls, []);
  });

  const notFound = (times: number) => sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines/\\d+$", times, fault: { kind: "status", status: 404 } });

  it("is activated also where the VM is not found for a moment", async () => {
    const { id, outs } = await created();
    notFound(1);
    await provider.update(id, { ...outs, active: false }, inputs());
    assert.equal(await activeOn(), Number(id));
  });

  it("of a VM that is listed, but not found, is neither called inactive nor removed from under it", async () => {
    const { id, outs } = await created();
    beginRun();
    notFound(2);
    await assert.rejects(provider.read(id, outs), /VM_NOT_FOUND/);
    await assert.rejects(provider.delete(id, outs), /VM_NOT_FOUND/);
    await provider.delete(id, outs);
    assert.equal(await activeOn(), null);
  });

  it("is replaced when its name changes, because the API cannot rename one", async () => {
    const { id, outs } = await created();
    assert.deepEqual(provider.diff(id, outs, inputs({ name: "bob.spoq.dev" })), { changes: true, replaces: ["name"] });
  });

  const refused: [what: string, values: Values, reason: RegExp][] = [
    ["no rules", { rules: [] }, /at least one rule/],
    ["an unknown protocol", { rules: [{ ...SSH, protocol: "tcp" }] }, /rule 1: protocol/],
    ["a port that is none", { rules: [SSH, { ...SSH, port: "0" }] }, /rule 2: port/],
    ["a range that runs backwards", { rules: [{ ...SSH, port: "20:10" }] }, /rule 1: port/],
    ["a source that is none", { rules: [{ ...SSH, source: "office" }] }, /rule 1: source:/],
    ["a rule twice", { rules: [SSH, SSH] }, /twice/],
    ["an empty name", { name: " " }, /name/],
    ["no VM", { vmId: 0 }, /whole number/],
  ];
  for (const [what, values, reason] of refused) {
    it(`refuses ${what}`, () => {
      assert.match(provider.check({}, inputs(values)).failures.map((failure) => failure.reason).join(), reason);
    });
  }
});
