/** Pools on a real PostgreSQL, without an engine: who is begun, who gets one, who goes. */
import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import type { JobRequest } from "../../src/jobs/index.ts";
import { readPoolOverview } from "../../src/pool/index.ts";
import type { PoolContext } from "../../src/pool/context.ts";
import { refillPools } from "../../src/pool/refill.ts";
import { syncPools } from "../../src/pool/sync-pools.ts";
import { claimFromPool, goOn } from "../../src/purchases/index.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { nearestOthers } from "../../providers/hostinger/nearest.ts";
import { askToBuy } from "../../src/provisioning/ask-to-buy.ts";
import { leaveMember } from "../../src/provisioning/pool/leave-member.ts";
import { stackRequestOf } from "../../src/provisioning/stack-request.ts";
import { createRollOut } from "../../src/releases/index.ts";
import { countVpsByStatus, drainPool, endRollOut, findReleaseOfUser, findVpsByUserId, insertRelease, isPoolMemberSetAside, leavePoolMember, listPoolMembers, listPools, listVps, mayBuyForPool, noteDataCenterChoice, notePoolMemberFailed, notePoolMemberReady, openGiveUp, removeOld, savePool, saveVpsResult, setPoolMemberAside, setVpsStatus } from "../../src/records/index.ts";
import type { PoolMember, PoolMemberState, VpsRecord } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { KVM1, openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";

const KIND = { plan: KVM1, dataCenterId: 9, templateId: 1007 };
const POOL_ID = "kvm1-9-1007";
const { pool } = await withDatabase();
const sandbox = await startSandbox();
const worlds: PurchaseWorld[] = [];
afterAll(async () => {
  for (const world of worlds) await world.close();
  await sandbox.close();
});

let jobs: JobRequest[] = [];
let cancelled: string[] = [];
const settings = { pools: undefined, poolFailures: 3, poolLeastDays: 3, defaultDataCenterId: 9, defaultTemplateId: 1007, domain: "spoq.dev", reuseWipedVms: false, reuseLeastDays: 3, purchases: "on" as "on" | "off" };
const context = (more: Partial<typeof settings> = {}): PoolContext => ({
  pool, settings: { ...settings, ...more }, log: () => undefined,
  jobs: { enqueue: async (_db, job) => void jobs.push(job), cancel: async (userId) => void cancelled.push(userId) },
});
const guarded = { allowedPlans: undefined, certificatesPerWeek: 50 };
let vmIds = 1_000;

beforeEach(async () => {
  jobs = [];
  cancelled = [];
  await pool.query("TRUNCATE vps_pools, vps_pool_members, vps_purchases, vps_purchase_switch, vps_certificates, vps_give_ups, vps_roll_outs, vps_roll_out_members, vps_releases, vps_findings, vps_changes CASCADE");
  await pool.query("INSERT INTO vps_purchase_breaker DEFAULT VALUES ON CONFLICT (only_one) DO NOTHING");
  await pool.query("DELETE FROM user_vps");
});

function world(env: Record<string, string> = {}): PurchaseWorld {
  const opened = openPurchaseWorld(pool, sandbox, env);
  worlds.push(opened);
  return opened;
}
const wanted = (keepReady: number, mostPerDay: number | null = null) => savePool(pool, POOL_ID, { ...KIND, keepReady, schedule: [], mostPerDay }, "olga");
const members = (state?: PoolMemberState) => pool.query<PoolMember>(`SELECT member_id AS "memberId", username, state, vm_id::int AS "vmId", claimed_by AS "claimedBy", reason FROM vps_pool_members WHERE $1::text IS NULL OR state = $1 ORDER BY created_at, username`, [state ?? null]).then(({ rows }) => rows);

/** As `up` ends of a member. */
async function becomesReady({ memberId }: Pick<PoolMember, "memberId">): Promise<void> {
  const vmId = vmIds++;
  await inTransaction(pool, async (db) => {
    await saveVpsResult(db, memberId, { hostingerVmId: vmId, address: "127.0.0.2" });
    await notePoolMemberReady(db, memberId, vmId);
    await setVpsStatus(db, memberId, { status: "ready" });
  });
}
async function filled(count: number): Promise<void> {
  await wanted(count);
  while ((await members("ready")).length < count) {
    await refillPools(context());
    for (const member of await members("building")) await becomesReady(member);
  }
  jobs = [];
}
/** As if claims had taken longer than pools wait for. */
const claimsAreOld = () => pool.query("UPDATE vps_pool_members SET claimed_at = now() - interval '31 seconds' WHERE state = 'claimed'");
/** As a signup by HTTP. */
async function claims(the: PurchaseWorld, username: string, more = guarded): Promise<VpsRecord | undefined> {
  const record = await the.signUp(username);
  return (await inTransaction(pool, (db) => claimFromPool(db, more as never, record)))?.record;
}

describe("the setting POOLS", () => {
  const named = (ready: number) => ({ ...settings, pools: [{ plan: KVM1, ready, schedule: ["22:00-06:00 = 1"], mostPerDay: 7 }] });

  it("makes pools, changes them, and drains those that it does not name any more", async () => {
    await syncPools(pool, named(2));
    await syncPools(pool, named(4));
    assert.deepEqual((await listPools(pool)).map(({ poolId, keepReady, mostPerDay, schedule, state, setBy }) => [poolId, keepReady, mostPerDay, schedule, state, setBy]), [[POOL_ID, 4, 7, ["22:00-06:00 = 1"], "filling", null]]);
    await syncPools(pool, settings);
    assert.equal((await listPools(pool))[0]!.state, "draining");
    await syncPools(pool, named(4));
    assert.equal((await listPools(pool))[0]!.state, "filling");
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

describe("a claim", () => {
  it("of 50 at once on 20 members gives each of 20 another one, and tells the others that none was left", async () => {
    const the = world({});
    await filled(20);
    const names = Array.from({ length: 50 }, (_, place) => `user${place}`);
    const claimed = (await Promise.all(names.map((name) => claims(the, name, { ...guarded, certificatesPerWeek: 500 })))).filter((one) => one !== undefined);
    assert.equal(claimed.length, 20);
    assert.equal(new Set(claimed.map(({ hostingerVmId }) => hostingerVmId)).size, 20);
    assert.deepEqual((await members()).map(({ state }) => state), Array(20).fill("claimed"));
    const { rows } = await pool.query<{ vms: number; people: number }>(`SELECT count(DISTINCT hostinger_vm_id)::int AS vms, count(*)::int AS people FROM user_vps WHERE hostinger_vm_id IS NOT NULL`);
    assert.deepEqual(rows, [{ vms: 20, people: 20 }], "no VM has two rows");
    const [overview] = await readPoolOverview(pool);
    assert.deepEqual([overview!.ready, overview!.claimed, overview!.asked, overview!.hits], [0, 20, 50, 20]);
  });

  it("is rolled back with the signup that it belongs to", async () => {
    const the = world();
    await filled(1);
    const record = await the.signUp("alice");
    await assert.rejects(inTransaction(pool, async (db) => {
      await claimFromPool(db, guarded, record);
      throw new Error("the signup fails");
    }), /the signup fails/);
    assert.equal((await members())[0]!.state, "ready");
    assert.ok(await claims(the, "bob"));
  });

  const refused: [why: string, prepare: () => Promise<unknown>, more?: Partial<{ allowedPlans: string[]; certificatesPerWeek: number }>][] = [
    ["the plan is not one that the user may have", async () => undefined, { allowedPlans: ["hostingercom-vps-kvm2-usd-1m"] }],
    ["no certificate is left this week", async () => undefined, { certificatesPerWeek: 0 }],
    ["something is known to be wrong with the member", async () => pool.query(`INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen) SELECT 'VmStopped', username, member_id, username, 'x', 'y', now(), now() FROM vps_pool_members`)],
    ["its term ends within a day", async () => pool.query("UPDATE vps_pool_members SET paid_until = now() + interval '12 hours'")],
    ["the member is being worked on", async () => pool.query("UPDATE user_vps SET status = 'provisioning' WHERE is_pooled")],
    ["the user gave a VM up that still has the data", async () => pool.query(
      `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, ended_at)
       VALUES ('u-alice', 'alice', 'alice.spoq.dev', 'olga', 'x', false, 'ready', now(), $1, 1007, 9, 77, now())`, [KVM1])],
  ];
  for (const [why, prepare, more = {}] of refused) {
    it(`is none if ${why}`, async () => {
      const the = world();
      await filled(1);
      await prepare();
      assert.equal(await claims(the, "alice", { ...guarded, ...more } as never), undefined);
      assert.equal((await members())[0]!.state, "ready");
    });
  }

  it("takes the member whose term ends first", async () => {
    const the = world();
    await filled(3);
    const ready = await members("ready");
    for (const [place, days] of [10, 4, 20].entries()) await pool.query("UPDATE vps_pool_members SET paid_until = now() + make_interval(days => $2) WHERE member_id = $1", [ready[place]!.memberId, days]);
    assert.equal((await claims(the, "alice"))!.hostingerVmId, ready[1]!.vmId);
  });

  it("that the VM does not come to leaves the user as if there had been none, and the member set aside", async () => {
    const the = world();
    await filled(1);
    const record = (await claims(the, "alice"))!;
    assert.ok(record.bootHostname?.startsWith("pool-") && record.takenOverVmId === record.hostingerVmId && record.poolMemberId !== null);
    assert.equal(await setPoolMemberAside(pool, "u-alice", "SSH does not answer"), true);
    assert.equal(await isPoolMemberSetAside(pool, record), true);
    const left = (await leavePoolMember(pool, "u-alice"))!;
    assert.deepEqual([left.hostingerVmId, left.takenOverVmId, left.bootHostname, left.poolMemberId, left.poolId], [null, null, null, null, POOL_ID]);
    assert.deepEqual((await listPoolMembers(pool)).map(({ state, reason }) => [state, reason]), [["set_aside", "SSH does not answer"]]);
  });
});

describe("a claim where the service chose the data center", () => {
  const FRANKFURT = 9;
  const [second, third] = nearestOthers(FRANKFURT) as [number, number];
  /** A pool with one ready member. */
  async function filledIn(dataCenterId: number): Promise<void> {
    await savePool(pool, `kvm1-${dataCenterId}-1007`, { ...KIND, dataCenterId, keepReady: 1, schedule: [], mostPerDay: null }, "olga");
    await refillPools(context());
    for (const member of await members("building")) await becomesReady(member);
    await pool.query("UPDATE vps_pools SET keep_ready = 0");
  }
  const choosing = async (the: PurchaseWorld, username: string, chosenBy: "service" | "user") => {
    const record = await the.signUp(username);
    await noteDataCenterChoice(pool, record.userId, chosenBy);
    return (await inTransaction(pool, (db) => claimFromPool(db, guarded as never, record)))?.record;
  };

  it("takes the nearest member that there is: of its own data center, then of the next one, then of the one after that", async () => {
    const the = world();
    for (const dataCenterId of [third, FRANKFURT, second]) await filledIn(dataCenterId);
    const centers = [];
    for (const name of ["alice", "bob", "carol"]) centers.push((await choosing(the, name, "service"))!.dataCenterId);
    assert.deepEqual(centers, [FRANKFURT, second, third]);
    assert.equal(await choosing(the, "dora", "service"), undefined);
    assert.deepEqual((await findVpsByUserId(pool, "u-dora"))!.dataCenterId, FRANKFURT);
    const stack = stackRequestOf((await findVpsByUserId(pool, "u-bob"))!, the.guard.settings as never);
    assert.equal(stack.config["dataCenterId"], String(second), "the stack declares where the VM is");
  });

  it("does not take one of another data center from who has named one", async () => {
    const the = world();
    await filledIn(second);
    assert.equal(await choosing(the, "alice", "user"), undefined);
    const { dataCenterId, poolId } = (await findVpsByUserId(pool, "u-alice"))!;
    assert.deepEqual([dataCenterId, poolId], [FRANKFURT, null], "there is no pool for that wish");
  });

  it("that the VM does not come to has the next VPS where it was to be", async () => {
    const the = world();
    await filledIn(second);
    assert.ok(await choosing(the, "alice", "service"));
    await setPoolMemberAside(pool, "u-alice", "SSH does not answer");
    assert.equal((await leavePoolMember(pool, "u-alice"))!.dataCenterId, FRANKFURT);
  });
});

describe("leaving a member's VM that did not come to be the user's", () => {
  const left = async (...ends: UserVpsError[]) => {
    const the = world();
    await filled(1);
    const record = (await claims(the, "alice"))!;
    await setPoolMemberAside(pool, "u-alice", "SSH does not answer");
    const calls: unknown[] = [];
    const engine = {
      clearInterruptedRun: async () => undefined,
      destroy: async (_stack: unknown, _hooks: unknown, options: unknown) => { const end = ends[calls.push(options) - 1]; if (end) throw end; },
    };
    const leave = leaveMember({ pool, engine, settings: the.guard.settings, record, hooks: {}, recorder: { onLine: () => undefined } } as never);
    return { calls, leave };
  };

  it("gives it up, stopped and not renewed, and the user begins afresh", async () => {
    const { calls, leave } = await left();
    assert.equal((await leave).hostingerVmId, null);
    assert.deepEqual(calls, [undefined]);
  });

  it("leaves it as it is, if it does not let itself be given up", async () => {
    const { calls, leave } = await left(new UserVpsError("VM_ACTION_FAILED", "it does not stop"));
    assert.equal((await leave).hostingerVmId, null);
    assert.deepEqual(calls, [undefined, { leavesVm: true }]);
  });

  it("is tried again where the VM is not to blame", async () => {
    const { leave } = await left(new UserVpsError("API_UNREACHABLE", "no answer"));
    await assert.rejects(leave, { code: "API_UNREACHABLE" });
    assert.notEqual((await findVpsByUserId(pool, "u-alice"))!.hostingerVmId, null);
    assert.equal((await members())[0]!.state, "set_aside");
  });
});

describe("members that go", () => {
  it("are those near the end of their term, which are replaced", async () => {
    await filled(2);
    const [first] = await members();
    await pool.query("UPDATE vps_pool_members SET paid_until = now() + interval '2 days' WHERE member_id = $1", [first!.memberId]);
    const begun = await refillPools(context());
    assert.equal(begun.length, 1);
    assert.deepEqual((await members()).map(({ state }) => state).sort(), ["building", "ready", "retiring"]);
    const giveUp = await openGiveUp(pool, first!.memberId);
    assert.ok(giveUp?.wipe && /not renewed/.test(giveUp.reason));
    assert.deepEqual(jobs.filter(({ operation }) => operation === "destroy").map(({ userId }) => userId), [first!.memberId]);
  });

  it("are all of a pool that is drained, also those that are on their way, but none that a user has", async () => {
    const the = world();
    await filled(2);
    assert.ok(await claims(the, "alice"));
    await saveVpsResult(pool, "u-alice", {});
    await claimsAreOld();
    await wanted(2);
    await refillPools(context());
    await drainPool(pool, POOL_ID, "olga");
    await refillPools(context());
    assert.deepEqual((await members()).map(({ state }) => state).sort(), ["building", "claimed", "retiring"]);
    assert.equal(cancelled.length, 1, "what is on its way is asked to stop");
    await setVpsStatus(pool, cancelled[0]!, { status: "failed", errorCode: "CANCELLED", reason: "cancelled" });
    await refillPools(context());
    assert.deepEqual((await members()).map(({ state }) => state).sort(), ["claimed", "retiring", "retiring"]);
  });

  it("are not those whose purchase is in doubt: an operator decides first", async () => {
    await wanted(1);
    await refillPools(context());
    const [member] = await members();
    await setVpsStatus(pool, member!.memberId, { status: "failed", errorCode: "PURCHASE_UNCERTAIN", reason: "nobody knows" });
    await notePoolMemberFailed(pool, member!.memberId, "nobody knows", 3);
    await refillPools(context());
    assert.equal((await members())[0]!.state, "failed");
    await setVpsStatus(pool, member!.memberId, { status: "queued" });
    await refillPools(context());
    assert.equal((await members())[0]!.state, "building", "tried again by an operator");
  });
});

describe("members that are long over", () => {
  it("are removed with their own rows, and those that are not over stay", async () => {
    const the = world();
    await filled(2);
    assert.ok(await claims(the, "alice"));
    const { rows: [claimed] } = await pool.query<{ memberId: string }>(`UPDATE vps_pool_members SET state = 'delivered', ended_at = now() - interval '100 days' WHERE state = 'claimed' RETURNING member_id AS "memberId"`);
    await pool.query("ALTER TABLE user_vps DISABLE TRIGGER user_vps_count_version");
    await pool.query("UPDATE user_vps SET status = 'deprovisioned', updated_at = now() - interval '100 days' WHERE user_id = $1", [claimed!.memberId]);
    await pool.query("ALTER TABLE user_vps ENABLE TRIGGER user_vps_count_version");
    await removeOld(pool, { runsKeptDays: 90, auditKeptDays: 730, notificationsKeptDays: 90 });
    assert.deepEqual((await members()).map(({ state }) => state), ["ready"]);
    assert.equal(await findVpsByUserId(pool, claimed!.memberId), undefined);
    assert.ok((await findVpsByUserId(pool, "u-alice"))?.hostingerVmId);
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
