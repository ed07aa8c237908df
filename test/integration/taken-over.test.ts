/** What one resource has taken over from another outlives that one, in the same run of the engine and in any later one. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import * as firewall from "../../providers/hostinger/firewall-provider.ts";
import * as script from "../../providers/hostinger/post-install-script-provider.ts";
import * as ptr from "../../providers/hostinger/ptr-record-provider.ts";
import * as vm from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { beginRun, inputs } from "../support/vm-provider.ts";
import type { Values } from "../support/vm-provider.ts";
import { hostinger, provision, QUICK } from "./sandbox-support.ts";

const HOSTNAME = "alice.spoq.dev";
const RULES = [{ protocol: "TCP", port: "22", source: "any", sourceDetail: "any" }];

interface Provider {
  check(olds: Values, news: Values): Promise<{ inputs: Values }> | { inputs: Values };
  diff(id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] };
  create(given: Values): Promise<{ id: string; outs: Values }>;
  delete(id: string, outs: Values): Promise<void>;
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox(QUICK);
  Object.assign(process.env, { HOSTINGER_PURCHASE_SETTLE_SECONDS: "0.3", HOSTINGER_INITIAL_GRACE_SECONDS: "0.1", HOSTINGER_NOT_FOUND_GRACE_SECONDS: "1" });
});
beforeEach(() => beginRun(sandbox));
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

/** As the engine asks for a resource that the program has, and that is there already; its maps come in any order. */
async function declare(provider: Provider, id: string, outs: Values, given: Values) {
  const { inputs: checked } = await provider.check(given, given);
  return provider.diff(id, outs, Object.fromEntries(Object.entries(checked).reverse()));
}

/** Taken over by another resource in a run that came no further; in the next one, the resource of before is deleted. @returns the other one */
async function takenOverInAFailedRun(provider: Provider, given: Values, ofBefore = given) {
  const before = await provider.create(ofBefore);
  beginRun(sandbox);
  const after = await provider.create(given);
  beginRun(sandbox);
  await declare(provider, after.id, after.outs, given);
  await provider.delete(before.id, before.outs);
  return after;
}

const onlyVm = () => {
  const { vms } = sandbox.state();
  assert.equal(vms.length, 1);
  return vms[0]!;
};
const isUntouched = () => assert.deepEqual([onlyVm().state, onlyVm().autoRenewed, onlyVm().hostname], ["running", true, HOSTNAME]);

describe("a VM whose purchase is still on record", () => {
  it.each([["as it was bought", false], ["after an `up` that only lets it be given up", true]])("stays where another name, or --replace, has it created again: %s", async (_what, isUpdated) => {
    const { id, outs } = await vm.create(inputs({ allowDelete: !isUpdated, wipeOnDelete: true }));
    const given = inputs({ allowDelete: true, wipeOnDelete: true });
    if (isUpdated) await vm.update(id, outs, given);
    beginRun(sandbox);
    const again = await vm.create(given).catch((error: unknown) => error as Error);
    // By then its purchase is closed, and only importId says whose it is.
    if (isUpdated) assert.match((again as Error).message, /VM_NOT_OURS/);
    else await vm.delete(id, outs);
    isUntouched();
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("is not another resource's of the same host name", async () => {
    await vm.create(inputs({ owner: "acme/site/dev/vm" }));
    beginRun(sandbox);
    await assert.rejects(vm.create(inputs({ owner: "acme/site/prod/vm" })), /VM_NOT_OURS: .*acme\/site\/dev\/vm/);
    assert.equal(sandbox.state().purchases.length, 1);
  });
});

describe("what was taken over in a run that failed before its deletions", () => {
  it("a VM stays in the next run, and is given up where nothing declares it", async () => {
    const { id, outs } = await vm.create(inputs({ allowDelete: true, wipeOnDelete: true }));
    beginRun(sandbox);
    const given = inputs({ importId: Number(id), allowDelete: true, wipeOnDelete: true });
    const after = await vm.create(given);
    beginRun(sandbox);
    assert.equal((await declare(vm, id, after.outs, given)).changes, false);
    await vm.delete(id, outs);
    isUntouched();
    beginRun(sandbox);
    vm.diff(id, after.outs, given);
    await vm.delete(id, after.outs);
    assert.equal(onlyVm().state, "stopped");
  });

  it("a VM that is declared, and replaced all the same for another one, is given up", async () => {
    const given = inputs({ hostname: "bob.spoq.dev", allowDelete: true });
    const before = await vm.create(inputs({ allowDelete: true }));
    beginRun(sandbox);
    await declare(vm, before.id, before.outs, given);
    const after = await vm.create(given);
    assert.notEqual(after.id, before.id);
    await vm.delete(before.id, before.outs);
    assert.deepEqual(sandbox.state().vms.map(({ state }) => state), ["stopped", "running"]);
  });

  it("a firewall stays in the next run", async () => {
    const given = { name: HOSTNAME, vmId: (await provision(sandbox)).id, rules: RULES, __provider: "text" };
    const after = await takenOverInAFailedRun(firewall, given);
    assert.deepEqual(sandbox.state().firewalls.map(({ id }) => String(id)), [after.id]);
    beginRun(sandbox);
    await firewall.delete(after.id, after.outs);
    assert.deepEqual(sandbox.state().firewalls, []);
  });

  it("a reverse DNS entry stays in the next run", async () => {
    const { id: vmId, address } = await provision(sandbox);
    const given = { vmId, address, hostname: HOSTNAME };
    const entries = async () => ((await hostinger(sandbox, "GET", `vps/v1/virtual-machines/${vmId}`)).body.ipv4 as { ptr: string | null }[]).map((one) => one.ptr);
    const after = await takenOverInAFailedRun(ptr, given);
    assert.deepEqual(await entries(), [HOSTNAME]);
    beginRun(sandbox);
    await ptr.delete(after.id, after.outs);
    assert.deepEqual(await entries(), [null]);
  });

  it("a post-install script that has the name of the one of before stays in the next run", async () => {
    const given = { name: `spoq-conductor-setup ${HOSTNAME}`, content: "#!/bin/bash\necho fake\n", ownsName: true };
    const scripts = () => sandbox.state().scripts.map(({ id }) => String(id));
    const after = await takenOverInAFailedRun(script, given, { ...given, content: `${given.content}# of before\n` });
    assert.deepEqual(scripts(), [after.id]);
    beginRun(sandbox);
    await script.delete(after.id, after.outs);
    assert.deepEqual(scripts(), []);
  });
});
