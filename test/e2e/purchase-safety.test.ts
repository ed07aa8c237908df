import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { resolvePurchase } from "../../providers/hostinger/purchase/index.ts";
import type { PurchaseDecision } from "../../providers/hostinger/purchase/index.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import { CliWorld } from "../support/cli-world.ts";
import { newName } from "../support/new-name.ts";
import { until } from "../support/until.ts";

const PURCHASE = { api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$" } as const;

let world: CliWorld;
beforeAll(async () => void (world = await CliWorld.open({ warm: true })));
afterEach(() => world.sandbox.clearFaults());
afterAll(() => world.close());

function purchaseCalls(): number {
  return world.sandbox.state().calls.counts.find((count) => count.method === "POST" && count.pattern === "/api/vps/v1/virtual-machines")?.count ?? 0;
}

/** An empty stack. */
async function newStack(name: string): Promise<{ username: string; hostname: string }> {
  const username = newName(name);
  await world.newStack(username);
  return { username, hostname: `${username}.spoq.dev` };
}

/** As `user-vps resolve` does. */
async function decide(hostname: string, decision: PurchaseDecision): Promise<void> {
  const { hostingerUrl: baseUrl, hostingerToken: apiKey } = world.sandbox;
  const client = new HostingerClient({ baseUrl, apiKey });
  const settings = hostingerSettings({ get: () => undefined }, world.env);
  await resolvePurchase({ client, settings, signal: new AbortController().signal, report: () => undefined }, hostname, decision, { who: "an operator", why: "the test" });
  await client.close();
}

async function assertReadyWithOnePurchase(username: string): Promise<void> {
  assert.equal((await world.storedOutputs(username))["healthy"], true);
  assert.equal(world.purchasesOf(`${username}.spoq.dev`), 1);
  assert.equal(world.sandbox.state().records.filter((record) => record.name === `${username}.spoq.dev`).length, 1);
}

describe("a purchase happens at most once", () => {
  it("when its answer is lost after the effect", async () => {
    const { username } = await newStack("e2e-lost");
    world.sandbox.addFault({ ...PURCHASE, fault: { kind: "drop-after" } });
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  it("when it is answered with 500 although it happened", async () => {
    const { username } = await newStack("e2e-500");
    world.sandbox.addFault({ ...PURCHASE, fault: { kind: "status", status: 500, afterEffect: true } });
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  it("when it is lost without effect: PURCHASE_UNCERTAIN, in every run, until a person decides", async () => {
    const { username, hostname } = await newStack("e2e-before");
    world.sandbox.addFault({ ...PURCHASE, fault: { kind: "drop-before" } });
    for (const run of [1, 2]) {
      const { code, text } = await world.up(username);
      assert.notEqual(code, 0, `run ${run}`);
      assert.match(text, /PURCHASE_UNCERTAIN: A VM for e2e-before\d*\.spoq\.dev was ordered at .*user-vps resolve/s);
    }
    assert.equal(world.purchasesOf(hostname), 0);
    await decide(hostname, { kind: "buy-again" });
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  it("when Hostinger answers that the payment is under way, and it comes after the run has ended", async () => {
    const { username, hostname } = await newStack("e2e-later");
    await world.control("purchases", { hostname, answer: "payment-initiated" });
    const waiting = await world.up(username, { HOSTINGER_RUNNING_TIMEOUT_SECONDS: "2" });
    assert.notEqual(waiting.code, 0);
    assert.match(waiting.text, /AWAITING_PAYMENT: Order \d+ for e2e-later\d*\.spoq\.dev is accepted since/);
    const [order] = world.sandbox.state().purchases.filter((one) => one.hostname === hostname);
    await world.control(`orders/${order?.orderId}`, { status: "completed" });
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  it("when the engine is killed with -9 before it has saved what was bought", async () => {
    const { username, hostname } = await newStack("e2e-unsaved");
    await world.control("boot", { hostname, bootMs: 2_500 });
    const { child, finished } = world.start("up", "--yes", "--skip-preview", "--stack", username);
    await until("the VM is bought", () => world.purchasesOf(hostname) === 1);
    child.kill("SIGKILL");
    await finished;
    await world.ok("cancel", "--yes", "--stack", username);
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  for (const [name, when] of [["before Hostinger acts on it", "before"], ["after Hostinger acted on it", "after"]] as const) {
    it(`when the engine is killed with -9 while it runs, ${name}`, async () => {
      const { username } = await newStack(`e2e-kill-${when}`);
      world.sandbox.addFault({ ...PURCHASE, fault: { kind: "delay", delayMs: 2_500, when } });
      const callsBefore = purchaseCalls();
      const { child, finished } = world.start("up", "--yes", "--skip-preview", "--stack", username);
      await until("the purchase is on its way", () => purchaseCalls() > callsBefore);
      child.kill("SIGKILL");
      await finished;

      const locked = await world.up(username);
      assert.match(locked.text, /locked/);
      await world.ok("cancel", "--yes", "--stack", username);
      const { code, text } = await world.up(username);
      assert.equal(code, 0, text);
      await assertReadyWithOnePurchase(username);
      const { code: second, text: secondText } = await world.up(username);
      assert.equal(second, 0, secondText);
      assert.match(secondText, /8 unchanged/);
    });
  }

  it("during a storm of 429 and 5xx on every call, and the user still gets a VPS", async () => {
    const { username } = await newStack("e2e-storm");
    world.sandbox.addFault({ api: "hostinger", times: 0, forMs: 3_000, fault: { kind: "status", status: 429, retryAfterSeconds: 1 } });
    world.sandbox.addFault({ api: "hostinger", method: "GET", times: 4, fault: { kind: "status", status: 503 } });
    world.sandbox.addFault({ ...PURCHASE, fault: { kind: "status", status: 429, retryAfterSeconds: 1 } });
    world.sandbox.addFault({ api: "cloudflare", times: 2, fault: { kind: "status", status: 500 } });
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  it("when the VM ends in `error`: a clear failure, and the next `up` after its repair goes on with it", async () => {
    const { username, hostname } = await newStack("e2e-error");
    await world.control("boot", { hostname, outcome: "error" });
    const failed = await world.up(username);
    assert.notEqual(failed.code, 0);
    assert.match(failed.text, /VM_ERROR: VM \d+ of e2e-error\d*\.spoq\.dev is in the state 'error'/);
    assert.notEqual((await world.up(username)).code, 0);

    const vmId = world.sandbox.state().vms.find((vm) => vm.hostname === hostname)?.id;
    await world.control(`vms/${vmId}/drift`, { kind: "repaired" });
    const { code, text } = await world.up(username);
    assert.equal(code, 0, text);
    await assertReadyWithOnePurchase(username);
  });

  it("when the payment is refused: nothing is bought and the failure says so", async () => {
    const { username, hostname } = await newStack("e2e-unpaid");
    world.sandbox.addFault({ ...PURCHASE, fault: { kind: "status", status: 402, body: { message: "Payment declined", correlation_id: "fake-correlation-id" } } });
    const { code, text } = await world.up(username);
    assert.notEqual(code, 0);
    assert.match(text, /PAYMENT_REFUSED: .*fake-correlation-id/);
    assert.equal(world.purchasesOf(hostname), 0);
  });
});
