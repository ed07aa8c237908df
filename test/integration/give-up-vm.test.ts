/** What happens to the VM itself when it is given up, and when a wiped one is taken over. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { putToRest } from "../../providers/hostinger/give-up.ts";
import { endAutoRenewal } from "../../providers/hostinger/renewal.ts";
import { wipeVm } from "../../providers/hostinger/wipe.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";
import { control, hostinger, scriptFor } from "./sandbox-support.ts";

type Values = Record<string, unknown>;

let sandbox: Sandbox;
const config = { get: (key: string) => new Map([["hostinger:apiKey", sandbox.hostingerToken], ["hostinger:baseUrl", sandbox.hostingerUrl]]).get(key) };
let session: Session;
let client: HostingerClient;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 });
  provider.configure(config);
  client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
  session = { client, settings: hostingerSettings(config, {}), signal: new AbortController().signal, report: () => undefined };
});
afterEach(() => sandbox.reset());
afterAll(async () => {
  await client.close();
  await sandbox.close();
});

const inputs = (changes: Values = {}): Values => ({ ...ALICE, allowDelete: true, ...changes, __provider: "serialised provider" });
const vmOf = (id: string | number) => sandbox.state().vms.find((vm) => vm.id === Number(id))!;
const recreations = (id: string | number) => vmOf(id).actions.filter(({ name }) => name === "recreate").length;

/** Of a user before, wiped and stopped. */
async function wipedVm(): Promise<number> {
  const given = inputs({ hostname: "former.spoq.dev", wipeOnDelete: true });
  const { id, outs } = await provider.create(given);
  await provider.delete(id, outs);
  return Number(id);
}

describe("a wipe", () => {
  it("that fails leaves the VM stopped and not renewed, and fails", async () => {
    const { id, outs } = await provider.create(inputs({ wipeOnDelete: true }));
    await control(sandbox, "POST", "actions", { name: "recreate", outcome: "error" });
    await assert.rejects(provider.delete(id, outs), /VM_ACTION_FAILED: wiping VM/);
    assert.deepEqual([vmOf(id).state, vmOf(id).autoRenewed, vmOf(id).hostname], ["stopped", false, "alice.spoq.dev"]);
  });

  it("is ordered once: whoever goes on after a crash waits for the one that is under way, and orders another if that has failed", async () => {
    const { id } = await provider.create(inputs());
    const vm = { vmId: Number(id), hostname: "alice.spoq.dev" };
    await control(sandbox, "POST", "actions", { name: "recreate", durationMs: 300 });
    const { id: actionId } = await client.virtualMachines.recreate(vm.vmId, { templateId: 1007, password: "fake-Password-3" });
    const ordered: number[] = [];
    const onOrdered = async (ordering: number) => void ordered.push(ordering);
    await wipeVm(session, vm, 1007, { actionId, onOrdered });
    assert.deepEqual([recreations(id), ordered], [1, []]);

    await control(sandbox, "POST", "actions", { name: "recreate", outcome: "error" });
    const failing = await client.virtualMachines.recreate(vm.vmId, { templateId: 1007, password: "fake-Password-3" });
    await wipeVm(session, vm, 1007, { actionId: failing.id, onOrdered });
    assert.equal(ordered.length, 1);
    assert.equal(vmOf(id).actions.find(({ id: one }) => one === ordered[0])?.state, "success");
  });

  it("whose action is not found, yet or any more, is ordered anew", async () => {
    const { id } = await provider.create(inputs());
    const vm = { vmId: Number(id), hostname: "alice.spoq.dev" };
    const ordered: number[] = [];
    const onOrdered = async (ordering: number) => void ordered.push(ordering);
    await wipeVm(session, vm, 1007, { actionId: 1, onOrdered });
    assert.deepEqual([recreations(id), ordered.length], [1, 1]);

    sandbox.addFault({ api: "hostinger", method: "GET", path: `/api/vps/v1/virtual-machines/${id}/actions/`, times: 1, fault: { kind: "status", status: 404 } });
    await wipeVm(session, vm, 1007, { actionId: ordered[0]!, onOrdered });
    assert.deepEqual([recreations(id), ordered.length], [2, 2]);
  });
});

describe("a VM that was just sold and is not found yet", () => {
  it("is looked for until it is, stopped and not renewed; nothing of it is forgotten meanwhile", async () => {
    const { id, outs } = await provider.create(inputs());
    sandbox.addFault({ api: "hostinger", method: "GET", path: `/api/vps/v1/virtual-machines/${id}$`, times: 3, fault: { kind: "status", status: 404 } });
    sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines$", times: 0, fault: { kind: "status", status: 200, body: [] } });
    // Another run, which has never seen it.
    provider.configure(config);
    await provider.delete(id, { ...outs, state: "creating" });
    assert.deepEqual([vmOf(id).state, vmOf(id).autoRenewed], ["stopped", false]);
  });
});

describe("a VM in an odd state", () => {
  const drift = (id: string, kind: string) => control(sandbox, "POST", `vms/${id}/drift`, { kind });
  const given = async (): Promise<{ id: string; outs: Values; vm: { vmId: number; hostname: string } }> => {
    const { id, outs } = await provider.create(inputs({ wipeOnDelete: true }));
    return { id, outs, vm: { vmId: Number(id), hostname: "alice.spoq.dev" } };
  };

  it("is given up as far as its state allows: not renewed, left as it is, and what was not wiped is told with the reason", async () => {
    for (const [kind, why] of [["suspended", /suspended VM takes no orders/], ["initial", /nothing was ever installed/]] as const) {
      const { id, outs, vm } = await given();
      await drift(id, kind);
      assert.match((await wipeVm(session, vm, 1007)).notWipedBecause ?? "wiped", why);
      assert.equal(await putToRest(session, vm), kind);
      await provider.delete(id, outs);
      assert.deepEqual([vmOf(id).state, vmOf(id).autoRenewed, recreations(id)], [kind, false, 0]);
      sandbox.reset();
    }
  });

  it("in 'error' is wiped and stopped if Hostinger takes that, and left otherwise", async () => {
    const { id, outs } = await given();
    await drift(id, "error");
    await provider.delete(id, outs);
    assert.deepEqual([vmOf(id).state, vmOf(id).autoRenewed, vmOf(id).hostname], ["stopped", false, `srv${id}.hstgr.cloud`]);

    const second = await provider.create(inputs({ hostname: "bea.spoq.dev", wipeOnDelete: true }));
    const vm = { vmId: Number(second.id), hostname: "bea.spoq.dev" };
    await drift(second.id, "error");
    const refuse = async () => { throw new UserVpsError("API_REJECTED", "422 the VM is in error"); };
    const refusing = { ...session, client: Object.assign(Object.create(client) as HostingerClient, { virtualMachines: { ...client.virtualMachines, recreate: refuse, stop: refuse } }) };
    assert.match((await wipeVm(refusing, vm, 1007)).notWipedBecause ?? "wiped", /state 'error' and Hostinger refuses/);
    assert.equal(await putToRest(refusing, vm), "error");
  });

  it("that is running is not called given up when Hostinger refuses the stop or the wipe", async () => {
    const { vm } = await given();
    const refuse = async () => { throw new UserVpsError("API_REJECTED", "422 no"); };
    const refusing = { ...session, client: Object.assign(Object.create(client) as HostingerClient, { virtualMachines: { ...client.virtualMachines, recreate: refuse, stop: refuse } }) };
    await assert.rejects(wipeVm(refusing, vm, 1007), /API_REJECTED/);
    await assert.rejects(putToRest(refusing, vm), /API_REJECTED/);
  });

  it("whose subscription is not known is told as one that may be renewed, not as one that is not", async () => {
    const { id, vm } = await given();
    const known = await endAutoRenewal(session, vm);
    assert.deepEqual([known.isOff, known.subscriptionId], [true, vmOf(id).subscriptionId]);
    const without = async () => ({ ...(await client.virtualMachines.get(vm.vmId)), subscriptionId: null });
    const blind = { ...session, client: Object.assign(Object.create(client) as HostingerClient, { virtualMachines: { ...client.virtualMachines, get: without } }) };
    assert.deepEqual(await endAutoRenewal(blind, vm), { subscriptionId: undefined, paidUntil: undefined, isOff: false });
  });

  it("whose renewal stays on although it was switched off fails, and is not told as ended", async () => {
    const { vm } = await given();
    const idle = { ...session, client: Object.assign(Object.create(client) as HostingerClient, { subscriptions: { ...client.subscriptions, disableAutoRenewal: async () => (await client.subscriptions.list())[0]! } }) };
    await assert.rejects(endAutoRenewal(idle, vm), /API_WITHOUT_EFFECT: The renewal of subscription/);
  });
});

describe("taking over a wiped VM", () => {
  const script = async () => (await hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: "alice", content: scriptFor("alice.spoq.dev") })).body.id as number;

  it("installs it anew with the script, under the host name, renewed, and buys nothing", async () => {
    const importId = await wipedVm();
    const given = inputs({ importId, importWiped: true, postInstallScriptId: await script(), postInstallFingerprint: "one" });
    const { id, outs } = await provider.create(given);
    const { state, hostname, autoRenewed, script: ran } = vmOf(id);
    assert.deepEqual([id, state, hostname, autoRenewed, ran?.id], [String(importId), "running", "alice.spoq.dev", true, given["postInstallScriptId"]]);
    assert.equal(recreations(id), 2);
    assert.equal(sandbox.state().purchases.length, 1);
    assert.deepEqual(provider.diff(id, outs, given), { changes: false, replaces: [] });
    assert.equal(outs["postInstallFingerprint"], "one");
  });

  it("goes on where it stopped: installed anew until that has succeeded, and never again afterwards", async () => {
    const importId = await wipedVm();
    const given = inputs({ importId, importWiped: true, postInstallScriptId: await script(), postInstallFingerprint: "one" });
    await control(sandbox, "POST", "actions", { name: "recreate", outcome: "error" });
    const failure = await provider.create(given).then(() => assert.fail("expected a failure"), (error: unknown) => error as Error & { id: string; properties: Values });
    assert.match(failure.message, /^VM_ACTION_FAILED/);
    const { outs } = await provider.update(failure.id, failure.properties, given);
    assert.equal(recreations(importId), 3);

    const other = { ...given, postInstallFingerprint: "two" };
    await assert.rejects(provider.update(failure.id, outs, other), /CHANGE_REFUSED/);
    assert.equal((await provider.check(given, other)).failures.length, 1, "refused in preview");
    await provider.create(given);
    assert.equal(recreations(importId), 3, "a VM of the user's host name is imported as it is");
  });

  it("is refused for a VM of somebody else's host name", async () => {
    const { id } = await provider.create(inputs({ hostname: "bob.spoq.dev" }));
    await assert.rejects(provider.create(inputs({ importId: Number(id), importWiped: true })), /VM_MISMATCH.*bob\.spoq\.dev.*not a wiped one/);
    assert.equal(recreations(id), 0);
  });
});
