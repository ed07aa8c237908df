/** The user's script, which holds password and JWT secret, is in the account for as long as a first boot needs it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import * as scripts from "../../providers/hostinger/post-install-script-provider.ts";
import * as stubs from "../../providers/hostinger/script-stub-provider.ts";
import * as vms from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";
import { control, scriptFor } from "./sandbox-support.ts";

type Values = Record<string, unknown>;

const SECRET = "fake-Secret-0f-alice";
const WHOLE = `${scriptFor("alice.spoq.dev")}\n# ${SECRET}\n`;
const NAME = "spoq-conductor-setup alice.spoq.dev";
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

let sandbox: Sandbox;
let client: HostingerClient;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 });
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
  scripts.configure({ get: (key) => settings[key] });
  client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
});
afterEach(() => sandbox.reset());
afterAll(async () => {
  await client.close();
  await sandbox.close();
});

const __provider = "serialised provider";
const scriptInputs = (content = WHOLE): Values => ({ name: NAME, content, __provider });
const inAccount = async () => (await client.scripts.list()).map(({ content }) => content ?? "");
const vmOf = (id: string) => sandbox.state().vms.find((vm) => vm.id === Number(id))!;

/** As a stack has them once its VPS is healthy. */
async function healthy() {
  const script = await scripts.create(scriptInputs());
  const given: Values = { ...ALICE, postInstallScriptId: script.outs["scriptId"], postInstallScript: WHOLE, postInstallFingerprint: "one", __provider };
  const vm = await vms.create(given);
  const stubInputs: Values = { scriptId: script.outs["scriptId"], purchaseRecordId: vm.outs["purchaseRecordId"], __provider };
  const stub = await stubs.create(stubInputs);
  return { script, given, vm, stub, stubInputs };
}

describe("a script of a VM that is taken over as it is", () => {
  it("is a stub from the beginning, as declared, and whole only when the VM is installed anew", async () => {
    const { vm } = await healthy();
    const script = await scripts.create({ ...scriptInputs(), name: "spoq-conductor-setup bob.spoq.dev", asStub: true });
    assert.ok((await inAccount()).every((content) => !content.includes(SECRET)));
    const { props } = await scripts.read(script.id, script.outs);
    assert.deepEqual(scripts.diff(script.id, props, { ...scriptInputs(), name: "spoq-conductor-setup bob.spoq.dev" }), { changes: false, replaces: [] });
    const given: Values = { ...ALICE, importId: Number(vm.id), postInstallScriptId: script.outs["scriptId"], postInstallScript: WHOLE, postInstallFingerprint: "one", __provider };
    const { outs } = await vms.create(given);
    await vms.update(vm.id, outs, { ...given, recreation: "1", allowRecreateOf: Number(vm.id) });
    assert.equal(vmOf(vm.id).script!.contentSha256, sha(WHOLE));
  });
});

describe("a script of a VPS that is not bought", () => {
  const buying = async () => {
    const script = await scripts.create(scriptInputs());
    const given: Values = { ...ALICE, postInstallScriptId: script.outs["scriptId"], postInstallScript: WHOLE, postInstallFingerprint: "one", __provider };
    return { given, buy: vms.create(given) };
  };
  const refuse = (fault: object) => sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", times: 1, fault } as never);

  it("stays as it is where the VM does not say what it holds: nobody could write it anew", async () => {
    refuse({ kind: "status", status: 402 });
    const script = await scripts.create(scriptInputs());
    const given: Values = { ...ALICE, postInstallScriptId: script.outs["scriptId"], postInstallScript: undefined, __provider };
    await assert.rejects(vms.create(given), /PAYMENT_REFUSED/);
    assert.deepEqual(await inAccount(), [WHOLE]);
    const { id } = await vms.create(given);
    assert.equal(vmOf(id).script!.contentSha256, sha(WHOLE));
  });

  for (const [why, status] of [["the payment is refused", 402], ["the request is refused", 422], ["the token may not buy", 403]] as const) {
    it(`leaves no secret in the account if ${why}, and is whole again for the next try`, async () => {
      refuse({ kind: "status", status });
      const { given, buy } = await buying();
      await assert.rejects(buy);
      assert.deepEqual((await inAccount()).map((content) => [content.includes(SECRET), /is a stub/.test(content)]), [[false, true]]);
      const { id } = await vms.create(given);
      assert.equal(vmOf(id).script!.contentSha256, sha(WHOLE), "the VM was installed with the whole script");
    });
  }

  it("stays whole where a VM may still come that is installed with it", async () => {
    refuse({ kind: "drop-after" });
    const { buy } = await buying();
    await buy.catch(() => undefined);
    assert.ok((await inAccount()).some((content) => content.includes(SECRET)));
  });
});

describe("a script's stub", () => {
  it("takes the secrets out of the account, and is no difference to what is declared", async () => {
    const { script, stub, stubInputs, vm } = await healthy();
    for (const content of await inAccount()) assert.ok(!content.includes(SECRET) && /is a stub/.test(content));
    const { props } = await scripts.read(script.id, script.outs);
    assert.deepEqual(scripts.diff(script.id, props, scriptInputs()), { changes: false, replaces: [] });
    assert.deepEqual(await stubs.diff(stub.id, (await stubs.read(stub.id, stub.outs)).props, stubInputs), { changes: false });
    assert.ok(!JSON.stringify(vm.outs).includes(SECRET), "the VM's outputs do not repeat the script");
  });

  it("stays when the credentials are rotated: the new ones never get there", async () => {
    const { script, stub, stubInputs } = await healthy();
    const rotated = scriptInputs(`${WHOLE}# fake-new-secret\n`);
    assert.equal(scripts.diff(script.id, script.outs, rotated).changes, true);
    const { outs } = await scripts.update(script.id, script.outs, rotated);
    for (const content of await inAccount()) assert.doesNotMatch(content, /fake-new-secret/);
    assert.equal(scripts.diff(script.id, (await scripts.read(script.id, outs)).props, rotated).changes, false);
    assert.deepEqual(await stubs.diff(stub.id, (await stubs.read(stub.id, stub.outs)).props, stubInputs), { changes: false });
  });

  it("makes way for the whole script before a wipe, and another installation asks for a stub again", async () => {
    const { given, vm, stub, stubInputs } = await healthy();
    const again: Values = { ...given, recreation: "1", allowRecreateOf: Number(vm.id) };
    const { outs } = await vms.update(vm.id, vm.outs, again);
    assert.equal(vmOf(vm.id).script?.contentSha256, sha(WHOLE), "the VM was installed with the whole script");
    assert.deepEqual(await stubs.diff(stub.id, stub.outs, stubInputs), { changes: true }, "without a refresh, in the same run");
    await stubs.update(stub.id, stub.outs, stubInputs);
    for (const content of await inAccount()) assert.ok(!content.includes(SECRET));
    await vms.update(vm.id, outs, again);
    assert.deepEqual(await stubs.diff(stub.id, stub.outs, stubInputs), { changes: false }, "an update that wipes nothing writes nothing");
  });

  it("makes way for the whole script before a wipe that only drift asks for", async () => {
    const { given, vm, stub, stubInputs } = await healthy();
    await control(sandbox, "POST", `vms/${vm.id}/drift`, { kind: "template", templateId: 1002 });
    const { props } = await vms.read(vm.id, vm.outs);
    assert.equal(props["templateId"], 1002);
    await vms.update(vm.id, props, { ...given, allowRecreateOf: Number(vm.id) });
    assert.deepEqual([vmOf(vm.id).templateId, vmOf(vm.id).script?.contentSha256], [1007, sha(WHOLE)]);
    assert.deepEqual(await stubs.diff(stub.id, stub.outs, stubInputs), { changes: true });
  });

  it("is not what a VM is bought or wiped with, where the VM does not say what it stands for", async () => {
    const { given, vm } = await healthy();
    const { postInstallScript: _, ...without } = given;
    await assert.rejects(vms.update(vm.id, vm.outs, { ...without, recreation: "1", allowRecreateOf: Number(vm.id) }), /CHANGE_REFUSED: .* is a stub/);
    await assert.rejects(vms.create({ ...without, hostname: "alicia.spoq.dev", allowReplaceOf: Number(vm.id) }), /CHANGE_REFUSED: .* is a stub/);
    assert.ok(vmOf(vm.id).actions.every(({ name }) => name !== "recreate"));
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("makes way for the whole script before another VM is bought", async () => {
    const { given, vm } = await healthy();
    const other = await vms.create({ ...given, hostname: "alicia.spoq.dev", allowReplaceOf: Number(vm.id) });
    assert.equal(vmOf(other.id).script?.contentSha256, sha(WHOLE));
  });

  it("that a run did not come to is missed by the next refresh; one that was written, but not recorded, is written once more", async () => {
    const { script, stub, stubInputs } = await healthy();
    await client.scripts.update(Number(script.id), { name: NAME, content: WHOLE });
    const { props } = await stubs.read(stub.id, stub.outs);
    assert.deepEqual(await stubs.diff(stub.id, props, stubInputs), { changes: true });
    assert.equal(scripts.diff(script.id, (await scripts.read(script.id, script.outs)).props, scriptInputs()).changes, false, "the whole script is as declared as well");
    await stubs.update(stub.id, props, stubInputs);
    const calls = sandbox.state().calls.hostinger;
    assert.equal((await stubs.create({ ...stubInputs, purchaseRecordId: undefined })).outs["isStub"], true);
    assert.equal(sandbox.state().calls.hostinger - calls, 1, "only looked at");
  });

  it("is nothing to write where the script is gone", async () => {
    const { script, stub, stubInputs } = await healthy();
    await client.scripts.delete(Number(script.id));
    assert.deepEqual(await stubs.diff(stub.id, (await stubs.read(stub.id, stub.outs)).props, stubInputs), { changes: false });
    assert.equal((await stubs.update(stub.id, stub.outs, stubInputs)).outs["isStub"], true);
    assert.deepEqual(await scripts.read(script.id, script.outs), { id: "", props: {} });
  });
});
