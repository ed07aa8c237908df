/** A VM that does not run, is gone, or was wiped before: what may be done with it all the same, and what of it is remembered. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";
import { beginRun, inputs } from "../support/vm-provider.ts";
import type { Values } from "../support/vm-provider.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 });
  Object.assign(process.env, { HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "2", HOSTINGER_PURCHASE_INTENT_SECONDS: "2", HOSTINGER_RUNNING_TIMEOUT_SECONDS: "3", HOSTINGER_NOT_FOUND_GRACE_SECONDS: "0.3" });
  beginRun(sandbox);
});
afterEach(() => {
  sandbox.reset();
  beginRun(sandbox);
});
afterAll(() => sandbox.close());

async function drift(id: string, kind: string): Promise<void> {
  const response = await fetch(`${sandbox.controlUrl}/vms/${id}/drift`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind }) });
  assert.ok(response.ok, await response.text());
}

/** Whatever is asked of this VM tells that it is destroyed. */
function showDestroyed(id: string): void {
  sandbox.addFault({ api: "hostinger", method: "GET", path: `/api/vps/v1/virtual-machines/${id}$`, times: 0, fault: { kind: "status", status: 200, body: { ...shown, id: Number(id), state: "destroyed" } } });
}
const shown = { hostname: ALICE["hostname"], plan: "KVM 1", template: null, data_center_id: 9, ipv4: [], ipv6: [], actions_lock: "unlocked", subscription_id: null, created_at: "2026-01-01T00:00:00Z", firewall_group_id: null };

/** What is kept of a create or update that failed. */
async function keptBy(failing: Promise<unknown>, code: string): Promise<Values> {
  const error = await failing.then(() => assert.fail("expected a failure"), (reason: unknown) => reason as Error & { properties: Values });
  assert.match(error.message, new RegExp(`^${code}:`));
  return error.properties;
}

function vmOf(id: string) {
  return sandbox.state().vms.find((vm) => vm.id === Number(id))!;
}

describe("a VM that may be given up by what the program says now", () => {
  for (const [state, code] of [["error", "VM_ERROR"], ["suspended", "VM_SUSPENDED"]] as const) {
    it(`is, although it is in the state '${state}' and the update that said so has failed`, async () => {
      const { id, outs } = await provider.create(inputs());
      await drift(id, state);
      const { props } = await provider.read(id, outs);
      const kept = await keptBy(provider.update(id, props, inputs({ allowDelete: true })), code);
      await provider.delete(id, kept);
      assert.equal(vmOf(id).autoRenewed, false);
    });
  }

  it("is protected again by an update that fails, too", async () => {
    const { id, outs } = await provider.create(inputs({ allowDelete: true }));
    await drift(id, "error");
    const { props } = await provider.read(id, outs);
    await assert.rejects(provider.delete(id, await keptBy(provider.update(id, props, inputs()), "VM_ERROR")), /DELETION_PROTECTED/);
  });

  it("needs no permission if it is gone, and does if it is there again", async () => {
    const { id, outs } = await provider.create(inputs());
    await assert.rejects(provider.delete(id, { ...outs, state: "gone" }), /DELETION_PROTECTED/);
    await drift(id, "gone");
    const { props } = await provider.read(id, outs);
    await provider.delete(id, props);
  });
});

describe("a VM that Hostinger takes back", () => {
  it("before it ever ran is kept as gone, and replaced by the next run that may", async () => {
    sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines/\\d+$", times: 0, fault: { kind: "status", status: 404, body: { message: "Not found.", correlation_id: "fake" } } });
    const creating = provider.create(inputs());
    while (sandbox.state().vms.length === 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
    const id = String(sandbox.state().vms[0]!.id);
    await drift(id, "gone");
    const kept = await keptBy(creating, "VM_GONE");
    sandbox.clearFaults();
    assert.equal(kept["state"], "gone");
    await keptBy(provider.update(id, kept, inputs()), "VM_GONE");
    const replacing = inputs({ allowReplaceOf: Number(id) });
    assert.deepEqual(provider.diff(id, kept, replacing), { changes: true, replaces: ["vmId"] });
    const { id: other } = await provider.create(replacing);
    assert.notEqual(other, id);
    await provider.delete(id, kept);
  });

  it("before it ever ran is gone for a refresh that still shows it as destroyed", async () => {
    const { id, outs } = await provider.create(inputs());
    showDestroyed(id);
    const { props, inputs: drifted } = await provider.read(id, { ...outs, state: "creating" });
    assert.deepEqual([props["state"], drifted?.["goneVmId"]], ["gone", Number(id)]);
  });

  it("and shows again after all is gone on with", async () => {
    const { id, outs } = await provider.create(inputs());
    const { outs: after } = await provider.update(id, { ...outs, state: "gone" }, inputs());
    assert.deepEqual([after["state"], sandbox.state().purchases.length], ["running", 1]);
  });
});

describe("a wipe", () => {
  const wipes = (id: string) => vmOf(id).actions.filter(({ name }) => name === "recreate").length;

  it("for another template is ordered although an earlier one was asked for by the same `recreation`", async () => {
    const { id, outs } = await provider.create(inputs());
    const asked = { recreation: "1 after action 0", allowRecreateOf: Number(id) };
    const { outs: recreated } = await provider.update(id, outs, inputs(asked));
    const { outs: after } = await provider.update(id, recreated, inputs({ ...asked, templateId: 1002 }));
    assert.deepEqual([wipes(id), after["templateId"], vmOf(id).templateId], [2, 1002, 1002]);
  });

  it("installs what is taken over wiped, whatever `recreation` stands there", async () => {
    const { id, outs } = await provider.create(inputs({ allowDelete: true, wipeOnDelete: true, postInstallFingerprint: "aa" }));
    await provider.delete(id, outs);
    assert.equal(wipes(id), 1);
    beginRun(sandbox);
    const { outs: taken } = await provider.create(inputs({ importId: Number(id), importWiped: true, postInstallFingerprint: "aa", recreation: "1 after action 0" }));
    assert.deepEqual([wipes(id), taken["state"], vmOf(id).hostname], [2, "running", ALICE["hostname"]]);
  });
});
