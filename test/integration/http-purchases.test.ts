/** Purchases by HTTP: plans of a token, the books, the switch, and an operator's word about a purchase in doubt. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import type { PurchaseOverviewView, PurchaseView } from "../../src/http/routes/purchases.ts";
import { findLastPurchase, listPurchases, markAwaitingPayment, markBought, markReserved, markUncertain, wishFor } from "../../src/purchases/index.ts";
import { isVmOfAnother, setVpsStatus } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import { awayFromMidnight } from "../support/midnight.ts";
import { KVM1 } from "../support/purchases.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, pool, jobs } = await withApp({ env: { PURCHASES_PER_DAY: "5", MAX_PRICE_CENTS: "1500" } });
const price = { firstTermCents: 499, renewalCents: 1_399, currency: "USD" };

beforeEach(async () => {
  await awayFromMidnight();
  jobs.enqueued.length = 0;
  for (const table of ["vps_purchases", "vps_purchase_switch", "vps_give_ups", "user_vps"]) await pool.query(`DELETE FROM ${table}`);
});

const get = async <T>(url: string): Promise<T> => {
  const answer = await app.inject({ url, headers: await asOperator() });
  assert.equal(answer.statusCode, 200, answer.body);
  return JSON.parse(answer.body) as T;
};
const post = async (url: string, payload: object) => app.inject({ method: "POST", url, payload, headers: await asOperator() });
const provision = async (username: string, claims: Record<string, unknown> = {}, payload: object = {}) => app.inject({ method: "POST", url: "/api/vps/provision", payload, headers: await asUser(username, claims) });
async function reserved(username: string): Promise<number> {
  assert.equal((await provision(username)).statusCode, 202);
  const { purchaseId } = await wishFor(pool, { userId: `user_${username}`, username, hostname: `${username}.spoq.dev`, plan: KVM1, changeId: null, askedAt: new Date() });
  await markReserved(pool, purchaseId, price);
  return purchaseId;
}

describe("POST /api/vps/provision with the claim vps_plans", () => {
  it("takes a plan that the token allows, by whatever name", async () => {
    for (const [username, claim] of [["ada", ["kvm2"]], ["ben", "KVM2 kvm2"], ["cid", ["hostingercom-vps-kvm2-usd-1m", 7]]] as const) {
      const answer = await provision(username, { vps_plans: claim }, { plan: "kvm2" });
      assert.equal(answer.statusCode, 202, answer.body);
      assert.equal(JSON.parse(answer.body).plan, "hostingercom-vps-kvm2-usd-1m");
    }
  });

  it("takes the first plan of the token where the default is not among them", async () => {
    assert.equal(JSON.parse((await provision("ada", { vps_plans: ["kvm4", "kvm2"] })).body).plan, "hostingercom-vps-kvm4-usd-1m");
    assert.equal(JSON.parse((await provision("ben", { vps_plans: ["kvm4", "kvm1"] })).body).plan, KVM1);
    assert.equal(JSON.parse((await provision("cleo", { vps_plans: "KVM 2,KVM 4 kvm8" })).body).plan, "hostingercom-vps-kvm2-usd-1m");
  });

  it("refuses every other plan, and what is no list of plans, and records nothing", async () => {
    for (const claim of [["kvm1"], [], "", 42, { kvm2: true }, "kvm1;kvm2", ["KVM2"], "kvm2\u0000", ["kvm2\ud800"]]) assertRefusal(await provision("ada", { vps_plans: claim }, { plan: "kvm2" }), 403, "PLAN_NOT_ALLOWED");
    for (const claim of ["KVM", ["KVM1"], "kvm1;kvm2", "kvm1\u0000"]) assertRefusal(await provision("ada", { vps_plans: claim }), 403, "PLAN_NOT_ALLOWED");
    assert.equal((await pool.query("SELECT FROM user_vps")).rowCount, 0);
    assert.deepEqual(jobs.enqueued, []);
  });

  it("does not touch a VPS that is there, but keeps what the newest token says", async () => {
    assert.equal((await provision("ada", { vps_plans: ["kvm1"] })).statusCode, 202);
    assert.equal((await provision("ada", { vps_plans: ["kvm2"] })).statusCode, 202);
    const { rows } = await pool.query("SELECT plan_id, allowed_plans FROM user_vps");
    assert.deepEqual(rows, [{ plan_id: KVM1, allowed_plans: ["kvm2"] }]);
  });
});

describe("a user who waits", () => {
  it("is told for what, since when and in which place", async () => {
    await provision("ada");
    await setVpsStatus(pool, "user_ada", { status: "queued", waitingKind: "fleet_limit", waitingFor: "the fleet is full" });
    await pool.query("UPDATE user_vps SET waiting_place = 3");
    const { waiting, waitingFor, failure } = JSON.parse((await app.inject({ url: "/api/vps/status", headers: await asUser("ada") })).body);
    assert.deepEqual([waiting.kind, waiting.place, waitingFor, failure], ["fleet_limit", 3, "the fleet is full", null]);
    assert.ok(!Number.isNaN(Date.parse(waiting.since)));
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
    assert.equal((await get<{ waiting: unknown }>("/api/admin/vps/ada")).waiting, null);
  });
});

describe("GET /api/admin/purchases", () => {
  it("has price, order, subscription, state and days left, newest first, by pages", async () => {
    const ids = [];
    for (const username of ["ada", "ben", "cid"]) ids.push(await reserved(username));
    await markBought(pool, ids[0]!, { vmId: 7, orderId: "o-7", subscriptionId: "s-7" });
    await pool.query("UPDATE vps_purchases SET paid_until = now() + interval '10 days 1 hour' WHERE purchase_id = $1", [ids[0]]);
    const first = await get<{ items: PurchaseView[]; nextCursor: number }>("/api/admin/purchases?limit=2");
    assert.deepEqual(first.items.map(({ username, state }) => [username, state]), [["cid", "reserved"], ["ben", "reserved"]]);
    const { items: [last], nextCursor } = await get<{ items: PurchaseView[]; nextCursor: number | null }>(`/api/admin/purchases?limit=2&cursor=${first.nextCursor}`);
    const { username, state, priceCents, currency, orderId, subscriptionId, vmId, daysLeft, purpose } = last!;
    assert.deepEqual({ username, state, priceCents, currency, orderId, subscriptionId, vmId, daysLeft, purpose, nextCursor }, { username: "ada", state: "bought", priceCents: 499, currency: "USD", orderId: "o-7", subscriptionId: "s-7", vmId: 7, daysLeft: 10, purpose: "signup", nextCursor: null });
    assert.deepEqual((await get<{ items: PurchaseView[] }>("/api/admin/purchases?state=bought")).items.map((one) => one.username), ["ada"]);
    assert.deepEqual((await get<{ items: PurchaseView[] }>("/api/admin/purchases?username=ben")).items.map((one) => one.username), ["ben"]);
  });

  it("is for operators", async () => {
    for (const url of ["/api/admin/purchases", "/api/admin/purchases/overview"]) assertRefusal(await app.inject({ url, headers: await asUser("ada") }), 403, "SCOPE_MISSING");
    assertRefusal(await app.inject({ method: "POST", url: "/api/admin/purchases/switch", payload: { on: false }, headers: await asUser("ada") }), 403, "SCOPE_MISSING");
  });
});

describe("what stands before a purchase", () => {
  it("is told with what is used of each cap, the breaker, and who waits for what", async () => {
    await reserved("ada");
    await provision("ben");
    const wish = await wishFor(pool, { userId: "user_ben", username: "ben", hostname: "ben.spoq.dev", plan: KVM1, changeId: null, askedAt: new Date() });
    await pool.query("UPDATE vps_purchases SET waits_for = 'certificates' WHERE purchase_id = $1", [wish.purchaseId]);
    const { switch: current, caps, breaker, waiting, uncertain } = await get<PurchaseOverviewView>("/api/admin/purchases/overview");
    assert.deepEqual(current, { on: true, setBy: null, reason: null, setAt: null });
    assert.deepEqual(caps, {
      purchasesToday: 1, purchasesPerDay: 5, spentTodayCents: 499, spentThisMonthCents: 499, spendPerMonthCents: null,
      fleet: 1, fleetLimit: null, certificates: 1, certificatesPerWeek: 50, maxPriceCents: 1_500, zoneRecordLimit: null,
    });
    assert.equal(breaker.state, "closed");
    assert.deepEqual(waiting.map(({ kind, users }) => [kind, users]), [["certificates", 1]]);
    assert.equal(uncertain, 0);
  });

  it("is switched by an operator, whose word beats the setting and is recorded", async () => {
    const answer = await post("/api/admin/purchases/switch", { on: false, reason: "the card is renewed" });
    assert.equal(answer.statusCode, 200, answer.body);
    const { on, setBy, reason } = (JSON.parse(answer.body) as PurchaseOverviewView).switch;
    assert.deepEqual({ on, setBy, reason }, { on: false, setBy: "operator_1", reason: "the card is renewed" });
    const { items: [action] } = await get<{ items: { path: string; requestedBy: string; reason: string }[] }>("/api/admin/audit?limit=1");
    assert.deepEqual([action?.path, action?.requestedBy, action?.reason], ["/api/admin/purchases/switch", "operator_1", "the card is renewed"]);
    assertRefusal(await post("/api/admin/purchases/switch", { on: "no" }), 400, "REQUEST_INVALID");
  });

  it("is in the metrics", async () => {
    await reserved("ada");
    const { body } = await app.inject({ url: "/metrics" });
    for (const line of ['user_vps_purchases{state="reserved"} 1', 'user_vps_purchases{state="bought"} 0', 'user_vps_purchases_spent_cents{period="month"} 499', 'user_vps_purchases_waiting{kind="payment"} 0', 'user_vps_purchase_breaker{state="closed"} 1', "user_vps_purchases_on 1", "user_vps_certificates_recent 1"]) {
      assert.ok(body.includes(`${line}\n`), line);
    }
  });
});

describe("POST /api/admin/vps/{username}/resolve", () => {
  async function inDoubt(username: string): Promise<void> {
    await markUncertain(pool, await reserved(username), "nothing fits");
    await setVpsStatus(pool, `user_${username}`, { status: "failed", errorCode: "PURCHASE_UNCERTAIN", reason: "nobody knows" });
    jobs.enqueued.length = 0;
  }

  it("records who decided what and why, and has the user's run done", async () => {
    for (const [username, body] of [["ada", { decision: "vm", vmId: 17 }], ["ben", { decision: "buy-again" }], ["cid", { decision: "give-up" }]] as const) {
      await inDoubt(username);
      const answer = await post(`/api/admin/vps/${username}/resolve`, { ...body, reason: "looked into hPanel" });
      assert.equal(answer.statusCode, 202, answer.body);
      assert.equal(JSON.parse(answer.body).status, "queued");
      const { state, decision, decidedVmId, decidedBy, decidedWhy } = (await findLastPurchase(pool, `user_${username}`))!;
      assert.deepEqual([state, decision, decidedVmId, decidedBy, decidedWhy], ["uncertain", body.decision, body.decision === "vm" ? 17 : null, "operator_1", "looked into hPanel"]);
      assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: `user_${username}` }]);
    }
    const { items: [action] } = await get<{ items: { path: string; username: string; reason: string }[] }>("/api/admin/audit?limit=1");
    assert.deepEqual([action?.path, action?.username, action?.reason], ["/api/admin/vps/cid/resolve", "cid", "looked into hPanel"]);
  });

  it("is taken as well about an order whose payment does not come, while the user waits", async () => {
    const awaited = await reserved("ada");
    await markAwaitingPayment(pool, awaited, { orderId: "o-1" });
    await setVpsStatus(pool, "user_ada", { status: "queued", waitingKind: "payment", waitingFor: "order o-1" });
    jobs.enqueued.length = 0;
    const answer = await post("/api/admin/vps/ada/resolve", { decision: "buy-again", reason: "hPanel says that the order has expired" });
    assert.equal(answer.statusCode, 202, answer.body);
    const { state, decision } = (await findLastPurchase(pool, "user_ada"))!;
    assert.deepEqual([state, decision, jobs.enqueued], ["awaiting_payment", "buy-again", [{ operation: "up", userId: "user_ada" }]]);
    // A run is at it.
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
    assertRefusal(await post("/api/admin/vps/ada/resolve", { decision: "give-up", reason: "x" }), 409, "STATUS_CONFLICT");
  });

  it("is refused for a VM that another user has, or has given up with the data on it", async () => {
    await provision("bob");
    await pool.query("UPDATE user_vps SET hostinger_vm_id = 71 WHERE username = 'bob'");
    await pool.query("INSERT INTO vps_give_ups (user_id, username, hostname, plan_id, template_id, data_center_id, vm_id, previous_status, requested_by, reason, wipe, due_at, ended_at) VALUES ('user_eve', 'eve', 'eve.spoq.dev', $1, 1007, 9, 72, 'ready', 'op', 'left', false, now(), now())", [KVM1]);
    await inDoubt("ada");
    for (const vmId of [71, 72]) assertRefusal(await post("/api/admin/vps/ada/resolve", { decision: "vm", vmId, reason: "x" }), 409, "STATUS_CONFLICT");
    for (const vmId of [0, -1, 1.5, "17", null]) assertRefusal(await post("/api/admin/vps/ada/resolve", { decision: "vm", vmId, reason: "x" }), 400, "REQUEST_INVALID");
    assert.deepEqual([(await findLastPurchase(pool, "user_ada"))?.decision, jobs.enqueued], [null, []]);
  });

  it("names a VM for one user only, until it is decided otherwise, also where two operators do so at once", async () => {
    for (const username of ["ada", "ben", "cid"]) await inDoubt(username);
    const answers = await Promise.all(["ada", "ben"].map((username) => post(`/api/admin/vps/${username}/resolve`, { decision: "vm", vmId: 81, reason: "an order in hPanel" })));
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).toSorted(), [202, 409]);
    assertRefusal(await post("/api/admin/vps/cid/resolve", { decision: "vm", vmId: 81, reason: "x" }), 409, "STATUS_CONFLICT");
    const [first] = (await listPurchases(pool, { limit: 10 })).items.filter(({ decidedVmId }) => decidedVmId !== null);
    assert.deepEqual([await isVmOfAnother(pool, first!.userId, 81), await isVmOfAnother(pool, "user_cid", 81)], [false, true]);
    await setVpsStatus(pool, first!.userId, { status: "failed" });
    assert.equal((await post(`/api/admin/vps/${first!.username}/resolve`, { decision: "buy-again", reason: "it was another order" })).statusCode, 202);
    assert.equal((await post("/api/admin/vps/cid/resolve", { decision: "vm", vmId: 81, reason: "x" })).statusCode, 202);
  });

  it("ends the doubt about another VM of a user who kept the old one, and names no VM for such a user", async () => {
    await inDoubt("ada");
    await setVpsStatus(pool, "user_ada", { status: "ready" });
    assertRefusal(await post("/api/admin/vps/ada/resolve", { decision: "vm", vmId: 91, reason: "x" }), 409, "STATUS_CONFLICT");
    const answer = await post("/api/admin/vps/ada/resolve", { decision: "give-up", reason: "hPanel has no order" });
    assert.equal(answer.statusCode, 202, answer.body);
    assert.deepEqual([(await findLastPurchase(pool, "user_ada"))?.decision, jobs.enqueued], ["give-up", [{ operation: "up", userId: "user_ada" }]]);
  });

  it("ends the wait for an order of a user who is given up, and is nothing else about one: at once if the giving up has begun", async () => {
    for (const [username, hasBegun] of [["ada", true], ["ben", false]] as const) {
      await markAwaitingPayment(pool, await reserved(username), { orderId: "o-1" });
      await setVpsStatus(pool, `user_${username}`, { status: "failed" });
      const body = { confirm: username, reason: "left", wipe: true };
      assert.equal((await post(`/api/admin/vps/${username}/deprovision`, body)).statusCode, 202);
      if (hasBegun) await pool.query("UPDATE vps_give_ups SET started_at = now() WHERE username = $1", [username]);
      const { waitingFor } = await get<{ waitingFor: string | null }>(`/api/admin/vps/${username}`);
      jobs.enqueued.length = 0;
      assertRefusal(await post(`/api/admin/vps/${username}/resolve`, { decision: "buy-again", reason: "x" }), 409, "STATUS_CONFLICT");
      const answer = await post(`/api/admin/vps/${username}/resolve`, { decision: "give-up", reason: "hPanel has no order" });
      assert.deepEqual([answer.statusCode, JSON.parse(answer.body).status, JSON.parse(answer.body).waitingFor], [202, "deprovisioning", waitingFor]);
      assert.deepEqual([(await findLastPurchase(pool, `user_${username}`))?.decision, jobs.enqueued], ["give-up", hasBegun ? [{ operation: "destroy", userId: `user_${username}` }] : []]);
    }
  });

  it("is refused where nothing is in doubt, without a reason, and where VM and decision do not fit", async () => {
    await provision("ada");
    assertRefusal(await post("/api/admin/vps/ada/resolve", { decision: "buy-again", reason: "x" }), 409, "STATUS_CONFLICT");
    assertRefusal(await post("/api/admin/vps/nobody/resolve", { decision: "buy-again", reason: "x" }), 404, "USER_NOT_FOUND");
    await inDoubt("ben");
    for (const body of [{ decision: "buy-again" }, { decision: "vm", reason: "x" }, { decision: "buy-again", vmId: 3, reason: "x" }, { decision: "again", reason: "x" }]) assertRefusal(await post("/api/admin/vps/ben/resolve", body), 400, "REQUEST_INVALID");
    assert.deepEqual((await listPurchases(pool, { limit: 10 })).items.map(({ decision }) => decision), [null]);
    assert.deepEqual(jobs.enqueued, []);
  });
});
