/** Caps, places and the breaker on a real PostgreSQL, with many at once. */
import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { findLastPurchase, findOpenPurchase, goOn, noteCertificate, probeAtOnce, readBooks, readBreaker, setSwitch, settleLeft, withdrawWish } from "../../src/purchases/index.ts";
import { setVpsStatus } from "../../src/records/index.ts";
import { control } from "../support/fleet.ts";
import { KVM1 } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { openGuards } from "../support/guards.ts";

const { pool, sandbox, world, names, settle, turn, waiting, refuses, signUpAll, bought } = await openGuards();

describe("twenty who ask at once", () => {
  const limits: readonly [string, Record<string, string>, string, number][] = [
    ["a cap a day", { PURCHASES_PER_DAY: "7" }, "purchases_per_day", 7],
    ["a cap of spend", { SPEND_PER_MONTH_CENTS: "2500" }, "spend_per_month", 5],
    ["a limit of the fleet", { FLEET_LIMIT: "3" }, "fleet_limit", 3],
    ["certificates", { CERTIFICATES_PER_WEEK: "1" }, "certificates", 1],
    ["the zone's records", { ZONE_RECORD_LIMIT: String(sandbox.state().records.length + 4) }, "zone_records", 4],
  ];
  for (const [what, env, kind, left] of limits) {
    it(`reserve exactly what ${what} leaves; the others wait, each in a place`, async () => {
      const the = world(env);
      const users = names(20);
      await signUpAll(the, users);
      const admissions = await Promise.all(users.map((username) => the.ask(username)));
      assert.equal(admissions.filter(({ mayBuy }) => mayBuy).length, left);
      assert.ok(admissions.every(({ mayBuy, wait }) => mayBuy === (wait === undefined)));
      const { rows } = await pool.query<{ state: string; count: number }>("SELECT state, count(*)::int AS count FROM vps_purchases GROUP BY state ORDER BY state");
      assert.deepEqual(rows, [{ state: "reserved", count: left }, { state: "waiting", count: 20 - left }]);
      const places = await waiting();
      assert.deepEqual(places.map(([, , place]) => place), Array.from({ length: 20 - left }, (_, place) => place + 1));
      assert.ok(places.every(([, waits]) => waits === kind), JSON.stringify(places));
      // Asked again, whoever has a reservation has it still, and nobody gets another.
      const again = await Promise.all(users.map((username) => the.ask(username)));
      assert.deepEqual(again.map(({ mayBuy }) => mayBuy), admissions.map(({ mayBuy }) => mayBuy));
    });
  }
});

describe("those who wait", () => {
  it("go on in the order in which they asked, as soon as places are free, and nobody overtakes them", async () => {
    const the = world({ PURCHASES_PER_DAY: "2" });
    await signUpAll(the, names(5));
    for (const username of names(5)) await the.ask(username);
    assert.deepEqual(await waiting(), [["user3", "purchases_per_day", 1], ["user4", "purchases_per_day", 2], ["user5", "purchases_per_day", 3]]);
    assert.deepEqual(await turn(the), []);
    // Nothing was bought for the first one after all.
    await settle(the, "user1", { isAtRest: true, account: { state: "none" } });
    await the.signUp("late");
    assert.equal((await the.ask("late")).wait?.kind, "purchases_per_day");
    assert.deepEqual(await turn(the), ["user3"]);
    assert.deepEqual(await waiting(), [["user4", "purchases_per_day", 1], ["user5", "purchases_per_day", 2], ["late", "purchases_per_day", 3]]);
    assert.equal((await the.ask("user3")).mayBuy, true);
  });

  it("go on when the day is over", async () => {
    const the = world({ PURCHASES_PER_DAY: "1" });
    await signUpAll(the, names(3));
    for (const username of names(3)) await the.ask(username);
    assert.deepEqual(await turn(the), []);
    await pool.query("UPDATE vps_purchases SET reserved_at = reserved_at - interval '1 day' WHERE state = 'reserved'");
    assert.deepEqual(await turn(the), ["user2"]);
    assert.deepEqual(await waiting(), [["user3", "purchases_per_day", 1]]);
  });

  it("go on when the month is over", async () => {
    const the = world({ SPEND_PER_MONTH_CENTS: "499" });
    await signUpAll(the, names(3));
    for (const username of names(3)) await the.ask(username);
    assert.deepEqual(await waiting(), [["user2", "spend_per_month", 1], ["user3", "spend_per_month", 2]]);
    const isReservedAt = (moment: string) => pool.query(`UPDATE vps_purchases SET reserved_at = ${moment} WHERE state = 'reserved'`);
    const month = "date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'";
    await isReservedAt(month);
    assert.deepEqual(await turn(the), [], "on whatever day of the month");
    await isReservedAt(`${month} - interval '1 second'`);
    assert.deepEqual(await turn(the), ["user2"]);
    assert.deepEqual(await waiting(), [["user3", "spend_per_month", 1]]);
  });

  it("go on when the cap is raised", async () => {
    const tight = world({ FLEET_LIMIT: "0" });
    await signUpAll(tight, names(3));
    for (const username of names(3)) await tight.ask(username);
    assert.deepEqual(await turn(world({ FLEET_LIMIT: "2" })), ["user1", "user2"]);
    assert.deepEqual(await waiting(), [["user3", "fleet_limit", 1]]);
  });

  it("go on when a certificate of the last seven days is older than that; a renewed one takes none", async () => {
    const the = world({ CERTIFICATES_PER_WEEK: "1" });
    await signUpAll(the, names(2));
    await the.ask("user1");
    await bought(the, "user1", 501);
    await noteCertificate(pool, (await the.record("user1")).hostname, "u-user1");
    assert.equal((await readBooks(pool)).certificates, 1);
    assert.equal((await the.ask("user2")).wait?.kind, "certificates");
    assert.match((await the.record("user2")).waitingFor!, /the next is free at \d{4}-/);
    assert.deepEqual(await turn(the), []);
    await pool.query("UPDATE vps_certificates SET first_at = first_at - interval '7 days'");
    await pool.query("UPDATE vps_purchases SET bought_at = bought_at - interval '7 days' WHERE state = 'bought'");
    assert.deepEqual(await turn(the), ["user2"]);
  });

  it("go on when an operator switches purchases on, whatever the setting says", async () => {
    const the = world({ PURCHASES: "off" });
    await signUpAll(the, names(2));
    for (const username of names(2)) assert.equal((await the.ask(username)).wait?.kind, "purchases_off");
    await setSwitch(pool, { isOn: true, by: "op_1", reason: "a new month" });
    assert.deepEqual(await turn(the), ["user1", "user2"]);
    await setSwitch(pool, { isOn: false, by: "op_1", reason: "enough" });
    await the.signUp("late");
    assert.match((await the.ask("late")).wait!.text, /switched off by an operator: enough/);
  });

  it("are told what holds them back by now, with the time since when", async () => {
    const the = world({ PURCHASES: "off", FLEET_LIMIT: "0" });
    await the.signUp("user1");
    await the.ask("user1");
    const before = await the.record("user1");
    assert.deepEqual([before.status, before.waitingKind, before.waitingPlace], ["queued", "purchases_off", 1]);
    assert.ok(before.waitingSince instanceof Date);
    await setSwitch(pool, { isOn: true, by: "op_1", reason: null });
    assert.deepEqual(await turn(the), []);
    const after = await the.record("user1");
    assert.equal(after.waitingKind, "fleet_limit");
    assert.match(after.waitingFor!, /FLEET_LIMIT/);
    assert.ok(after.waitingSince!.getTime() >= before.waitingSince.getTime());
  });

  it("for a price hold up nobody who wants another plan", async () => {
    const the = world({ MAX_PRICE_CENTS: "1500" });
    await the.signUp("dear", { plan: "hostingercom-vps-kvm8-usd-1m" });
    assert.equal((await the.ask("dear")).wait?.kind, "price");
    await the.signUp("cheap");
    assert.equal((await the.ask("cheap")).mayBuy, true);
    assert.equal((await findOpenPurchase(pool, "u-cheap"))?.priceCents, 499);
    await pool.query("UPDATE user_vps SET plan_id = $1 WHERE username = 'dear'", [KVM1]);
    assert.deepEqual(await turn(world({ MAX_PRICE_CENTS: "6000" })), ["dear"]);
  });

  it("for a price hold up nobody who wants another plan, however many they are", async () => {
    const the = world({ PURCHASES: "off", MAX_PRICE_CENTS: "1500" });
    for (const username of names(60, "dear")) await the.signUp(username, { plan: "hostingercom-vps-kvm8-usd-1m" });
    await signUpAll(the, ["cheap"]);
    for (const username of [...names(60, "dear"), "cheap"]) assert.equal((await the.ask(username)).wait?.kind, "purchases_off");
    await setSwitch(pool, { isOn: true, by: "op_1", reason: null });
    assert.deepEqual(await turn(the), ["cheap"]);
    const told = await waiting();
    assert.deepEqual([told.length, new Set(told.map(([, kind]) => kind))], [60, new Set(["price"])]);
  });

  it("lose their place when they are cancelled, and hold up nobody", async () => {
    const the = world({ FLEET_LIMIT: "0" });
    await signUpAll(the, names(2));
    for (const username of names(2)) await the.ask(username);
    await inTransaction(pool, async (db) => {
      await withdrawWish(db, "u-user1");
      await setVpsStatus(db, "u-user1", { status: "failed", reason: "cancelled" });
    });
    assert.deepEqual(await turn(the), []);
    assert.deepEqual(await waiting(), [["user2", "fleet_limit", 1]]);
    // Whatever else took the user out of the queue.
    await setVpsStatus(pool, "u-user2", { status: "failed", reason: "given up" });
    assert.deepEqual(await turn(the), []);
    assert.deepEqual((await pool.query("SELECT DISTINCT state FROM vps_purchases")).rows, [{ state: "released" }]);
  });
});

describe("what the guards ask Hostinger and Cloudflare", () => {
  it("is whether the payment method pays", async () => {
    for (const [id, fault] of [["6524", /has expired/], ["6525", /is suspended/], ["9999", /no payment method 9999/]] as const) {
      const the = world({ HOSTINGER_PAYMENT_METHOD_ID: id });
      await the.signUp(`card${id}`);
      const { wait } = await the.ask(`card${id}`);
      assert.equal(wait?.kind, "payment_method");
      assert.match(wait.text, fault);
      await withdrawWish(pool, `u-card${id}`);
    }
  });

  it("is whether the zone can be written to", async () => {
    const the = world({ CLOUDFLARE_API_TOKEN: "fake-token-that-may-not" });
    await the.signUp("user1");
    const { wait } = await the.ask("user1");
    assert.equal(wait?.kind, "zone");
    assert.match(wait.text, /may not read the zone's records/);
  });

  it("is an error, and nothing is reserved, where they do not answer", async () => {
    const the = world();
    await the.signUp("user1");
    await control(sandbox, "faults", { api: "cloudflare", times: 0, fault: { kind: "status", status: 503 } });
    await refuses(the.ask("user1"), "API_UNAVAILABLE");
    assert.equal((await findOpenPurchase(pool, "u-user1"))?.state, "waiting");
    await fetch(`${sandbox.controlUrl}/faults`, { method: "DELETE" });
    assert.equal((await the.ask("user1")).mayBuy, true);
  });
});

describe("a user's plan", () => {
  it("is one of the token's claim, or of ALLOWED_PLANS where there is none", async () => {
    const the = world({ ALLOWED_PLANS: "kvm2, kvm4" });
    await the.signUp("claimed", { allowedPlans: ["kvm1"] });
    assert.equal((await the.ask("claimed")).mayBuy, true);
    await the.signUp("none", { allowedPlans: [] });
    await refuses(the.ask("none"), "PLAN_NOT_ALLOWED");
    await the.signUp("other");
    await refuses(the.ask("other"), "PLAN_NOT_ALLOWED");
    await the.signUp("two", { plan: "hostingercom-vps-kvm2-usd-1m" });
    assert.equal((await the.ask("two")).mayBuy, true);
  });

  it("that is taken away while the user waits ends the wait with the reason", async () => {
    const the = world({ FLEET_LIMIT: "0" });
    await signUpAll(the, names(2));
    for (const username of names(2)) await the.ask(username);
    await pool.query("UPDATE user_vps SET allowed_plans = '{kvm8}' WHERE username = 'user1'");
    // The run that it gets is the one that tells the user.
    const queued: string[] = [];
    await goOn(world().guard, the.session, async (_db, userId) => void queued.push(userId));
    assert.deepEqual(queued, ["u-user1", "u-user2"]);
    assert.equal((await findLastPurchase(pool, "u-user1"))?.state, "released");
    assert.equal((await findLastPurchase(pool, "u-user2"))?.state, "reserved");
  });
});

describe("a refused payment", () => {
  let the: PurchaseWorld;
  beforeAll(() => { the = world({ PAYMENT_PROBE_SECONDS: "600" }); });
  const refuse = async (username: string) => {
    const aftermath = await settle(the, username, { code: "PAYMENT_REFUSED", message: "declined", askedAt: (await the.record(username)).requestedAt });
    assert.equal(aftermath?.wait.kind, "payment_refused");
    await setVpsStatus(pool, `u-${username}`, { status: "queued", waitingKind: aftermath.wait.kind, waitingFor: aftermath.wait.text });
  };
  const makeDue = () => pool.query("UPDATE vps_purchase_breaker SET next_probe_at = clock_timestamp()");
  /** Of so many users the first is refused, and the second one's purchase is the probe. */
  const secondProbes = async (count: number) => {
    await signUpAll(the, names(count));
    await the.ask("user1");
    await refuse("user1");
    await the.ask("user2");
    await makeDue();
    assert.deepEqual(await turn(the), ["user2"]);
  };

  it("opens the breaker: everybody waits, also the one who was refused, and the refusal stays in the books", async () => {
    await signUpAll(the, names(4));
    assert.equal((await the.ask("user1")).mayBuy, true);
    await refuse("user1");
    const breaker = await readBreaker(pool);
    assert.deepEqual([breaker.state, breaker.refusals, breaker.reason], ["open", 1, "declined"]);
    for (const username of ["user2", "user3"]) assert.equal((await the.ask(username)).wait?.kind, "payment_refused");
    assert.deepEqual(await turn(the), []);
    assert.deepEqual((await waiting()).map(([username]) => username), ["user1", "user2", "user3"]);
    assert.deepEqual((await pool.query("SELECT count(*)::int AS count FROM vps_purchases WHERE state = 'refused'")).rows, [{ count: 1 }]);
  });

  it("lets one probe at a time pass when its time has come, after twice the time each; all go on when one succeeds", async () => {
    await signUpAll(the, names(4));
    await the.ask("user1");
    await refuse("user1");
    for (const username of ["user2", "user3", "user4"]) await the.ask(username);
    await makeDue();
    // Whoever was refused least often is next.
    assert.deepEqual(await turn(the), ["user2"]);
    assert.equal((await readBreaker(pool)).state, "probing");
    assert.deepEqual(await turn(the), [], "one at a time");
    await refuse("user2");
    const again = await readBreaker(pool);
    assert.deepEqual([again.state, again.refusals], ["open", 2]);
    assert.ok(again.nextProbeAt!.getTime() - Date.now() > 1_000_000, "after twice the 600 s");
    assert.deepEqual(await turn(the), []);
    await makeDue();
    assert.deepEqual(await turn(the), ["user3"]);
    await bought(the, "user3", 701);
    const closed = await readBreaker(pool);
    assert.deepEqual([closed.state, closed.refusals, closed.openedAt], ["closed", 0, null]);
    assert.deepEqual(await turn(the), ["user1", "user2", "user4"]);
  });

  it("of one that had begun before does not put the probe off further", async () => {
    await signUpAll(the, names(2));
    await Promise.all(names(2).map((username) => the.ask(username)));
    await refuse("user1");
    const first = await readBreaker(pool);
    await refuse("user2");
    assert.deepEqual(await readBreaker(pool), first);
  });

  it("whose probe comes to nothing for another reason lets the next one probe", async () => {
    await secondProbes(2);
    await setVpsStatus(pool, "u-user2", { status: "failed", reason: "cancelled" });
    await settle(the, "user2", { code: "CANCELLED", isAtRest: true, account: { state: "none" } });
    assert.deepEqual([(await readBreaker(pool)).state, (await readBreaker(pool)).isProbeDue], ["open", true]);
    assert.deepEqual(await turn(the), ["user1"]);
  });

  for (const [code, account, state] of [["AWAITING_PAYMENT", { state: "accepted" }, "awaiting_payment"], ["PURCHASE_UNCERTAIN", { state: "doubt" }, "uncertain"]] as const) {
    it(`whose probe becomes '${state}' has another one after the usual time, and is over when the first one has its VM`, async () => {
      await secondProbes(3);
      await settle(the, "user2", { code, account });
      assert.equal((await findLastPurchase(pool, "u-user2"))?.state, state);
      const { state: breaker, refusals, nextProbeAt, probePurchaseId } = await readBreaker(pool);
      assert.deepEqual([breaker, refusals, probePurchaseId], ["open", 1, null]);
      assert.ok(Math.abs(nextProbeAt!.getTime() - Date.now() - 600_000) < 60_000);
      assert.deepEqual(await turn(the), []);
      await bought(the, "user2", 702);
      assert.equal((await readBreaker(pool)).state, "closed");
    });
  }

  it("whose probe is left in a way that only the account can tell is looked at also while its user is given up", async () => {
    await secondProbes(2);
    await setVpsStatus(pool, "u-user2", { status: "deprovisioning" });
    await settleLeft(the.guard, { ...the.account, read: async () => ({ state: "doubt" }) }, the.session, async () => undefined, 0);
    assert.deepEqual([(await findLastPurchase(pool, "u-user2"))?.state, (await readBreaker(pool)).state], ["uncertain", "open"]);
  });

  it("whose probe left an intent that nobody follows has another one once that is taken away, or at once when an operator says so", async () => {
    const left = { ...the.account, read: async () => ({ state: "intended" as const }), withdrawIntents: async () => undefined };
    await secondProbes(2);
    await setVpsStatus(pool, "u-user2", { status: "failed", reason: "cancelled" });
    await settleLeft(the.guard, left, the.session, async () => undefined, 0);
    assert.deepEqual([(await readBreaker(pool)).state, (await findLastPurchase(pool, "u-user2"))?.state], ["probing", "reserved"], "its deadline is not over");
    await probeAtOnce(pool);
    assert.equal((await readBreaker(pool)).isProbeDue, true);
    await pool.query("UPDATE vps_purchase_breaker SET state = 'probing', probe_purchase_id = (SELECT purchase_id FROM vps_purchases WHERE state = 'reserved')");
    let taken = false;
    const over = { ...left, read: async () => ({ state: taken ? "none" as const : "intended" as const }), withdrawIntents: async () => { taken = true; } };
    await settleLeft(the.guard, over, the.session, async () => undefined, 0);
    assert.deepEqual([(await readBreaker(pool)).isProbeDue, (await findLastPurchase(pool, "u-user2"))?.state], [true, "released"]);
    assert.deepEqual(await turn(the), ["user1"]);
  });

  it("is followed by a probe at once when an operator says so, unless one may still be sent", async () => {
    await signUpAll(the, names(2));
    await the.ask("user1");
    await refuse("user1");
    await the.ask("user2");
    await makeDue();
    await turn(the);
    await probeAtOnce(pool);
    assert.equal((await readBreaker(pool)).state, "probing");
    // As it was left before a probe's doubt ended it.
    await pool.query("UPDATE vps_purchases SET state = 'uncertain' WHERE state = 'reserved'");
    await probeAtOnce(pool);
    assert.deepEqual([(await readBreaker(pool)).isProbeDue, await turn(the)], [true, ["user1"]]);
  });
});

describe("a purchase in doubt", () => {
  it("that turns out to have been refused is released, and another one is made", async () => {
    const the = world({});
    await signUpAll(the, names(1));
    await the.ask("user1");
    await settle(the, "user1", { code: "PURCHASE_UNCERTAIN", account: { state: "doubt" } });
    await settle(the, "user1", { code: "API_REJECTED", isAtRest: true, account: { state: "none" } });
    assert.equal((await findLastPurchase(pool, "u-user1"))?.state, "released");
    assert.equal((await the.ask("user1")).mayBuy, true);
  });
});
