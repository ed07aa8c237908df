/** Purchases for another VM than the user has, on a real PostgreSQL: what becomes of them when the change is taken back, or given way to another. */
import assert from "node:assert/strict";
import { afterAll, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { admit, decide, findLastPurchase, findOpenPurchase, lockWish, readBreaker, reserve, settleSuccess, settleWithVm, wishFor } from "../../src/purchases/index.ts";
import type { Admission, AccountPurchase } from "../../src/purchases/index.ts";
import { beginChange, openChange, requestChange } from "../../src/records/index.ts";
import { openGuards } from "../support/guards.ts";
import { KVM1 } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";

const KVM2 = "hostingercom-vps-kvm2-usd-1m";
const KVM8 = "hostingercom-vps-kvm8-usd-1m";
/** First terms: KVM 1 and 2 are below it, and KVM 8 is not. */
const CEILING = { MAX_PRICE_CENTS: "2000" };
const OLD_VM = 501;
const { pool, url, world, settle, bought } = await openGuards();
const boss = await startQueue({ databaseUrl: url, works: false, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
afterAll(() => boss.stop({ graceful: false }));

/** Ready, with a VM. */
async function carol(the: PurchaseWorld): Promise<void> {
  await the.signUp("carol");
  await the.ask("carol");
  await bought(the, "carol", OLD_VM);
}
async function wantsInstead(the: PurchaseWorld, plan: string): Promise<number> {
  const record = await the.record("carol");
  assert.ok(await inTransaction(pool, (db) => requestChange(db, { ...record, hostingerVmId: OLD_VM }, { kind: "replace", to: { plan }, requestedBy: "op_1", reason: "more room" })));
  return (await openChange(pool, "u-carol"))!.changeId;
}
async function asks(the: PurchaseWorld, said: AccountPurchase = { state: "none" }): Promise<Admission> {
  const change = await openChange(pool, "u-carol");
  return await admit(the.guard, { ...the.account, read: async () => said, resolve: async () => undefined }, the.session, { record: await the.record("carol"), changeId: change?.changeId ?? null, needsPurchase: change !== undefined });
}
const last = async () => (await findLastPurchase(pool, "u-carol"))!;
const states = async () => (await pool.query<{ state: string }>("SELECT state FROM vps_purchases WHERE user_id = 'u-carol' ORDER BY purchase_id")).rows.map(({ state }) => state);

describe("a reservation for a change that is cancelled before it has begun", () => {
  it("is released with it, and the next change is judged by its own price", async () => {
    const the = world(CEILING);
    await carol(the);
    await wantsInstead(the, KVM2);
    assert.equal((await asks(the)).mayBuy, true);
    await jobs.cancel("u-carol");
    assert.deepEqual([(await the.record("carol")).status, (await last()).state], ["ready", "released"]);
    await wantsInstead(the, KVM8);
    const { mayBuy, wait } = await asks(the);
    assert.deepEqual([mayBuy, wait?.kind], [false, "price"]);
  });

  it("lets the next user probe, if it was the probe of an open breaker", async () => {
    const the = world();
    await carol(the);
    await wantsInstead(the, KVM2);
    await asks(the);
    await pool.query("UPDATE vps_purchase_breaker SET state = 'probing', opened_at = clock_timestamp(), probe_purchase_id = $1", [(await findOpenPurchase(pool, "u-carol"))!.purchaseId]);
    await jobs.cancel("u-carol");
    assert.deepEqual([(await readBreaker(pool)).state, (await readBreaker(pool)).isProbeDue], ["open", true]);
  });
});

describe("a reservation of another change than is wanted now", () => {
  async function superseded(the: PurchaseWorld): Promise<void> {
    await carol(the);
    await beginChange(pool, await wantsInstead(the, KVM2));
    assert.equal((await asks(the)).mayBuy, true);
    await pool.query("UPDATE user_vps SET status = 'failed' WHERE username = 'carol'");
    await wantsInstead(the, KVM8);
  }

  it("lets nobody buy: where nothing was sent it ends, and the guards are asked anew", async () => {
    for (const state of ["none", "intended"] as const) {
      const the = world(CEILING);
      await superseded(the);
      const { mayBuy, wait } = await asks(the, { state });
      assert.deepEqual([mayBuy, wait?.kind, await states()], [false, "price", ["bought", "released", "waiting"]]);
      await pool.query("DELETE FROM vps_purchases");
      await pool.query("DELETE FROM user_vps");
    }
  });

  it("becomes one of its own where the guards let that pass", async () => {
    const the = world();
    await superseded(the);
    assert.equal((await asks(the)).mayBuy, true);
    const { plan, state, changeId } = await last();
    assert.deepEqual([plan, state, changeId], [KVM8, "reserved", (await openChange(pool, "u-carol"))!.changeId]);
  });

  it("is followed up, and buys nothing, where it may have been sent", async () => {
    for (const state of ["doubt", "accepted", "bought"] as const) {
      const the = world();
      await superseded(the);
      assert.deepEqual([(await asks(the, { state })).mayBuy, await states()], [false, ["bought", "reserved"]]);
      await pool.query("DELETE FROM vps_purchases");
      await pool.query("DELETE FROM user_vps");
    }
  });

  it("is not made again by the policy, whose price nobody has looked at", async () => {
    const the = world({ PURCHASE_UNCERTAIN_POLICY: "buy-again-without-evidence", ...CEILING });
    await superseded(the);
    await pool.query("UPDATE vps_purchases SET state = 'uncertain' WHERE state = 'reserved'");
    assert.deepEqual([(await asks(the, { state: "doubt" })).mayBuy, await states()], [false, ["bought", "uncertain"]]);
  });

  it("is not made of a wish that has changed since it was judged", async () => {
    const the = world();
    await the.signUp("carol");
    const { userId, username, hostname, requestedAt: askedAt } = await the.record("carol");
    const wish = { userId, username, hostname, plan: KVM1, changeId: null, askedAt };
    const judged = await wishFor(pool, wish);
    await wishFor(pool, { ...wish, plan: KVM8 });
    await reserve(the.guard, judged, the.session);
    assert.deepEqual([(await last()).state, await inTransaction(pool, (db) => lockWish(db, judged))], ["waiting", false]);
  });
});

describe("a purchase for another VM, of a user who keeps the old one", () => {
  it("stays open, for it may still show: a success with the old VM does not end it", async () => {
    const the = world();
    for (const [code, state] of [["PURCHASE_UNCERTAIN", "uncertain"], ["AWAITING_PAYMENT", "awaiting_payment"]] as const) {
      await carol(the);
      await beginChange(pool, await wantsInstead(the, KVM2));
      await asks(the);
      await settle(the, "carol", { code, account: { state: state === "uncertain" ? "doubt" : "accepted" }, isAtRest: true });
      await pool.query("UPDATE user_vps SET status = 'failed' WHERE username = 'carol'");
      await wantsInstead(the, KVM1);
      assert.equal(await inTransaction(pool, (db) => settleWithVm(db, "u-carol", { vmId: OLD_VM })), false, "nor does a run that waits for its health");
      await inTransaction(pool, (db) => settleSuccess(db, "u-carol", { vmId: OLD_VM }));
      assert.deepEqual([(await last()).state, (await last()).vmId], [state, null]);
      await inTransaction(pool, (db) => settleSuccess(db, "u-carol", { vmId: 502 }));
      assert.deepEqual([(await last()).state, (await last()).vmId], ["bought", 502]);
      await pool.query("DELETE FROM vps_purchases");
      await pool.query("DELETE FROM user_vps");
    }
  });

  it("is given up by an operator's word, and the run that writes it down goes on", async () => {
    const the = world();
    await carol(the);
    await beginChange(pool, await wantsInstead(the, KVM2));
    await asks(the);
    await settle(the, "carol", { code: "PURCHASE_UNCERTAIN", account: { state: "doubt" }, isAtRest: true });
    await pool.query("UPDATE vps_changes SET ended_at = clock_timestamp(), outcome = 'superseded' WHERE ended_at IS NULL");
    await inTransaction(pool, (db) => decide(db, "u-carol", { kind: "give-up", vmId: null, by: "op_1", why: "hPanel has no order" }));
    assert.deepEqual([(await asks(the)).mayBuy, (await last()).state], [false, "written_off"]);
  });
});
