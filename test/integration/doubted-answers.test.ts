/** Answers of Hostinger's that are not to be believed at once. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { leaveEngine } from "../../providers/core/engine-liveness.ts";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { ALICE } from "../support/fake-account.ts";

type Values = Record<string, unknown>;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 30, scriptMs: 10, actionMs: 10 });
  process.env["HOSTINGER_NOT_FOUND_GRACE_SECONDS"] = "1";
  beginRun();
});
afterEach(() => {
  sandbox.clearFaults();
  sandbox.reset();
});
afterAll(() => sandbox.close());

/** Of a new engine: what was seen by one before is not known any more. */
function beginRun(): void {
  leaveEngine();
  const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
  provider.configure({ get: (key) => settings[key] });
}

const inputs = (changes: Values = {}): Values => ({ ...ALICE, ...changes, __provider: "serialised provider" });
const created = async (changes: Values = {}) => provider.create(inputs(changes));
const onlyVm = () => sandbox.state().vms[0]!;

describe("the auto-renewal", () => {
  it("is not said to be off where it is not: a later run switches it off", async () => {
    const edits = [{ path: "subscription_id", value: null }];
    sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines/\\d+$", times: 0, fault: { kind: "answer", edits } });
    const { id, outs } = await created({ autoRenew: false });
    assert.deepEqual([onlyVm().autoRenewed, outs["autoRenew"], provider.diff(id, outs, inputs({ autoRenew: false })).changes], [true, true, true]);
    sandbox.clearFaults();
    const { outs: after } = await provider.update(id, outs, inputs({ autoRenew: false }));
    assert.deepEqual([onlyVm().autoRenewed, after["autoRenew"], provider.diff(id, after, inputs({ autoRenew: false })).changes], [false, false, false]);
  });

  for (const [autoRenew, switched] of [[false, "disable"], [true, "enable"]] as const) {
    it(`that stays ${autoRenew ? "off" : "on"} although Hostinger says that it was switched is a failure`, async () => {
      const { id, outs } = await created({ autoRenew: !autoRenew });
      const body = { id: outs["subscriptionId"], name: "KVM 1", status: "active", is_auto_renewed: !autoRenew };
      sandbox.addFault({ api: "hostinger", path: `/api/billing/v1/subscriptions/.*/auto-renewal/${switched}`, times: 1, fault: { kind: "status", status: 200, body } });
      const failure = await provider.update(id, outs, inputs({ autoRenew })).then(() => assert.fail("expected a failure"), (error: unknown) => error as Error & { properties: Values });
      assert.match(failure.message, /^API_WITHOUT_EFFECT: The renewal of subscription/);
      const { properties } = failure;
      assert.equal(properties["autoRenew"], !autoRenew);
      await provider.update(id, properties, inputs({ autoRenew }));
      assert.equal(onlyVm().autoRenewed, autoRenew);
    });
  }
});

describe("a VM that is not found, though it is listed", () => {
  const notFound = (times: number) => sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines/\\d+$", times, fault: { kind: "status", status: 404 } });

  it("is not called gone: the refresh of a new run ends with VM_NOT_FOUND, which is tried again", async () => {
    const { id, outs } = await created();
    beginRun();
    notFound(1);
    await assert.rejects(provider.read(id, outs), /VM_NOT_FOUND: .*lists it/);
    assert.equal((await provider.read(id, outs)).props["state"], "running");
  });

  it("is as it was as long as nobody has seen it run", async () => {
    const { id, outs } = await created();
    beginRun();
    notFound(1);
    const made = { ...outs, state: "creating" };
    assert.deepEqual(await provider.read(id, made), { id, props: made });
  });

  it("is looked for again where it was there a moment ago", async () => {
    const { id, outs } = await created();
    notFound(1);
    assert.equal((await provider.read(id, outs)).props["state"], "running");
  });
});
