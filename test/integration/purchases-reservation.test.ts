/** Reservations of purchases on a real PostgreSQL: kept, given back, followed up. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { recordCancelled } from "../../src/jobs/close-run.ts";
import { admit, findLastPurchase, findOpenPurchase, goOn, readBooks, readBreaker, reserve, setSwitch, settleLeft, wishFor } from "../../src/purchases/index.ts";
import type { PurchaseAccount } from "../../src/purchases/index.ts";
import { requestVps, setVpsStatus } from "../../src/records/index.ts";
import { control } from "../support/fleet.ts";
import { KVM1 } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { openGuards } from "../support/guards.ts";

const { pool, sandbox, world, names, settle, turn, waiting, refuses, signUpAll, bought } = await openGuards();

describe("a reservation", () => {
  it("is kept while a run is tried again, becomes the purchase when it has its VM, and is freed when nothing was bought", async () => {
    const the = world({ PURCHASES_PER_DAY: "2" });
    await signUpAll(the, names(3));
    for (const username of ["user1", "user2"]) assert.equal((await the.ask(username)).mayBuy, true);
    assert.equal(await settle(the, "user1", { code: "API_UNREACHABLE" }), undefined);
    assert.equal((await the.ask("user1")).mayBuy, true);
    await settle(the, "user1", { code: "HEALTH_CHECK_FAILED", vmId: 801, account: { state: "bought", orderId: "o-1", subscriptionId: "s-1" } });
    const { state, vmId, orderId, subscriptionId, priceCents, currency } = (await findLastPurchase(pool, "u-user1"))!;
    assert.deepEqual({ state, vmId, orderId, subscriptionId, priceCents, currency }, { state: "bought", vmId: 801, orderId: "o-1", subscriptionId: "s-1", priceCents: 499, currency: "USD" });
    assert.equal((await the.ask("user3")).wait?.kind, "purchases_per_day");
    // The account could not be asked: nothing is concluded.
    await settle(the, "user2", { code: "API_UNAUTHORIZED", isAtRest: true, account: undefined });
    assert.equal((await findLastPurchase(pool, "u-user2"))?.state, "reserved");
    await settle(the, "user2", { code: "API_UNAUTHORIZED", isAtRest: true, account: { state: "none" } });
    assert.equal((await findLastPurchase(pool, "u-user2"))?.state, "released");
    assert.deepEqual(await turn(the), ["user3"]);
  });

  it("of an order whose payment is under way is looked for at growing intervals, up to the longest, and buys nothing", async () => {
    const the = world({ PAYMENT_LOOK_SECONDS: "60" });
    await the.signUp("user1");
    await the.ask("user1");
    const delays: number[] = [];
    for (let look = 0; look < 5; look++) {
      const aftermath = await settle(the, "user1", { code: "AWAITING_PAYMENT", account: { state: "accepted", orderId: "o-9", subscriptionId: "s-9" } });
      assert.equal(aftermath?.wait.kind, "payment");
      assert.match(aftermath.wait.text, /order o-9 stands/);
      delays.push(aftermath.againMs!);
      assert.equal((await the.ask("user1")).mayBuy, false);
    }
    assert.deepEqual(delays, [10_000, 20_000, 40_000, 60_000, 60_000]);
    await settle(the, "user1", { code: "HEALTH_CHECK_FAILED", vmId: 901 });
    const { state, orderId, subscriptionId, vmId } = (await findLastPurchase(pool, "u-user1"))!;
    assert.deepEqual({ state, orderId, subscriptionId, vmId }, { state: "bought", orderId: "o-9", subscriptionId: "s-9", vmId: 901 });
  });

  it("in doubt keeps its place in the books, with the evidence, and buys nothing", async () => {
    const the = world({ FLEET_LIMIT: "1" });
    await signUpAll(the, names(2));
    await the.ask("user1");
    await settle(the, "user1", { code: "PURCHASE_UNCERTAIN", message: "3 VMs looked at, none fits", isAtRest: true, account: { state: "doubt" } });
    const doubt = (await findOpenPurchase(pool, "u-user1"))!;
    assert.deepEqual([doubt.state, doubt.evidence], ["uncertain", "3 VMs looked at, none fits"]);
    assert.equal((await the.ask("user1")).mayBuy, false);
    assert.equal((await the.ask("user2")).wait?.kind, "fleet_limit");
  });

  describe("of a run that has not bought yet", () => {
    const reserved = async (the: PurchaseWorld, users: readonly string[]) => {
      await signUpAll(the, users);
      for (const username of users) assert.equal((await the.ask(username)).mayBuy, true);
    };
    const held: readonly [string, Record<string, string>, () => Promise<unknown>, string][] = [
      ["an operator has switched purchases off", {}, () => setSwitch(pool, { isOn: false, by: "op_1", reason: "the card is renewed" }), "purchases_off"],
      ["the price is above the ceiling", { MAX_PRICE_CENTS: "100" }, async () => undefined, "price"],
      ["the payment method has expired", { HOSTINGER_PAYMENT_METHOD_ID: "6524" }, async () => undefined, "payment_method"],
      ["another user's payment was refused", {}, () => settle(world(), "user2", { code: "PAYMENT_REFUSED", message: "declined" }), "payment_refused"],
      ["the zone cannot be written to", { CLOUDFLARE_API_TOKEN: "fake-token-that-may-not" }, async () => undefined, "zone"],
    ];
    for (const [what, env, happens, kind] of held) {
      it(`is given back, with its place, once ${what}`, async () => {
        await reserved(world(), ["user1", "user2"]);
        await happens();
        const { mayBuy, wait } = await world(env).ask("user1");
        assert.deepEqual([mayBuy, wait?.kind], [false, kind]);
        const { state, waitsFor, reservedAt } = (await findOpenPurchase(pool, "u-user1"))!;
        assert.deepEqual([state, waitsFor, reservedAt], ["waiting", kind, null]);
        assert.deepEqual((await waiting())[0], ["user1", kind, 1]);
        assert.ok((await readBooks(pool)).purchasesToday <= 1, "it counts against no cap");
      });
    }

    it("goes on when the guards let it pass again", async () => {
      const the = world();
      await reserved(the, ["user1"]);
      await setSwitch(pool, { isOn: false, by: "op_1", reason: null });
      assert.equal((await the.ask("user1")).wait?.kind, "purchases_off");
      await setSwitch(pool, { isOn: true, by: "op_1", reason: null });
      assert.deepEqual(await turn(the), ["user1"]);
      assert.equal((await the.ask("user1")).mayBuy, true);
    });

    it("keeps its place whatever the caps are by now, for it is counted already", async () => {
      await reserved(world(), ["user1"]);
      assert.equal((await world({ PURCHASES_PER_DAY: "0", FLEET_LIMIT: "0", SPEND_PER_MONTH_CENTS: "1", CERTIFICATES_PER_WEEK: "1", ZONE_RECORD_LIMIT: "1" }).ask("user1")).mayBuy, true);
    });

    it("is the probe's own while it probes, and lets the next one probe when it is given back", async () => {
      const the = world({ PAYMENT_PROBE_SECONDS: "1" });
      await reserved(the, ["user1"]);
      const aftermath = await settle(the, "user1", { code: "PAYMENT_REFUSED", message: "declined", askedAt: (await the.record("user1")).requestedAt });
      await setVpsStatus(pool, "u-user1", { status: "queued", waitingKind: aftermath!.wait.kind, waitingFor: aftermath!.wait.text });
      await pool.query("UPDATE vps_purchase_breaker SET next_probe_at = clock_timestamp()");
      assert.deepEqual(await turn(the), ["user1"]);
      assert.equal((await the.ask("user1")).mayBuy, true);
      await setSwitch(pool, { isOn: false, by: "op_1", reason: null });
      assert.equal((await the.ask("user1")).wait?.kind, "purchases_off");
      assert.equal((await readBreaker(pool)).state, "open");
    });
  });

  describe("of a purchase that may have been sent", () => {
    const sent = (the: PurchaseWorld): PurchaseAccount => ({ ...the.account, read: async () => ({ state: "doubt" }) });
    const askAbout = async (the: PurchaseWorld) => admit(the.guard, sent(the), the.session, { record: await the.record("user1"), changeId: null, needsPurchase: true });

    it("is followed up, without another purchase, though a guard holds by now or cannot be asked", async () => {
      const the = world();
      await the.signUp("user1");
      assert.equal((await the.ask("user1")).mayBuy, true);
      await setSwitch(pool, { isOn: false, by: "op_1", reason: null });
      assert.deepEqual(await askAbout(the).then(({ mayBuy, wait }) => [mayBuy, wait]), [false, undefined]);
      await setSwitch(pool, { isOn: true, by: "op_1", reason: null });
      await control(sandbox, "faults", { api: "cloudflare", times: 0, fault: { kind: "status", status: 503 } });
      const unasked = world();
      assert.deepEqual(await askAbout(unasked).then(({ mayBuy, wait }) => [mayBuy, wait]), [false, undefined]);
      await refuses(unasked.ask("user1"), "API_UNAVAILABLE");
      await fetch(`${sandbox.controlUrl}/faults`, { method: "DELETE" });
      assert.equal((await findOpenPurchase(pool, "u-user1"))?.state, "reserved");
    });

    it("is not made again by the policy while purchases are off", async () => {
      const the = world({ PURCHASE_UNCERTAIN_POLICY: "buy-again-without-evidence" });
      await the.signUp("user1");
      await the.ask("user1");
      await settle(the, "user1", { code: "PURCHASE_UNCERTAIN", isAtRest: true, account: { state: "doubt" } });
      assert.equal((await the.ask("user1")).mayBuy, true);
      await setSwitch(pool, { isOn: false, by: "op_1", reason: null });
      assert.equal((await the.ask("user1")).mayBuy, false);
    });
  });

  it("of a user who was suspended before the run could tell is settled like that of others at rest", async () => {
    const the = world();
    await the.signUp("user1");
    await the.ask("user1");
    await setVpsStatus(pool, "u-user1", { status: "suspended" });
    await settleLeft(the.guard, the.account, the.session, async () => undefined, 0);
    assert.equal((await findLastPurchase(pool, "u-user1"))?.state, "released");
  });

  it("of a user who is tried again while the account is asked is left to that run", async () => {
    const the = world();
    await the.signUp("user1");
    await the.ask("user1");
    await setVpsStatus(pool, "u-user1", { status: "failed" });
    const tryAgain = async () => {
      await setVpsStatus(pool, "u-user1", { status: "queued" });
      assert.equal((await the.ask("user1")).mayBuy, true);
      return { state: "none" as const };
    };
    await settleLeft(the.guard, { ...the.account, read: tryAgain }, the.session, async () => undefined, 0);
    assert.equal((await findLastPurchase(pool, "u-user1"))?.state, "reserved");
    await setVpsStatus(pool, "u-user1", { status: "failed" });
    await settleLeft(the.guard, the.account, the.session, async () => undefined, 0);
    assert.equal((await findLastPurchase(pool, "u-user1"))?.state, "released", "once that run is over, it is looked at again");
  });

  it("that came to its end while the account was asked stays as it is", async () => {
    const the = world();
    await the.signUp("user1");
    await the.ask("user1");
    await setVpsStatus(pool, "u-user1", { status: "failed" });
    const end = async () => {
      await pool.query("UPDATE vps_purchases SET state = 'awaiting_payment'");
      return { state: "none" as const };
    };
    await settleLeft(the.guard, { ...the.account, read: end }, the.session, async () => undefined, 0);
    assert.equal((await findLastPurchase(pool, "u-user1"))?.state, "awaiting_payment");
  });

  it("is not asked for by a run for a user who was cancelled while the guards were asked, and may not have the plan by now", async () => {
    await world({ PURCHASES: "off" }).signUp("user1");
    await world({ PURCHASES: "off" }).ask("user1");
    const the = world({ ALLOWED_PLANS: "kvm2" });
    const cancelledMeanwhile = new Proxy(pool, {
      get(target, name) {
        if (name !== "query") return typeof target[name as "query"] === "function" ? target[name as "query"].bind(target) : target[name as "query"];
        return async (text: string, values?: unknown[]) => {
          const answer = await target.query(text, values);
          if (text.includes("allowed_plans AS plans")) await inTransaction(pool, (db) => recordCancelled(db, "u-user1"));
          return answer;
        };
      },
    });
    const queued: string[] = [];
    await goOn({ ...the.guard, pool: cancelledMeanwhile }, the.session, async (_db, userId) => void queued.push(userId));
    assert.deepEqual([queued, (await the.record("user1")).status, (await findLastPurchase(pool, "u-user1"))?.state], [[], "failed", "released"]);
  });

  it("of which nothing can be told holds up none of the others, however many there are", async () => {
    const the = world();
    await signUpAll(the, names(22));
    for (const username of names(22)) {
      await the.ask(username);
      await setVpsStatus(pool, `u-${username}`, { status: "failed", reason: "an example" });
    }
    const told = new Set<string>();
    const account: PurchaseAccount = { ...the.account, read: async (_session, hostname) => (told.add(hostname), { state: "intended" }), withdrawIntents: async () => undefined };
    for (let look = 0; look < 2; look++) await settleLeft(the.guard, account, the.session, async () => undefined, 0);
    assert.equal(told.size, 22);
    assert.equal((await findOpenPurchase(pool, "u-user1"))?.state, "reserved");
  });

  it("keeps its intent where the user is tried again while the account is asked", async () => {
    const the = world();
    await the.signUp("user1");
    await the.ask("user1");
    await setVpsStatus(pool, "u-user1", { status: "failed", reason: "an example" });
    const may: boolean[] = [];
    const account: PurchaseAccount = {
      ...the.account,
      read: async () => ({ state: "intended" }),
      withdrawIntents: async (_session, _hostname, mayWithdraw) => {
        may.push(await mayWithdraw());
        await setVpsStatus(pool, "u-user1", { status: "queued" });
        may.push(await mayWithdraw());
      },
    };
    await settleLeft(the.guard, account, the.session, async () => undefined, 0);
    assert.deepEqual([may, (await findOpenPurchase(pool, "u-user1"))?.state], [[true, false], "reserved"]);
  });

  it("is made once, however many ask for the same user", async () => {
    const the = world({ PURCHASES_PER_DAY: "1" });
    const record = await the.signUp("user1");
    const wish = await wishFor(pool, { ...record, changeId: null, askedAt: record.requestedAt });
    assert.deepEqual(await Promise.all(Array.from({ length: 8 }, () => reserve(the.guard, wish, the.session).then((wait) => wait?.kind))).then((kinds) => kinds.filter((kind) => kind === undefined).length >= 1), true);
    assert.deepEqual((await pool.query("SELECT state, count(*)::int AS count FROM vps_purchases GROUP BY state")).rows, [{ state: "reserved", count: 1 }]);
  });

  it("is not needed by a user whose VM is known", async () => {
    const the = world({ PURCHASES: "off" });
    await the.signUp("user1");
    await pool.query("UPDATE user_vps SET hostinger_vm_id = 77 WHERE username = 'user1'");
    assert.deepEqual(await the.ask("user1"), { mayBuy: false, purchase: undefined });
    assert.deepEqual((await pool.query("SELECT FROM vps_purchases")).rowCount, 0);
  });

  it("of a signup after a VPS was given up is one of its own", async () => {
    const the = world();
    await the.signUp("user1");
    await the.ask("user1");
    await bought(the, "user1", 31);
    await setVpsStatus(pool, "u-user1", { status: "deprovisioned" });
    await inTransaction(pool, (db) => requestVps(db, { userId: "u-user1", username: "user1", hostname: "user1.spoq.dev", plan: KVM1, templateId: 1007, dataCenterId: 9, sshPublicKey: null }));
    assert.equal((await the.ask("user1")).mayBuy, true);
    assert.deepEqual((await pool.query("SELECT state FROM vps_purchases ORDER BY purchase_id")).rows, [{ state: "bought" }, { state: "reserved" }]);
  });
});
