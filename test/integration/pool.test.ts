/** Pools on a real PostgreSQL, without an engine: who is begun, and with what. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { refillPools } from "../../src/pool/refill.ts";
import { syncPools } from "../../src/pool/sync-pools.ts";
import { goOn } from "../../src/purchases/index.ts";
import { askToBuy } from "../../src/provisioning/ask-to-buy.ts";
import { createRollOut } from "../../src/releases/index.ts";
import { countVpsByStatus, drainPool, endRollOut, findReleaseOfUser, findVpsByUserId, insertRelease, listPools, listVps, mayBuyForPool, notePoolMemberFailed, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { KVM1 } from "../support/purchases.ts";

import { openPools, POOL_ID } from "../support/pools.ts";

const { pool, jobs, settings, context, world, wanted, members, becomesReady, filled, claimsAreOld, claims } = await openPools();

describe("the setting POOLS", () => {
  const named = (ready: number) => ({ ...settings, pools: [{ plan: KVM1, ready, schedule: ["22:00-06:00 = 1"], mostPerDay: 7 }] });

  const pools = async () => (await listPools(pool)).map(({ poolId, keepReady, schedule, state }) => [poolId, keepReady, schedule, state]);

  it("makes pools, and changes them", async () => {
    await syncPools(pool, named(2));
    assert.deepEqual(await syncPools(pool, named(4)), []);
    assert.deepEqual((await listPools(pool)).map(({ poolId, keepReady, mostPerDay, schedule, state, setBy }) => [poolId, keepReady, mostPerDay, schedule, state, setBy]), [[POOL_ID, 4, 7, ["22:00-06:00 = 1"], "filling", null]]);
  });

  it("gives nothing up of a pool that it does not name any more, which users get still, and for which nothing is bought", async () => {
    const the = world();
    await syncPools(pool, { ...settings, pools: [{ plan: KVM1, ready: 2, schedule: [], mostPerDay: 7 }] });
    await refillPools(context());
    for (const member of await members()) await becomesReady(member);
    assert.deepEqual(await syncPools(pool, settings), [POOL_ID]);
    assert.deepEqual(await syncPools(pool, settings), [], "which is told once");
    assert.deepEqual(await pools(), [[POOL_ID, 0, [], "filling"]]);
    jobs.length = 0;
    assert.deepEqual(await refillPools(context()), []);
    assert.deepEqual([(await members()).map(({ state }) => state), jobs], [["ready", "ready"], []]);
    assert.ok(await claims(the, "alice"));
    await claimsAreOld();
    assert.deepEqual(await refillPools(context()), []);
    await syncPools(pool, named(4));
    assert.deepEqual(await pools(), [[POOL_ID, 4, ["22:00-06:00 = 1"], "filling"]]);
  });

  it("drains no longer what a version before has drained because it was not named", async () => {
    await syncPools(pool, named(2));
    await pool.query("UPDATE vps_pools SET state = 'draining'");
    await syncPools(pool, settings);
    assert.deepEqual(await pools(), [[POOL_ID, 0, [], "filling"]]);
  });

  it("leaves one that an operator drains", async () => {
    await syncPools(pool, named(2));
    await drainPool(pool, POOL_ID, "olga");
    for (const one of [settings, named(4)]) await syncPools(pool, one);
    assert.deepEqual(await pools(), [[POOL_ID, 2, ["22:00-06:00 = 1"], "draining"]]);
  });

  it("leaves what an operator has said", async () => {
    await wanted(9);
    await syncPools(pool, named(2));
    await syncPools(pool, settings);
    assert.deepEqual((await listPools(pool)).map(({ keepReady, state, setBy }) => [keepReady, state, setBy]), [[9, "filling", "olga"]]);
  });
});

describe("filling a pool", () => {
  it("begins what is missing, a few at a time, each an ordinary record with a job, and no user", async () => {
    await wanted(6);
    assert.equal((await refillPools(context())).length, 4);
    assert.equal((await refillPools(context())).length, 0);
    for (const member of await members()) await becomesReady(member);
    assert.equal((await refillPools(context())).length, 2);
    assert.deepEqual(jobs.map(({ operation }) => operation), Array(6).fill("up"));
    const record = await findVpsByUserId(pool, jobs[0]!.userId);
    assert.ok(record?.isPooled && /^pool-[0-9a-f]{10}$/.test(record.username) && record.hostname === `${record.username}.spoq.dev`);
    assert.deepEqual(Object.values(await countVpsByStatus(pool)).filter((count) => count > 0), []);
    assert.deepEqual((await listVps(pool, { limit: 50 })).items, []);
  });

  it("by two at once begins no more", async () => {
    await wanted(3);
    await Promise.all([refillPools(context()), refillPools(context()), refillPools(context())]);
    assert.equal((await members()).length, 3);
  });

  it("waits while a person's VPS is on its way", async () => {
    const the = world();
    await wanted(2);
    await the.signUp("alice");
    assert.deepEqual(await refillPools(context()), []);
    await saveVpsResult(pool, "u-alice", { hostingerVmId: 1 });
    assert.equal((await refillPools(context())).length, 2);
  });

  it("waits while a user takes a member over, as long as that takes a moment", async () => {
    const the = world();
    await filled(2);
    assert.ok(await claims(the, "alice"));
    assert.deepEqual(await refillPools(context()), []);
    await claimsAreOld();
    assert.equal((await refillPools(context())).length, 1);
  });

  it("begins none while purchases are off, nor while anybody waits for a guard", async () => {
    await wanted(2);
    assert.deepEqual(await refillPools(context({ purchases: "off" })), []);
    const the = world({ PURCHASES_PER_DAY: "0" });
    await the.signUp("alice");
    assert.equal((await the.ask("alice")).wait?.kind, "purchases_per_day");
    assert.deepEqual(await refillPools(context()), []);
  });

  it("pauses after three members in a row came to nothing, and goes on when it is set anew", async () => {
    await wanted(1);
    for (let failed = 0; failed < 3; failed++) {
      const [username] = await refillPools(context());
      const { memberId } = (await members("building")).find((one) => one.username === username)!;
      await setVpsStatus(pool, memberId, { status: "failed", errorCode: "FIRST_BOOT_FAILED", reason: "the script stopped" });
      await notePoolMemberFailed(pool, memberId, "the script stopped", 3);
    }
    assert.deepEqual(await refillPools(context()), []);
    const [paused] = await listPools(pool);
    assert.deepEqual([paused!.state, paused!.pausedBecause, paused!.failures], ["paused", "the script stopped", 3]);
    assert.deepEqual((await members()).map(({ state }) => state), ["retiring", "retiring", "retiring"], "what failed is given up");
    await wanted(1);
    assert.equal((await refillPools(context())).length, 1);
  });

  it("does not begin to count anew with each failure after one was ready", async () => {
    await wanted(1);
    await refillPools(context());
    const [first] = await members();
    await notePoolMemberFailed(pool, first!.memberId, "x", 3);
    await becomesReady(first!);
    assert.equal((await listPools(pool))[0]!.failures, 0);
  });

  it("takes wiped VMs that are paid before it buys, beyond what may be bought a day", async () => {
    await wanted(2, 0);
    await pool.query(
      `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, paid_until, wipe_action_id, wiped_at, stopped_at, ended_at)
       VALUES ('u-old', 'old', 'old.spoq.dev', 'olga', 'x', true, 'ready', now(), $1, 1007, 9, 77, now() + interval '20 days', 1, now(), now(), now())`, [KVM1]);
    assert.equal((await refillPools(context())).length, 0);
    assert.equal((await refillPools(context({ reuseWipedVms: true }))).length, 1);
    assert.equal((await refillPools(context({ reuseWipedVms: true }))).length, 0, "one VM is one member");
  });

  it("buys no more a day than it may, also after the members of today have gone, and counts a wiped VM for nothing", async () => {
    const the = world();
    await wanted(2, 1);
    await pool.query(
      `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, paid_until, wipe_action_id, wiped_at, stopped_at, ended_at)
       VALUES ('u-old', 'old', 'old.spoq.dev', 'olga', 'x', true, 'ready', now(), $1, 1007, 9, 77, now() + interval '20 days', 1, now(), now(), now())`, [KVM1]);
    const reusing = context({ reuseWipedVms: true });
    assert.equal((await refillPools(reusing)).length, 2, "the wiped one, and one that is bought");
    await pool.query("UPDATE vps_give_ups SET reused_at = now(), reused_by = (SELECT member_id FROM vps_pool_members WHERE is_reused)");
    for (const member of await members("building")) await becomesReady(member);
    for (const name of ["alice", "bob"]) assert.ok(await claims(the, name));
    await pool.query("UPDATE vps_pool_members SET state = 'delivered', ended_at = now() WHERE state = 'claimed'");
    assert.deepEqual(await refillPools(reusing), []);
    await pool.query("UPDATE vps_pool_members SET created_at = now() - interval '1 day'");
    assert.equal((await refillPools(reusing)).length, 1, "on the next day, another one");
  });

  it("buys none beyond the day's limit for a member whose wiped VM somebody else has got", async () => {
    await wanted(3, 1);
    await refillPools(context());
    const { rows: [begun] } = await pool.query<{ memberId: string }>(`SELECT member_id AS "memberId" FROM vps_pool_members`);
    const may = () => inTransaction(pool, (db) => mayBuyForPool(db, begun!.memberId));
    assert.equal(await may(), true, "it was begun to be bought");
    await pool.query("UPDATE vps_pool_members SET is_reused = true");
    assert.equal(await may(), true, "then it is the one of today");
    assert.deepEqual(await refillPools(context()), []);
    await pool.query("UPDATE vps_pool_members SET is_reused = true");
    await pool.query("UPDATE vps_pools SET most_per_day = 0");
    assert.equal(await may(), false);
    const the = world();
    const record = (await findVpsByUserId(pool, begun!.memberId))!;
    await assert.rejects(askToBuy({ engine: { vms: async () => [] }, record, purchases: { guard: the.guard, account: the.account } } as never, the.session, undefined), /PURCHASE_NOT_ALLOWED: .*may buy no more today/);
    assert.equal((await pool.query("SELECT FROM vps_purchases")).rowCount, 0);
  });
});

describe("purchases for a pool", () => {
  it("come after people's, whoever has asked earlier, and never with them beyond a cap", async () => {
    const the = world({ PURCHASES_PER_DAY: "5" });
    await wanted(4);
    const begun = await refillPools(context());
    const people = ["alice", "bob", "carol"];
    for (const name of people) await the.signUp(name);
    const memberIds = new Map((await members()).map(({ username, memberId }) => [username, memberId]));
    const ask = async (userId: string) => {
      const record = (await findVpsByUserId(pool, userId))!;
      const { admit } = await import("../../src/purchases/index.ts");
      return await admit(the.guard, the.account, the.session, { record, changeId: null, needsPurchase: true });
    };
    const answers = await Promise.all([...begun.map((name) => ask(memberIds.get(name)!)), ...people.map((name) => ask(`u-${name}`))]);
    assert.equal(answers.filter(({ mayBuy }) => mayBuy).length, 5, "as many as the cap leaves");
    const { rows } = await pool.query("SELECT FROM vps_purchases WHERE state = 'reserved'");
    assert.equal(rows.length, 5);
  });

  it("let people who wait go on first", async () => {
    const closed = world({ PURCHASES_PER_DAY: "0" });
    await wanted(1);
    await refillPools(context());
    const [member] = await members();
    const { admit } = await import("../../src/purchases/index.ts");
    for (const userId of [member!.memberId, "u-alice"]) {
      if (userId === "u-alice") await closed.signUp("alice");
      const record = (await findVpsByUserId(pool, userId))!;
      const { wait } = await admit(closed.guard, closed.account, closed.session, { record, changeId: null, needsPurchase: true });
      await setVpsStatus(pool, userId, { status: "queued", waitingKind: wait!.kind, waitingFor: wait!.text });
    }
    const open = world({ PURCHASES_PER_DAY: "1" });
    assert.deepEqual(await goOn(open.guard, open.session, async () => undefined), ["u-alice"]);
    assert.equal((await findVpsByUserId(pool, "u-alice"))!.waitingPlace, null);
  });
});

describe("a release", () => {
  it("rolls over the pool first, and whoever claims a member has it from the beginning", async () => {
    const the = world();
    await filled(1);
    await the.signUp("aaron");
    await setVpsStatus(pool, "u-aaron", { status: "ready" });
    await insertRelease(pool, { version: "2.0", cli: { url: "https://downloads.example.com/spoq-2.0", sha256: "a".repeat(64) } }, "olga");
    const rollOut = await inTransaction(pool, (db) => createRollOut(db, { version: "2.0", requestedBy: "olga", reason: "x" }));
    const { rows } = await pool.query<{ username: string; wave: number }>("SELECT username, wave FROM vps_roll_out_members ORDER BY wave");
    assert.match(rows[0]!.username, /^pool-/);
    assert.equal(rows[1]!.username, "aaron");
    await pool.query("UPDATE vps_roll_out_members SET status = 'succeeded', ended_at = now() WHERE username LIKE 'pool-%'");
    assert.ok(await claims(the, "bob"));
    assert.equal((await findReleaseOfUser(pool, "u-bob"))?.version, "2.0");
    await endRollOut(pool, rollOut.rollOutId, "succeeded");
    await saveVpsResult(pool, "u-aaron", { hostingerVmId: 5 });
    await claimsAreOld();
    await refillPools(context());
    const [next] = await members("building");
    assert.equal((await findReleaseOfUser(pool, next!.memberId))?.version, "2.0", "what is built from now on has it, too");
  });

  it("that was rolled out to named users alone is nobody's but theirs", async () => {
    const the = world();
    await filled(2);
    await the.signUp("aaron");
    await setVpsStatus(pool, "u-aaron", { status: "ready" });
    const [named] = await members("ready");
    const rolledOut = async (version: string, usernames?: string[]) => {
      await insertRelease(pool, { version, cli: { url: `https://downloads.example.com/spoq-${version}`, sha256: "a".repeat(64) } }, "olga");
      const { rollOutId } = await inTransaction(pool, (db) => createRollOut(db, { version, requestedBy: "olga", reason: "x", usernames }));
      await pool.query("UPDATE vps_roll_out_members SET status = 'succeeded', ended_at = now() WHERE roll_out_id = $1", [rollOutId]);
      await endRollOut(pool, rollOutId, "succeeded");
    };
    await rolledOut("2.0");
    await rolledOut("3.0-beta", ["aaron", named!.username]);
    await pool.query("UPDATE vps_pool_members SET paid_until = now() + make_interval(days => CASE WHEN member_id = $1 THEN 20 ELSE 10 END)", [named!.memberId]);
    assert.ok(await claims(the, "bob"));
    assert.ok(await claims(the, "carol"));
    await saveVpsResult(pool, "u-aaron", { hostingerVmId: 5 });
    await claimsAreOld();
    await refillPools(context());
    const [next] = await members("building");
    const releases = await Promise.all(["u-aaron", "u-bob", "u-carol", next!.memberId].map(async (id) => (await findReleaseOfUser(pool, id))?.version));
    assert.deepEqual(releases, ["3.0-beta", "2.0", "3.0-beta", "2.0"], "carol got the named member");
  });

  it("that a member waits for goes on to the user who claims it", async () => {
    const the = world();
    await filled(1);
    await insertRelease(pool, { version: "2.0", cli: { url: "https://downloads.example.com/spoq-2.0", sha256: "a".repeat(64) } }, "olga");
    await inTransaction(pool, (db) => createRollOut(db, { version: "2.0", requestedBy: "olga", reason: "x" }));
    assert.ok(await claims(the, "bob"));
    const { rows } = await pool.query("SELECT username, status FROM vps_roll_out_members");
    assert.deepEqual(rows, [{ username: "bob", status: "waiting" }]);
  });
});
