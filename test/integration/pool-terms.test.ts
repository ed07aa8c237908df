/** How long a pool's VPSs are paid, and by whose clock, on a real PostgreSQL, without an engine. */
import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";
import { readPoolOverview } from "../../src/pool/overview.ts";
import { refillPools } from "../../src/pool/refill.ts";
import { listPools, savePool } from "../../src/records/index.ts";
import { KIND, openPools, POOL_ID } from "../support/pools.ts";
import { KVM1 } from "../support/purchases.ts";

const DAY_MS = 86_400_000;
const { pool, context, wanted, members, becomesReady, filled } = await openPools();
afterEach(() => void vi.useRealTimers());

const workersClockIs = (days: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY_MS });
const states = async () => (await members()).map(({ state }) => state);
const theOne = async () => (await listPools(pool))[0]!;

/** Made and set up, as far as it is not yet, and bought for so many days. */
async function areBought(days: number): Promise<void> {
  for (const member of await members("building")) {
    await becomesReady(member);
    await pool.query(
      `INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, bought_at, ended_at, vm_id, paid_until)
       SELECT member_id, username, username || '.spoq.dev', $2, 'bought', created_at, created_at, created_at, ready_at, vm_id, created_at + make_interval(days => $3) FROM vps_pool_members WHERE member_id = $1`,
      [member.memberId, KVM1, days]);
  }
}
/** As if all of it had been so many days earlier. */
async function pass(days: number): Promise<void> {
  await pool.query("UPDATE vps_purchases SET paid_until = paid_until - make_interval(days => $1)", [days]);
  await pool.query("UPDATE vps_pool_members SET ready_at = ready_at - make_interval(days => $1)", [days]);
}
async function turns(count: number, days: number, settings: Parameters<typeof context>[0]): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await refillPools(context(settings));
    await areBought(days);
  }
}

describe("a pool whose VPSs are bought for a term that is too short for POOL_LEAST_DAYS", () => {
  for (const [term, least] of [[28, 28], [31, 31], [31, 365]] as const) {
    it(`pauses with the first one and says why: ${term} days, where ${least} are to be left`, async () => {
      await wanted(1);
      await turns(4, term, { poolLeastDays: least });
      assert.deepEqual(await states(), ["retiring"], "one is bought, and wiped so that it may be used again");
      const { state, pausedBecause } = await theOne();
      assert.equal(state, "paused");
      assert.match(pausedBecause!, new RegExp(`^pool-[0-9a-f]{10} was ready on \\d{4}-\\d\\d-\\d\\d and is paid until \\d{4}-\\d\\d-\\d\\d: .* POOL_LEAST_DAYS \\(${least}\\)`));
    });
  }

  it("pauses where users would have less than a day to come for each", async () => {
    await wanted(1);
    await turns(2, 28, { poolLeastDays: 27 });
    assert.equal((await theOne()).state, "filling");
    await pass(1);
    await turns(2, 28, { poolLeastDays: 27 });
    assert.deepEqual([await states(), (await theOne()).state], [["retiring"], "paused"]);
  });

  it("goes on once that is less, and the pool is set anew", async () => {
    await wanted(1);
    await turns(3, 28, { poolLeastDays: 28 });
    await wanted(1);
    await turns(3, 28, { poolLeastDays: 3 });
    assert.deepEqual([await states(), (await theOne()).state], [["retiring", "ready"], "filling"]);
  });
});

describe("a pool's VPS whose term comes to its end", () => {
  it("is given up and replaced, and the pool does not pause", async () => {
    await wanted(1);
    await turns(1, 30, {});
    await pass(28);
    await turns(1, 30, {});
    assert.deepEqual([await states(), (await theOne()).state], [["retiring", "ready"], "filling"]);
  });

  it("does not pause it either where it was a wiped one with few days left", async () => {
    await filled(1);
    await pool.query(
      `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, paid_until, wipe_action_id, wiped_at, stopped_at, ended_at, reused_at, reused_by)
       SELECT 'u-old', 'old', 'old.spoq.dev', 'olga', 'x', true, 'ready', now(), $1, 1007, 9, vm_id, now() + interval '71 hours', 1, now(), now(), now(), now(), member_id FROM vps_pool_members`, [KVM1]);
    await turns(1, 30, {});
    assert.deepEqual([await states(), (await theOne()).state], [["retiring", "ready"], "filling"]);
  });
});

describe("a wiped VM that is paid for long enough for a user, but not for a pool", () => {
  const isWiped = (days: number) => pool.query(
    `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, paid_until, wipe_action_id, wiped_at, stopped_at, ended_at)
     VALUES ('u-old', 'old', 'old.spoq.dev', 'olga', 'x', true, 'ready', now(), $1, 1007, 9, 77, now() + make_interval(days => $2), 1, now(), now(), now())`, [KVM1, days]);
  const settings = { reuseWipedVms: true, poolLeastDays: 7, reuseLeastDays: 3, purchases: "off" } as const;

  it("comes into no pool, from which it would be given up at once", async () => {
    await wanted(1);
    await isWiped(5);
    assert.deepEqual(await refillPools(context(settings)), []);
    await isWiped(8);
    assert.equal((await refillPools(context(settings))).length, 1);
  });

  it("nor does one that is paid for too short for users", async () => {
    await wanted(1);
    await isWiped(5);
    assert.deepEqual(await refillPools(context({ ...settings, poolLeastDays: 3, reuseLeastDays: 7 })), []);
  });
});

describe("a worker whose clock is wrong", () => {
  it("gives none up that is paid for long enough by PostgreSQL's time", async () => {
    await wanted(1);
    await turns(1, 30, {});
    workersClockIs(28);
    await turns(2, 30, {});
    assert.deepEqual([await states(), (await theOne()).state], [["ready"], "filling"]);
  });

  it("keeps to the schedule, and shows it, by PostgreSQL's time", async () => {
    const minute = (ms: number) => `${new Date(ms).toISOString().slice(0, 16)}Z`;
    const now = Date.now();
    await savePool(pool, POOL_ID, { ...KIND, keepReady: 0, schedule: [`${minute(now - DAY_MS)}/${minute(now + DAY_MS)} = 2`], mostPerDay: null }, "olga");
    workersClockIs(3);
    assert.equal((await refillPools(context())).length, 2);
    assert.equal((await readPoolOverview(pool))[0]!.wanted, 2);
  });
});
