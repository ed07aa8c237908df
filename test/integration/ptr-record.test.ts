import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { leaveEngine } from "../../providers/core/engine-liveness.ts";
import * as provider from "../../providers/hostinger/ptr-record-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { control, hostinger, provision, QUICK } from "./sandbox-support.ts";

type Values = Record<string, unknown>;
const HOSTNAME = "alice.spoq.dev";

let sandbox: Sandbox;
let vm: { id: number; address: string };
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

const inputs = (more: Values = {}): Values => ({ vmId: vm.id, address: vm.address, hostname: HOSTNAME, ...more });
async function created() {
  vm = await provision(sandbox);
  return provider.create(inputs());
}
const ptrs = async () => ((await hostinger(sandbox, "GET", `vps/v1/virtual-machines/${vm.id}`)).body.ipv4 as { ptr: string | null }[]).map(({ ptr }) => ptr);
const setPtr = async (domain: string, ipAddressId: unknown) => {
  await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${vm.id}/ptr/${String(ipAddressId)}`, { domain });
  await new Promise((resolve) => setTimeout(resolve, 2 * QUICK.actionMs));
};

describe("a reverse DNS entry", () => {
  it("is set for the VM's address; then nothing is left to do", async () => {
    const { id, outs } = await created();
    assert.deepEqual(await ptrs(), [HOSTNAME]);
    assert.deepEqual(provider.diff(id, (await provider.read(id, outs)).props, inputs()), { changes: false, replaces: [] });
    const calls = sandbox.state().calls.hostinger;
    await provider.create(inputs());
    assert.equal(sandbox.state().calls.hostinger, calls + 1, "one look, no second action");
  });

  it("is followed when it was changed or removed by somebody else", async () => {
    const { id, outs } = await created();
    await setPtr("mallory.spoq.dev", outs["ipAddressId"]);
    const { props } = await provider.read(id, outs);
    assert.deepEqual([props["ptr"], provider.diff(id, props, inputs()).changes], ["mallory.spoq.dev", true]);
    await provider.update(id, props, inputs());
    assert.deepEqual(await ptrs(), [HOSTNAME]);
  });

  it("is set again for the VM's new address", async () => {
    const { id, outs } = await created();
    await control(sandbox, "POST", `vms/${vm.id}/drift`, { kind: "new-ip" });
    assert.equal((await provider.read(id, outs)).props["ptr"], "");
    await assert.rejects(provider.update(id, outs, inputs()), /VM_MISMATCH: .*has no address/);
    vm = { ...vm, address: sandbox.state().vms[0]!.address! };
    await provider.update(id, outs, inputs());
    assert.deepEqual(await ptrs(), [HOSTNAME]);
  });

  it("moves with its resource to another VM: the one of before leads to nobody", async () => {
    const { id, outs } = await created();
    const before = vm;
    beginRun();
    vm = await provision(sandbox, { hostname: "alicia.spoq.dev" });
    await provider.update(id, outs, inputs());
    assert.deepEqual(await ptrs(), [HOSTNAME]);
    vm = before;
    assert.deepEqual(await ptrs(), [null]);
  });

  it("moves away from a VM that takes no orders, and is given up with it: nothing waits for it", async () => {
    const { id, outs } = await created();
    await control(sandbox, "POST", `vms/${vm.id}/drift`, { kind: "suspended" });
    vm = await provision(sandbox, { hostname: "alicia.spoq.dev" });
    const moved = await provider.update(id, outs, inputs());
    assert.deepEqual(await ptrs(), [HOSTNAME]);
    beginRun();
    await control(sandbox, "POST", `vms/${vm.id}/drift`, { kind: "suspended" });
    await provider.delete(id, moved.outs);
  });

  it("that a VM refuses to give back though it runs is a failure", async () => {
    const { id, outs } = await created();
    beginRun();
    sandbox.addFault({ api: "hostinger", method: "DELETE", path: "/api/vps/v1/virtual-machines/\\d+/ptr/", times: 9, fault: { kind: "status", status: 422 } });
    await assert.rejects(provider.delete(id, outs), /API_REJECTED/);
  });

  it("stays when another resource has taken it over in the same run", async () => {
    const before = await created();
    await provider.create(inputs());
    await provider.delete(before.id, before.outs);
    assert.deepEqual(await ptrs(), [HOSTNAME]);
  });

  it("is removed, unless somebody else has given it another name", async () => {
    const { id, outs } = await created();
    beginRun();
    await provider.delete(id, outs);
    assert.deepEqual(await ptrs(), [null]);
    await setPtr("mallory.spoq.dev", outs["ipAddressId"]);
    await provider.delete(id, outs);
    assert.deepEqual(await ptrs(), ["mallory.spoq.dev"]);
  });

  it("goes with its VM", async () => {
    const { id, outs } = await created();
    beginRun();
    await control(sandbox, "POST", `vms/${vm.id}/drift`, { kind: "gone" });
    assert.deepEqual(await provider.read(id, outs), { id: "", props: {} });
    await provider.delete(id, outs);
  });

  it("does not go while its VM is listed, but not found", async () => {
    const { id, outs } = await created();
    beginRun();
    sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines/\\d+$", times: 2, fault: { kind: "status", status: 404 } });
    await assert.rejects(provider.read(id, outs), /VM_NOT_FOUND/);
    await assert.rejects(provider.delete(id, outs), /VM_NOT_FOUND/);
    await provider.delete(id, outs);
    assert.deepEqual(await ptrs(), [null]);
  });

  it("refuses what is no VM, address or host name", () => {
    const { failures } = provider.check({}, { vmId: "x", address: "alice", hostname: "Alice" });
    assert.deepEqual(failures.map(({ property }) => property), ["vmId", "address", "hostname"]);
  });
});
