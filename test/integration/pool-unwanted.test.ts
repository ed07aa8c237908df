/** Pools that are not filled any more, or want fewer, on a real PostgreSQL, without an engine: what still waits to be bought, and what signups are told. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { refillPools } from "../../src/pool/refill.ts";
import { readPoolOverview } from "../../src/pool/overview.ts";
import { syncPools } from "../../src/pool/sync-pools.ts";
import { admit, countPlaces, findOpenPurchase, goOn } from "../../src/purchases/index.ts";
import { findVpsByUserId, setVpsStatus } from "../../src/records/index.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { KVM1 } from "../support/purchases.ts";
import { openPools, POOL_ID } from "../support/pools.ts";

const { pool, jobs, cancelled, settings, context, world, wanted, members, becomesReady, claims, claimsAreOld } = await openPools();

const named = (ready: number) => syncPools(pool, { ...settings, pools: [{ plan: KVM1, ready, schedule: [], mostPerDay: 7 }] });
const unnamed = () => syncPools(pool, settings);

/** As a member's first run: what it may buy, or what it waits for from then on. */
async function asks(the: PurchaseWorld, memberId: string) {
  const record = (await findVpsByUserId(pool, memberId))!;
  const admission = await admit(the.guard, the.account, the.session, { record, changeId: null, needsPurchase: true });
  if (admission.wait) await setVpsStatus(pool, memberId, { status: "queued", waitingKind: admission.wait.kind, waitingFor: admission.wait.text });
  await countPlaces(pool);
  return admission;
}
async function allWait(): Promise<void> {
  const closed = world({ PURCHASES_PER_DAY: "0" });
  await refillPools(context());
  for (const { memberId } of await members("building")) assert.ok((await asks(closed, memberId)).wait);
  jobs.length = 0;
}
const wishes = async () => (await pool.query<{ state: string }>("SELECT state FROM vps_purchases ORDER BY purchase_id")).rows.map(({ state }) => state);
const states = async () => (await members()).map(({ state }) => state);

describe("what waits to be bought for a pool that POOLS does not name any more", () => {
  it("is not bought when the guards open, whoever looks first", async () => {
    await named(3);
    await allWait();
    await unnamed();
    const the = world();
    const gone: string[] = [];
    assert.deepEqual(await goOn(the.guard, the.session, async (_db, userId) => void gone.push(userId)), []);
    assert.deepEqual([gone.length, await wishes()], [3, ["released", "released", "released"]]);
    // Each has a run that says why.
    for (const memberId of gone) await assert.rejects(asks(the, memberId), /^UserVpsError: PURCHASE_NOT_ALLOWED: The pool of pool-[0-9a-f]+ is not filled any more/);
    assert.equal((await pool.query("SELECT FROM vps_purchases WHERE state IN ('reserved', 'bought')")).rowCount, 0);
  });

  it("is withdrawn by the pools' next turn, and begun anew once POOLS names the pool again", async () => {
    await named(3);
    await allWait();
    await unnamed();
    assert.deepEqual(await refillPools(context()), []);
    assert.deepEqual([await states(), await wishes(), jobs.map(({ operation }) => operation), cancelled], [["retiring", "retiring", "retiring"], ["released", "released", "released"], ["destroy", "destroy", "destroy"], []]);
    await named(3);
    assert.equal((await refillPools(context())).length, 3);
  });

  it("stays if it may have been bought", async () => {
    await named(2);
    await allWait();
    const [first, second] = await members("building");
    await pool.query("UPDATE vps_purchases SET state = 'reserved', waits_for = NULL, reserved_at = now() WHERE user_id = $1", [first!.memberId]);
    await becomesReady(second!);
    await unnamed();
    assert.deepEqual(await refillPools(context()), []);
    assert.deepEqual([(await states()).sort(), jobs], [["building", "ready"], []]);
    assert.equal((await findOpenPurchase(pool, first!.memberId))?.state, "reserved");
  });
});

describe("what waits to be bought for a pool that wants fewer", () => {
  it("is withdrawn as far as it is too much, the latest first", async () => {
    await wanted(4);
    await allWait();
    const [oldest] = await members();
    await wanted(1);
    assert.deepEqual(await refillPools(context()), []);
    assert.deepEqual((await members("building")).map(({ memberId }) => memberId), [oldest!.memberId]);
    assert.deepEqual((await wishes()).sort(), ["released", "released", "released", "waiting"]);
  });
});

describe("a signup", () => {
  it("counts as one for a pool that POOLS does not name any more only as long as something is left in it", async () => {
    const the = world();
    await named(1);
    await refillPools(context());
    for (const member of await members("building")) await becomesReady(member);
    await unnamed();
    assert.ok(await claims(the, "alice"));
    await claimsAreOld();
    assert.equal(await claims(the, "bob"), undefined);
    assert.equal((await the.record("bob")).poolId, null);
    const [overview] = await readPoolOverview(pool);
    assert.deepEqual([overview!.poolId, overview!.asked, overview!.hits], [POOL_ID, 1, 1]);
  });
});
