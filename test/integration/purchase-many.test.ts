import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import * as scripts from "../../providers/hostinger/post-install-script-provider.ts";
import * as virtualMachines from "../../providers/hostinger/virtual-machine-provider.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { obtainOnce } from "../support/buyers.ts";
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

  it("happens once for 12 buyers at once, with lists that leave the content out", async () => {
    await control(sandbox, "POST", "settings", { scriptListContent: false });
    const endings = await Promise.all(Array.from({ length: 12 }, () => obtainOnce(sandbox, {}, { purchaseTimeoutMs: 30_000, purchaseIntentMs: 30_000 })));
    const [order, ...more] = ordersOf(sandbox);
    assert.deepEqual([endings, more], [endings.map(() => ({ vmId: order?.vmId })), []]);
  });

  async function addScripts(count: number): Promise<void> {
    const atOnce = 20;
    for (let from = 0; from < count; from += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, index) => hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: `user${from + index}.spoq.dev`, content: "#!/bin/sh\n" })));
    }
    assert.equal(sandbox.state().scripts.length, count);
  }
});
