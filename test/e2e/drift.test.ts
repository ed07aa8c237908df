import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { CliWorld } from "../support/cli-world.ts";

const USER = "e2e-carol";
const HOSTNAME = "e2e-carol.spoq.dev";

let world: CliWorld;
let vmId: number;
beforeAll(async () => {
  world = await CliWorld.open({ warm: true });
  await world.newStack(USER, { healthTimeoutSeconds: "20" });
  const { code, text } = await world.up(USER);
  assert.equal(code, 0, text);
  vmId = world.sandbox.state().vms[0]!.id;
});
afterAll(() => world.close());

async function previewOfDrift() {
  return world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", USER);
}

async function repair(): Promise<void> {
  const { code, text } = await world.pulumi("up", "--yes", "--skip-preview", "--refresh", "--stack", USER);
  assert.equal(code, 0, text);
}

async function assertNoDrift(): Promise<void> {
  const { code, text } = await previewOfDrift();
  assert.equal(code, 0, text);
}

describe("drift shows in a preview and is repaired by `up`", () => {
  const vmDrifts = [
    { what: "a stopped VM", drift: { kind: "stopped" } },
    { what: "a renamed VM", drift: { kind: "renamed", hostname: "mallory.spoq.dev" } },
    { what: "a VM with a new address", drift: { kind: "new-ip" } },
  ];
  for (const { what, drift } of vmDrifts) {
    it(what, async () => {
      await world.control(`vms/${vmId}/drift`, drift);
      const found = await previewOfDrift();
      assert.notEqual(found.code, 0, found.text);
      assert.match(found.text, /VirtualMachine vm/);
      await repair();
      const vm = world.sandbox.state().vms.find(({ id }) => id === vmId);
      assert.deepEqual([vm?.state, vm?.hostname], ["running", HOSTNAME]);
      assert.equal(world.sandbox.state().records[0]?.content, vm?.address);
    });
  }

  it("none is left after these repairs", assertNoDrift);

  for (const drift of [{ kind: "content", content: "127.99.0.1" }, { kind: "removed" }, { kind: "proxied" }]) {
    it(`a DNS record: ${drift.kind}`, async () => {
      await world.control("records/drift", { name: HOSTNAME, ...drift });
      const found = await previewOfDrift();
      assert.notEqual(found.code, 0, found.text);
      assert.match(found.text, /DnsRecord record/);
      await repair();
      assert.equal(world.sandbox.state().records.length, 1);
    });
  }

  it("a VPS that is not healthy, with the stage", async () => {
    await world.control(`vms/${vmId}/drift`, { kind: "unhealthy" });
    const found = await previewOfDrift();
    assert.notEqual(found.code, 0, found.text);
    assert.match(found.text, /HealthCheck health/);
    await world.control(`vms/${vmId}/drift`, { kind: "healthy" });
    await repair();
  });

  it("an auto-renewal that was switched off", async () => {
    const { subscriptionId } = world.sandbox.state().vms[0]!;
    const response = await fetch(`${world.sandbox.hostingerUrl}/api/billing/v1/subscriptions/${subscriptionId}/auto-renewal/disable`, { method: "DELETE", headers: { authorization: `Bearer ${world.sandbox.hostingerToken}` } });
    assert.equal(response.status, 200);
    assert.notEqual((await previewOfDrift()).code, 0);
    await repair();
    assert.equal(world.sandbox.state().vms[0]?.autoRenewed, true);
  });

  it("none is left after these repairs either", assertNoDrift);

  it("another plan: refused, because only a purchase could undo it", async () => {
    await world.control(`vms/${vmId}/drift`, { kind: "plan", itemId: "hostingercom-vps-kvm4-usd-1m" });
    const { code, text } = await previewOfDrift();
    assert.notEqual(code, 0);
    assert.match(text, new RegExp(`CHANGE_REFUSED: plan hostingercom-vps-kvm4-usd-1m -> hostingercom-vps-kvm1-usd-1m .*allowReplaceOf ${vmId}`));
    await world.control(`vms/${vmId}/drift`, { kind: "plan", itemId: "hostingercom-vps-kvm1-usd-1m" });
  });

  it("a VM that is gone: reported, and not bought again until that is allowed for just this VM", async () => {
    await world.control(`vms/${vmId}/drift`, { kind: "gone" });
    const { code, text } = await previewOfDrift();
    assert.notEqual(code, 0);
    assert.match(text, new RegExp(`VM_GONE: VM ${vmId} .*allowReplaceOf ${vmId}`));
    const refused = await world.pulumi("up", "--yes", "--skip-preview", "--refresh", "--stack", USER);
    assert.notEqual(refused.code, 0);
    assert.equal(world.purchasesOf(HOSTNAME), 1);

    await world.set(USER, { protect: "false", allowReplaceOf: String(vmId) });
    await repair();
    assert.equal(world.purchasesOf(HOSTNAME), 2);
    await assertNoDrift();
  });
});
