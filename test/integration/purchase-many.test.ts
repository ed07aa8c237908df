import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { HOUR_MS } from "../../providers/core/time.ts";
import * as scripts from "../../providers/hostinger/post-install-script-provider.ts";
import { obtainVm } from "../../providers/hostinger/purchase/index.ts";
import { recordName } from "../../providers/hostinger/purchase/record.ts";
import * as virtualMachines from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { newBuyer, obtainOnce } from "../support/buyers.ts";
import { ALICE } from "../support/fake-account.ts";
import { ordersOf } from "../support/purchase-table.ts";
import { control, hostinger, QUICK, scriptFor } from "./sandbox-support.ts";

interface LoggedCall {
  readonly api: string;
  readonly method: string;
  readonly path: string;
}

describe("a purchase in an account that is full, or much asked for", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
    const settings: Record<string, string> = { "hostinger:apiKey": sandbox.hostingerToken, "hostinger:baseUrl": sandbox.hostingerUrl };
    scripts.configure({ get: (key) => settings[key] });
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  it("comes after at most 15 calls of a signup, with 5,000 scripts there", async () => {
    await addScripts(5_000);
    await control(sandbox, "DELETE", "calls");
    const content = scriptFor(ALICE.hostname);
    const script = await scripts.create({ name: ALICE.hostname, content });
    const vm = await virtualMachines.create({ ...ALICE, postInstallScriptId: Number(script.id), postInstallScript: content, __provider: "serialised provider" });
    assert.deepEqual(ordersOf(sandbox).map(({ vmId }) => String(vmId)), [vm.id]);
    const calls = ((await control(sandbox, "GET", "calls")) as LoggedCall[]).filter(({ api }) => api === "hostinger");
    const before = calls.findIndex(({ method, path }) => method === "POST" && path === "/api/vps/v1/virtual-machines");
    assert.ok(before > 0 && before <= 15, calls.slice(0, before).map(({ method, path }) => `${method} ${path}`).join(", "));
  });

  it("is seen by a stack that is made anew 170 signups later, whatever its state, and nothing is ordered again", async () => {
    for (const [answer, code] of [[{ answer: "payment-initiated" }, "AWAITING_PAYMENT"], [undefined, "PURCHASE_UNCERTAIN"]] as const) {
      sandbox.reset();
      await control(sandbox, "POST", "settings", { scriptListContent: answer !== undefined });
      if (answer) await control(sandbox, "POST", "purchases", answer);
      else sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", fault: { kind: "reset", afterEffect: false } });
      assert.deepEqual(await obtainOnce(sandbox, {}, { runningTimeoutMs: 1, purchaseSettleMs: 1_100 }), { code });
      await ageRecord();
      for (let other = 0; other < 170; other++) await scripts.create({ name: `user${other}.spoq.dev`, content: "#!/bin/sh\n" });
      const script = await scripts.create({ name: ALICE.hostname, content: scriptFor(ALICE.hostname) });
      assert.deepEqual(await obtainOnce(sandbox, { postInstallScriptId: Number(script.id) }, { runningTimeoutMs: 1, purchaseSettleMs: 1_100 }), { code });
      assert.equal(recordsOfAlice().length, 1);
    }
  });

  it("is seen by `vm create`, which has no script of a stack's, though it is far behind", async () => {
    await control(sandbox, "POST", "purchases", { answer: "payment-initiated" });
    assert.deepEqual(await obtainOnce(sandbox, {}, { runningTimeoutMs: 1 }), { code: "AWAITING_PAYMENT" });
    await addScripts(200);
    const { id } = sandbox.state().scripts.at(-1)!;
    const buyer = newBuyer(sandbox, { runningTimeoutMs: 1 });
    await assert.rejects(obtainVm(buyer.session, { ...ALICE, postInstallScriptId: id }, { hasOwnScript: false }).finally(() => buyer.end()), /AWAITING_PAYMENT/);
    assert.equal(ordersOf(sandbox).length, 1);
  });

  it("happens once for 12 buyers at once, with lists that leave the content out", async () => {
    await control(sandbox, "POST", "settings", { scriptListContent: false });
    const endings = await Promise.all(Array.from({ length: 12 }, () => obtainOnce(sandbox, {}, { purchaseTimeoutMs: 30_000, purchaseIntentMs: 30_000 })));
    const [order, ...more] = ordersOf(sandbox);
    assert.deepEqual([endings, more], [endings.map(() => ({ vmId: order?.vmId })), []]);
  });

  const recordsOfAlice = () => sandbox.state().scripts.filter(({ name }) => name === recordName(ALICE.hostname));

  /** As if all of it had been two hours ago. */
  async function ageRecord(): Promise<void> {
    const path = `vps/v1/post-install-scripts/${recordsOfAlice()[0]!.id}`;
    const { name, content: present } = (await hostinger(sandbox, "GET", path)).body;
    const then = new Date(Date.now() - 2 * HOUR_MS).toISOString();
    const content = present.replace('"version":2', `"version":2,"madeAt":"${then}"`).replaceAll(/"at":"[^"]+"/g, `"at":"${then}"`);
    await hostinger(sandbox, "PUT", path, { name, content });
  }

  async function addScripts(count: number): Promise<void> {
    const atOnce = 20;
    for (let from = 0; from < count; from += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, index) => hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: `user${from + index}.spoq.dev`, content: "#!/bin/sh\n" })));
    }
    assert.ok(sandbox.state().scripts.length >= count);
  }
});
