/** A plain `pulumi destroy` of a stack that has ordered a VM, and does not have it yet. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import * as scripts from "../../providers/hostinger/post-install-script-provider.ts";
import * as vms from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { beginRun, inputs } from "../support/vm-provider.ts";
import { control, QUICK } from "./sandbox-support.ts";

let sandbox: Sandbox;
beforeAll(async () => { sandbox = await startSandbox(QUICK); });
afterEach(() => {
  for (const name of ["USER_VPS_PATIENCE", "USER_VPS_ALLOW_DELETE"]) delete process.env[name];
  sandbox.reset();
});
afterAll(() => sandbox.close());

const isThere = (id: string) => sandbox.state().scripts.some((script) => String(script.id) === id);

describe("the script of a VM that is still to come", () => {
  it("is not removed while its order stands, unless whoever gives the VPS up looks after that", async () => {
    process.env["USER_VPS_PATIENCE"] = "none";
    beginRun(sandbox);
    await control(sandbox, "POST", "purchases", { answer: "payment-initiated" });
    const script = await scripts.create({ name: "of alice", content: "#!/bin/sh\n", __provider: "text" });
    await assert.rejects(vms.create(inputs({ postInstallScriptId: script.outs["scriptId"] })), /AWAITING_PAYMENT/);
    beginRun(sandbox);
    await assert.rejects(scripts.delete(script.id, script.outs), /PURCHASE_UNCERTAIN: .*order .* was placed for alice\.spoq\.dev.*still to come.*destroy/s);
    assert.ok(isThere(script.id));
    process.env["USER_VPS_ALLOW_DELETE"] = "true";
    await scripts.delete(script.id, script.outs);
    assert.ok(!isThere(script.id));
  });

  it("is removed where nothing was ordered with it, and with the VM that was", async () => {
    beginRun(sandbox);
    const [other, own] = [await scripts.create({ name: "another", content: "#!/bin/sh\n" }), await scripts.create({ name: "its own", content: "#!/bin/sh\n" })];
    const vm = await vms.create(inputs({ postInstallScriptId: own.outs["scriptId"], allowDelete: true }));
    beginRun(sandbox);
    await scripts.delete(other.id, other.outs);
    await vms.delete(vm.id, vm.outs);
    await scripts.delete(own.id, own.outs);
    assert.deepEqual(sandbox.state().scripts, []);
  });
});
