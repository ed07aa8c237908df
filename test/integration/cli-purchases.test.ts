/** `purchases` and `resolve`, as processes, against the service's HTTP side with a real database and jobs that are only noted. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import type { PurchaseOverviewView, PurchaseView } from "../../src/http/routes/purchases.ts";
import type { AdminVpsView } from "../../src/http/vps-view.ts";
import { findLastPurchase, markAwaitingPayment, markBought, markReserved, markUncertain, wishFor } from "../../src/purchases/index.ts";
import { requestVps, setVpsStatus } from "../../src/records/index.ts";
import { withListeningApp } from "../support/http-app.ts";
import { signToken } from "../support/tokens.ts";
import { runCli, runJson } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

const PLAN = "hostingercom-vps-kvm1-usd-1m";
const { address, pool, jobs } = await withListeningApp();
const env = { USER_VPS_URL: address, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope: "vps:admin" }, { expiresInSeconds: 3_600 }) };

beforeEach(async () => {
  jobs.enqueued.splice(0);
  for (const table of ["vps_purchases", "vps_purchase_switch", "vps_give_ups", "user_vps"]) await pool.query(`DELETE FROM ${table}`);
});

async function purchaseOf(username: string): Promise<number> {
  const [userId, hostname] = [`user_${username}`, `${username}.spoq.dev`];
  await requestVps(pool, { userId, username, hostname, plan: PLAN, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  const { purchaseId } = await wishFor(pool, { userId, username, hostname, plan: PLAN, changeId: null, askedAt: new Date() });
  await markReserved(pool, purchaseId, { firstTermCents: 499, renewalCents: 1_399, currency: "USD" });
  return purchaseId;
}

async function doubtOf(username: string): Promise<void> {
  await markUncertain(pool, await purchaseOf(username), "2 VMs and 1 subscriptions were looked at");
  await setVpsStatus(pool, `user_${username}`, { status: "failed", errorCode: "PURCHASE_UNCERTAIN", reason: "nobody knows", nextStep: "decide" });
}

describe("user-vps purchases", () => {
  it("tells what was bought for whom at what price, newest first, and what is in doubt", async () => {
    await markBought(pool, await purchaseOf("alice"), { vmId: 17_923, orderId: "o-1", subscriptionId: "s-1" });
    await doubtOf("bob");
    const { overview, purchases } = await runJson<{ overview: PurchaseOverviewView; purchases: PurchaseView[] }>(["purchases"], { env });
    assert.deepEqual(purchases.map(({ username, state, priceCents, vmId }) => [username, state, priceCents, vmId]), [["bob", "uncertain", 499, null], ["alice", "bought", 499, 17_923]]);
    assert.deepEqual([overview.switch.on, overview.uncertain, overview.caps.purchasesToday], [true, 1, 2]);
    const { stdout, code } = await runCli(["purchases"], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^alice +bought +\S+kvm1\S+ +4\.99 USD +o-1 +s-1 +17923 /m);
    assert.match(stdout, /in doubt +1; decide with `user-vps resolve`/);
    assert.deepEqual((await runJson<{ purchases: PurchaseView[] }>(["purchases", "--user", "alice"], { env })).purchases.map(({ username }) => username), ["alice"]);
  });

  it("shows all of many by --all, and the newest of them without", async () => {
    for (let index = 0; index < 55; index++) {
      await pool.query("INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, bought_at) VALUES ($1, $1, $1, $2, 'bought', now(), now(), now())", [`u${index}`, PLAN]);
    }
    const listed = async (...args: string[]) => (await runJson<{ purchases: PurchaseView[] }>(["purchases", ...args], { env })).purchases.map(({ username }) => username);
    const newestFirst = Array.from({ length: 55 }, (_, index) => `u${54 - index}`);
    assert.deepEqual(await listed(), newestFirst.slice(0, 50));
    assert.deepEqual(await listed("--all"), newestFirst);
  });

  it("switches purchases off and on, with who and why", async () => {
    const off = await runJson<PurchaseOverviewView>(["purchases", "off", "--reason", "the card is renewed"], { env });
    assert.deepEqual([off.switch.on, off.switch.setBy, off.switch.reason], [false, "operator_1", "the card is renewed"]);
    assert.match((await runCli(["purchases"], { env })).stdout, /purchases +off, by operator_1: the card is renewed/);
    assert.equal((await runJson<PurchaseOverviewView>(["purchases", "on"], { env })).switch.on, true);
    assert.match((await runJson<ErrorDocument>(["purchases", "maybe"], { env, code: 2 })).error.message, /Expected 'on' or 'off'/);
  });
});

describe("user-vps resolve", () => {
  for (const [args, decision, vmId] of [[["--vm", "17923"], "vm", 17_923], [["--buy-again"], "buy-again", null], [["--give-up"], "give-up", null]] as const) {
    it(`${args.join(" ")} is recorded with who and why, and goes on`, async () => {
      await doubtOf("alice");
      const { vps: { status } } = await runJson<{ vps: AdminVpsView }>(["resolve", "alice", ...args, "--reason", "order 8471 in hPanel"], { env });
      assert.equal(status, "queued");
      const { decision: decided, decidedVmId, decidedBy, decidedWhy } = (await findLastPurchase(pool, "user_alice"))!;
      assert.deepEqual([decided, decidedVmId, decidedBy, decidedWhy], [decision, vmId, "operator_1", "order 8471 in hPanel"]);
      assert.deepEqual(jobs.enqueued.map(({ operation, userId }) => [operation, userId]), [["up", "user_alice"]]);
    });
  }

  it("--give-up --follow does not wait for the end of the grace period, and says that it is waited for", async () => {
    await markAwaitingPayment(pool, await purchaseOf("alice"), { orderId: "o-1", subscriptionId: "s-1" });
    const { userId } = (await setVpsStatus(pool, "user_alice", { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "none" }))!;
    await runJson(["deprovision", "alice", "--reason", "left the company", "--confirm", "alice"], { env });
    jobs.enqueued.splice(0);
    const { stdout, code } = await runCli(["resolve", "alice", "--give-up", "--reason", "order 8471 was cancelled", "--follow", "--timeout", "20"], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^alice: it is decided \(give-up\); it is deprovisioning.*: the end of the grace period, .*\nNothing is queued yet that could be followed\.\n$/);
    assert.deepEqual([jobs.enqueued, (await findLastPurchase(pool, userId))!.decision], [[], "give-up"]);
  });

  it("decides nothing without exactly one decision and a reason, or where nothing is in doubt", async () => {
    await doubtOf("alice");
    for (const args of [[], ["--buy-again", "--give-up"], ["--vm", "17923", "--buy-again"], ["--vm", "none"]]) await runJson<ErrorDocument>(["resolve", "alice", ...args, "--reason", "x"], { env, code: 2 });
    assert.match((await runJson<ErrorDocument>(["resolve", "alice", "--buy-again"], { env, code: 2 })).error.message, /--reason/);
    await markBought(pool, await purchaseOf("bob"), { vmId: 1 });
    assert.equal((await runJson<ErrorDocument>(["resolve", "bob", "--give-up", "--reason", "x"], { env, code: 1 })).error.code, "STATUS_CONFLICT");
    assert.deepEqual([(await findLastPurchase(pool, "user_alice"))?.decision, jobs.enqueued], [null, []]);
  });
});
