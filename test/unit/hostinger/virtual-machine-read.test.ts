import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { configure } from "../../../providers/hostinger/session.ts";
import { readVirtualMachine } from "../../../providers/hostinger/virtual-machine-read.ts";
import { ALICE } from "../../support/fake-account.ts";

const VM = { id: 17, hostname: ALICE.hostname, state: "running", actions_lock: "unlocked", ipv4: [{ id: 1, address: "192.0.2.1", ptr: null }], ipv6: null, plan: "KVM 1" };
let plan = VM.plan;

const api = createServer((_request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ ...VM, plan }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  const settings: Record<string, string> = { "hostinger:apiKey": "fake-key", "hostinger:baseUrl": `http://127.0.0.1:${(api.address() as AddressInfo).port}` };
  configure({ get: (key) => settings[key] });
});
afterAll(() => void (api.closeAllConnections(), api.close()));

async function planRead(declared: string, actual: string) {
  plan = actual;
  const { props, inputs } = await readVirtualMachine("17", { ...ALICE, plan: declared, vmId: 17, state: "running", ipv4: "192.0.2.1" });
  return { plan: props["plan"], isDrift: inputs !== undefined };
}

describe("reading a VM's plan", () => {
  it("finds the declared one, or another, in the words of the catalog", async () => {
    assert.deepEqual(await planRead(ALICE.plan, "KVM 1"), { plan: ALICE.plan, isDrift: false });
    assert.deepEqual(await planRead(ALICE.plan, "KVM 4"), { plan: "hostingercom-vps-kvm4-usd-1m", isDrift: true });
  });

  it("finds no drift in what a plan is called of which the catalog's item does not tell it", async () => {
    const item = "hostingercom-vps-gamepanel1-usd-1m";
    assert.deepEqual(await planRead(item, "Game Panel 1"), { plan: item, isDrift: false });
  });
});
