import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";
import { beginRun, inputs } from "../support/vm-provider.ts";
import type { Values } from "../support/vm-provider.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeKeyForTestsFakeKeyForTestsFakeKeyFor deploy";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 });
  Object.assign(process.env, { HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "2", HOSTINGER_PURCHASE_INTENT_SECONDS: "2", HOSTINGER_PURCHASE_SETTLE_SECONDS: "0.3", HOSTINGER_INITIAL_GRACE_SECONDS: "0.1", HOSTINGER_RUNNING_TIMEOUT_SECONDS: "3", HOSTINGER_NOT_FOUND_GRACE_SECONDS: "1" });
});
beforeEach(() => beginRun(sandbox));
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

async function created(changes: Values = {}): Promise<{ id: string; outs: Values }> {
  return provider.create(inputs(changes));
}

async function control(path: string, body: unknown): Promise<void> {
  const response = await fetch(`${sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.ok(response.ok, await response.text());
}

function onlyVm() {
  const { vms } = sandbox.state();
  assert.equal(vms.length, 1);
  return vms[0]!;
}

/** The error by which create and update say 'it is there, but not ready'. */
async function failsKeepingVm(promise: Promise<unknown>, code: string): Promise<{ id: string; properties: Values }> {
  const error = await promise.then(() => assert.fail("expected a failure"), (reason: unknown) => reason as Error & { id: string; properties: Values; reasons: string[] });
  assert.match(error.message, new RegExp(`^${code}:`));
  assert.deepEqual(error.reasons, [error.message]);
  assert.equal(error.properties["__provider"], "serialised provider");
  return error;
}

describe("creating a VM", () => {
  it("buys it and waits until it runs and has an address", async () => {
    const { id, outs } = await created();
    const vm = onlyVm();
    assert.equal(id, String(vm.id));
    assert.deepEqual([outs["state"], outs["ipv4"], outs["acquired"], outs["subscriptionId"]], ["running", vm.address, "bought", vm.subscriptionId]);
    assert.deepEqual(provider.diff(id, outs, inputs()), { changes: false, replaces: [] });
  });

  it("understands the purchase's answer in the specification's older shape", async () => {
    await control("settings", { purchaseAnswer: "specification" });
    const { id } = await created();
    assert.equal(id, String(onlyVm().id));
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("switches auto-renewal off where it is declared so", async () => {
    await created({ autoRenew: false });
    assert.equal(onlyVm().autoRenewed, false);
  });

  it("hands the SSH key to the purchase", async () => {
    await created({ sshPublicKey: KEY });
    assert.deepEqual(onlyVm().rootKeys, [KEY]);
  });

  it("whose setup breaks off keeps it: the next run sets it up, and nothing is bought", async () => {
    await control("purchases", { setup: "fails" });
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines/\\d+/setup$", times: 0, fault: { kind: "status", status: 403, body: { message: "Forbidden.", correlation_id: "fake" } } });
    const { id, properties } = await failsKeepingVm(created(), "API_FORBIDDEN");
    assert.equal(onlyVm().state, "initial");
    sandbox.clearFaults();
    const { outs } = await provider.update(id, properties, inputs());
    assert.deepEqual([outs["state"], onlyVm().state, sandbox.state().purchases.length], ["running", "running", 1]);
  });

  it("sets up a VM that stays in `initial`", async () => {
    await control("boot", { outcome: "initial" });
    const { outs } = await created();
    assert.equal(outs["state"], "running");
    assert.equal(sandbox.state().purchases.length, 1);
  });

  for (const [outcome, code] of [["error", "VM_ERROR"], ["suspended", "VM_SUSPENDED"]] as const) {
    it(`keeps a VM that ends in ${outcome}, and goes on with it once it is repaired`, async () => {
      await control("boot", { outcome });
      const failure = await failsKeepingVm(created(), code);
      assert.equal(failure.id, String(onlyVm().id));
      await control(`vms/${failure.id}/drift`, { kind: "repaired" });
      const { outs } = await provider.update(failure.id, failure.properties, inputs());
      assert.deepEqual(provider.diff(failure.id, outs, inputs()), { changes: false, replaces: [] });
      assert.equal(sandbox.state().purchases.length, 1);
    });
  }

  it("keeps a VM that takes too long, and waits on for the same one", async () => {
    await control("boot", { bootMs: 3_500 });
    const failure = await failsKeepingVm(created(), "VM_(NOT_RUNNING|LOCKED)");
    const { outs } = await provider.update(failure.id, failure.properties, inputs());
    assert.equal(outs["state"], "running");
    assert.equal(sandbox.state().purchases.length, 1);
    // The script's stub closes the purchase at the end of that `up`; where there is none, the VM's next update does.
    assert.deepEqual([sandbox.state().scripts.length, typeof outs["purchaseRecordId"]], [1, "number"]);
    const { outs: later } = await provider.update(failure.id, outs, inputs({ autoRenew: false }));
    assert.deepEqual([sandbox.state().scripts.length, "purchaseRecordId" in later], [0, false]);
  });

  it("refuses a VM that nothing but its host name ties to the stack, and says how to take it over", async () => {
    const { id, outs } = await created();
    await provider.update(id, outs, inputs());
    await assert.rejects(created(), new RegExp(`VM_NOT_OURS: .*importVmId ${id}`));
    const { outs: imported } = await created({ importId: Number(id), rootPassword: "fake-Password-2", sshPublicKey: KEY });
    assert.equal(imported["acquired"], "imported");
    assert.deepEqual(onlyVm().rootKeys, [KEY]);
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("goes on with what it has bought as long as no state is known to hold it, and closes the purchase then", async () => {
    const { id } = await created();
    assert.equal(sandbox.state().scripts.length, 1);
    // The engine died before it could save what `create` had said.
    const { id: again, outs } = await created();
    assert.deepEqual([again, sandbox.state().purchases.length], [id, 1]);
    const { outs: updated } = await provider.update(again, outs, inputs({ autoRenew: false }));
    assert.deepEqual([sandbox.state().scripts.length, "purchaseRecordId" in updated], [0, false]);
  });

  it("imports a VM by its id, and gives it the declared host name", async () => {
    const { id } = await created({ hostname: "other.spoq.dev" });
    const { id: imported, outs } = await created({ importId: Number(id) });
    assert.equal(imported, id);
    assert.deepEqual([outs["acquired"], onlyVm().hostname], ["imported", "alice.spoq.dev"]);
  });

  it("refuses to import a VM that is not as declared", async () => {
    const { id } = await created({ hostname: "other.spoq.dev", plan: "hostingercom-vps-kvm2-usd-1m" });
    await assert.rejects(created({ importId: Number(id) }), /VM_MISMATCH/);
  });
});

describe("changing a VM in place", () => {
  const changes: [string, Values, (vm: ReturnType<typeof onlyVm>) => void][] = [
    ["host name", { hostname: "alina.spoq.dev" }, (vm) => assert.equal(vm.hostname, "alina.spoq.dev")],
    ["auto-renewal", { autoRenew: false }, (vm) => assert.equal(vm.autoRenewed, false)],
    ["SSH key", { sshPublicKey: KEY }, (vm) => assert.deepEqual(vm.rootKeys, [KEY])],
  ];
  for (const [what, change, assertDone] of changes) {
    it(`changes the ${what}`, async () => {
      const { id, outs } = await created();
      const updated = await provider.update(id, outs, inputs(change));
      assertDone(onlyVm());
      assert.deepEqual(provider.diff(id, updated.outs, inputs(change)), { changes: false, replaces: [] });
      assert.equal(onlyVm().state, "running");
    });
  }

  it("removes the former SSH key when it changes or is declared no more, and leaves the user's own", async () => {
    const { id, outs } = await created({ sshPublicKey: KEY });
    const own = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOwnKeyOfTheUserForTestsOwnKeyOfTheUserX me@home";
    const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtherKeyForTestsOtherKeyForTestsOtherKeyX other";
    await control(`vms/${id}/drift`, { kind: "root-keys", keys: [`${KEY.split(" ").slice(0, 2).join(" ")} another comment`, own] });
    const exchanged = await provider.update(id, outs, inputs({ sshPublicKey: other }));
    assert.deepEqual(onlyVm().rootKeys, [own, other]);
    assert.deepEqual(provider.diff(id, exchanged.outs, inputs({ sshPublicKey: other })), { changes: false, replaces: [] });
    const without = await provider.update(id, exchanged.outs, inputs());
    assert.deepEqual(onlyVm().rootKeys, [own]);
    assert.deepEqual(provider.diff(id, without.outs, inputs()), { changes: false, replaces: [] });
  });

  it("shows an SSH key that somebody took away, and sets it again", async () => {
    const { id, outs } = await created({ sshPublicKey: KEY });
    await control(`vms/${id}/drift`, { kind: "root-keys", keys: [] });
    const { props } = await provider.read(id, outs);
    assert.equal(provider.diff(id, props, inputs({ sshPublicKey: KEY })).changes, true);
    const repaired = await provider.update(id, props, inputs({ sshPublicKey: KEY }));
    assert.deepEqual(onlyVm().rootKeys, [KEY]);
    const clean = await provider.read(id, repaired.outs);
    assert.deepEqual(provider.diff(id, clean.props, inputs({ sshPublicKey: KEY })), { changes: false, replaces: [] });
  });

  it("sets the SSH key again after a wipe, which takes it along", async () => {
    const { id, outs } = await created({ sshPublicKey: KEY });
    const wished = inputs({ sshPublicKey: KEY, recreation: `1 ${new Date().toISOString()}`, allowRecreateOf: Number(id) });
    await provider.update(id, outs, wished);
    assert.equal(onlyVm().actions.filter(({ name }) => name === "recreate").length, 1);
    assert.deepEqual(onlyVm().rootKeys, [KEY]);
  });

  it("does not say that a key is gone, or set, which Hostinger only says it has removed or taken", async () => {
    const { id, outs } = await created({ sshPublicKey: KEY });
    const path = `/api/vps/v1/virtual-machines/${id}/ssh-keys`;
    sandbox.addFault({ api: "hostinger", method: "DELETE", path, times: 0, fault: { kind: "status", status: 200, body: [] } });
    await failsKeepingVm(provider.update(id, outs, inputs()), "API_WITHOUT_EFFECT");
    sandbox.addFault({ api: "hostinger", method: "POST", path, times: 0, fault: { kind: "status", status: 200, body: [] } });
    await failsKeepingVm(provider.update(id, { ...outs, sshPublicKey: undefined }, inputs({ sshPublicKey: KEY })), "API_WITHOUT_EFFECT");
    assert.deepEqual(onlyVm().rootKeys, [KEY]);
    sandbox.clearFaults();
  });

  it("changes the root password", async () => {
    const { id, outs } = await created();
    const before = onlyVm().rootPasswordSha256;
    await provider.update(id, outs, inputs({ rootPassword: "fake-Password-2" }));
    assert.notEqual(onlyVm().rootPasswordSha256, before);
  });

  it("remembers what was done when a later step fails", async () => {
    const { id, outs } = await created();
    await control("actions", { name: "set_root_password", outcome: "error" });
    const failure = await failsKeepingVm(provider.update(id, outs, inputs({ hostname: "alina.spoq.dev", rootPassword: "fake-Password-2" })), "VM_ACTION_FAILED");
    assert.equal(failure.properties["hostname"], "alina.spoq.dev");
    assert.equal(failure.properties["rootPassword"], ALICE.rootPassword);
  });

  it("waits for a locked VM", async () => {
    const { id, outs } = await created();
    await control(`vms/${id}/drift`, { kind: "locked" });
    setTimeout(() => void control(`vms/${id}/drift`, { kind: "unlocked" }), 300);
    await provider.update(id, outs, inputs({ hostname: "alina.spoq.dev" }));
    assert.equal(onlyVm().hostname, "alina.spoq.dev");
  });

  it("wipes only where the switch names this very VM", async () => {
    const { id, outs } = await created();
    const change = { templateId: 1002 };
    await failsKeepingVm(provider.update(id, outs, inputs(change)), "CHANGE_REFUSED");
    await failsKeepingVm(provider.update(id, outs, inputs({ ...change, allowRecreateOf: Number(id) + 1 })), "CHANGE_REFUSED");
    assert.equal(onlyVm().templateId, 1007);
    const { outs: recreated } = await provider.update(id, outs, inputs({ ...change, allowRecreateOf: Number(id) }));
    assert.equal(onlyVm().templateId, 1002);
    assert.equal(recreated["state"], "running");
  });

  it("never buys in an update", async () => {
    const { id, outs } = await created();
    await failsKeepingVm(provider.update(id, outs, inputs({ plan: "hostingercom-vps-kvm2-usd-1m", allowReplaceOf: Number(id) })), "CHANGE_REFUSED");
    assert.equal(sandbox.state().purchases.length, 1);
  });
});

describe("reading a VM", () => {
  const drifts: [Values, string, unknown][] = [
    [{ kind: "stopped" }, "state", "stopped"],
    [{ kind: "renamed", hostname: "mallory.spoq.dev" }, "hostname", "mallory.spoq.dev"],
    [{ kind: "template", templateId: 1002 }, "templateId", 1002],
    [{ kind: "data-center", dataCenterId: 19 }, "dataCenterId", 19],
    [{ kind: "plan", itemId: "hostingercom-vps-kvm4-usd-1m" }, "plan", "hostingercom-vps-kvm4-usd-1m"],
  ];
  for (const [drift, property, actual] of drifts) {
    it(`finds drift: ${String(drift["kind"])}`, async () => {
      const { id, outs } = await created();
      await control(`vms/${id}/drift`, drift);
      const { props, inputs: drifted } = await provider.read(id, outs);
      assert.equal(props[property], actual);
      assert.equal(provider.diff(id, props, inputs()).changes, true);
      assert.ok(!("rootPassword" in (drifted ?? {})), "inputs that are given back are stored in plain text");
    });
  }

  it("finds nothing where nothing changed", async () => {
    const { id, outs } = await created({ sshPublicKey: KEY });
    const { props, inputs: drifted } = await provider.read(id, outs);
    assert.equal(drifted, undefined);
    assert.deepEqual(provider.diff(id, props, inputs({ sshPublicKey: KEY })), { changes: false, replaces: [] });
  });

  it("reports a VM that is gone, and takes it back when it is there again", async () => {
    const { id, outs } = await created();
    await control(`vms/${id}/drift`, { kind: "gone" });
    const gone = await provider.read(id, outs);
    assert.equal(gone.id, id);
    assert.equal(gone.props["state"], "gone");
    assert.equal(gone.inputs?.["goneVmId"], Number(id));
    assert.match((await provider.check(gone.inputs ?? {}, inputs())).failures[0]?.reason ?? "", /VM_GONE/);
    assert.deepEqual(provider.diff(id, gone.props, inputs({ allowReplaceOf: Number(id) })).replaces, ["vmId"]);
  });
});

describe("giving a VM up", () => {
  it("is refused where the stack does not say that it may be deleted, whatever Pulumi's protection says", async () => {
    const { id, outs } = await created();
    await assert.rejects(provider.delete(id, outs), /DELETION_PROTECTED: .*config set protect false/);
    const { allowDelete: _allowDelete, ...outsOf010 } = outs;
    await assert.rejects(provider.delete(id, outsOf010), /DELETION_PROTECTED/);
    assert.deepEqual([onlyVm().state, onlyVm().autoRenewed], ["running", true]);
  });

  it("may be permitted later without a look at the VM", async () => {
    const { id, outs } = await created();
    const { allowDelete: _allowDelete, ...outsOf010 } = outs;
    assert.equal(provider.diff(id, outsOf010, inputs()).changes, false);
    assert.equal(provider.diff(id, outsOf010, inputs({ allowDelete: true })).changes, true);
    await control(`vms/${id}/drift`, { kind: "error" });
    const { outs: permitted } = await provider.update(id, outsOf010, inputs({ allowDelete: true }));
    await control(`vms/${id}/drift`, { kind: "repaired" });
    await provider.delete(id, permitted);
    assert.equal(onlyVm().state, "stopped");
  });

  it("is permitted for the very VM that is replaced", async () => {
    const { id, outs } = await created();
    const change = { plan: "hostingercom-vps-kvm2-usd-1m", allowReplaceOf: Number(id) };
    assert.deepEqual(provider.diff(id, outs, inputs(change)).replaces, ["plan"]);
    const { id: newId } = await created(change);
    await provider.delete(id, outs);
    const { vms } = sandbox.state();
    assert.deepEqual(vms.map((vm) => [String(vm.id), vm.state]), [[id, "stopped"], [newId, "running"]]);
  });

  it("is permitted by a later run for what an interrupted replacement has left, and for no VM of another host name", async () => {
    const { id, outs } = await created();
    const change = { plan: "hostingercom-vps-kvm2-usd-1m", allowReplaceOf: Number(id) };
    const { id: newId, outs: newOuts } = await created(change);
    beginRun(sandbox);
    const other = await created({ hostname: "bob.spoq.dev" });
    await assert.rejects(provider.delete(id, outs), new RegExp(`DELETION_PROTECTED: .*allowReplaceOf ${id} if another VM has taken its place`));
    assert.deepEqual(provider.diff(newId, newOuts, inputs({ ...change, allowReplaceOf: Number(other.id) })), { changes: false, replaces: [] });
    await assert.rejects(provider.delete(other.id, other.outs), /DELETION_PROTECTED/);
    assert.deepEqual(provider.diff(newId, newOuts, inputs(change)), { changes: false, replaces: [] });
    await assert.rejects(provider.delete(newId, newOuts), /DELETION_PROTECTED/);
    await provider.delete(id, outs);
    const { vms } = sandbox.state();
    assert.deepEqual(vms.map((vm) => [String(vm.id), vm.state]), [[id, "stopped"], [newId, "running"], [other.id, "running"]]);
  });

  it("leaves it as it is where another resource has taken it over in the same run, as under another name in the program", async () => {
    const { id, outs } = await created({ allowDelete: true });
    await provider.update(id, outs, inputs({ autoRenew: true, allowDelete: true }));
    beginRun(sandbox);
    const { id: imported } = await created({ importId: Number(id), allowDelete: true });
    await provider.delete(id, outs);
    assert.deepEqual([imported, onlyVm().state, onlyVm().autoRenewed], [id, "running", true]);
  });

  it("ends its renewal and stops it, with all its data", async () => {
    const { id, outs } = await created({ allowDelete: true });
    await provider.delete(id, outs);
    const vm = onlyVm();
    assert.deepEqual([vm.state, vm.autoRenewed, vm.hostname], ["stopped", false, "alice.spoq.dev"]);
    assert.ok(vm.actions.every((action) => action.name !== "recreate"));
  });

  it("wipes it and gives back its host name where that is declared", async () => {
    const { id, outs } = await created({ wipeOnDelete: true, allowDelete: true });
    await provider.delete(id, outs);
    const vm = onlyVm();
    assert.equal(vm.state, "stopped");
    assert.match(vm.hostname, /hstgr\.cloud$/);
    assert.ok(vm.actions.some((action) => action.name === "recreate" && action.state === "success"));
  });

  it("has nothing to do where the VM is gone", async () => {
    const { id, outs } = await created({ allowDelete: true });
    await control(`vms/${id}/drift`, { kind: "gone" });
    await provider.delete(id, outs);
  });

  it("may be repeated", async () => {
    const { id, outs } = await created({ allowDelete: true });
    await provider.delete(id, outs);
    await provider.delete(id, outs);
    assert.deepEqual(sandbox.state().scripts, []);
    assert.equal(onlyVm().state, "stopped");
  });
});
