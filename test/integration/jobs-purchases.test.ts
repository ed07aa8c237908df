/** Workers and the queue around purchases; the engine is a stub, PostgreSQL and the sandbox's APIs are real. */
import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it } from "vitest";
import type { Awaited } from "../../providers/core/patience.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import type { Worker } from "../../src/jobs/index.ts";
import { queueMissingJobs } from "../../src/jobs/missing-jobs.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { decide, findLastPurchase, readBreaker, setSwitch } from "../../src/purchases/index.ts";
import type { AccountPurchase, PurchaseAccount, PurchaseDecision } from "../../src/purchases/index.ts";
import { listRuns, noteDataCenterChoice, queueWait, setVpsStatus, watchedWaits } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { control } from "../support/fleet.ts";
import { untilNoJobIsLeft } from "../support/jobs-left.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
const engine = new StubEngine();
const vms = hostingerPower(sandbox.env);
const open: { stop(): Promise<unknown> }[] = [];
/** The records in the account, as far as a test says what they are. */
const account: PurchaseAccount & { said: AccountPurchase; asked: string[]; resolved: PurchaseDecision[] } = {
  said: { state: "none" },
  asked: [],
  resolved: [],
  read: async (_session, hostname) => (account.asked.push(hostname), account.said),
  withdrawIntents: async () => undefined,
  resolve: async (_session, _hostname, decision) => void account.resolved.push(decision),
};

async function work(env: Record<string, string> = {}): Promise<Worker> {
  const world = openPurchaseWorld(pool, sandbox, { PAYMENT_LOOK_SECONDS: "1", PAYMENT_PROBE_SECONDS: "1", ...env });
  const worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account });
  const running = { ...worker, stop: async () => { await worker.stop(0); await world.close(); } };
  open.push(running);
  return running;
}

const books = openPurchaseWorld(pool, sandbox);
afterAll(async () => {
  for (const one of open) await one.stop();
  await Promise.all([boss.stop({ graceful: false }), vms.close(), books.close()]);
  await sandbox.close();
});

beforeEach(async () => {
  for (const one of open.splice(0)) await one.stop();
  engine.ups.length = 0;
  engine.stacks.clear();
  account.said = { state: "none" };
  account.asked.length = 0;
  account.resolved.length = 0;
  await pool.query("UPDATE vps_purchase_breaker SET state = 'closed', refusals = 0, reason = NULL, opened_at = NULL, next_probe_at = NULL, probe_purchase_id = NULL");
  for (const table of ["vps_purchases", "vps_purchase_switch", "vps_certificates", "vps_waits", "user_vps", "user_vps_jobs.job", "vps_runs"]) await pool.query(`DELETE FROM ${table}`);
});

async function signUp(username: string, beforeItsRun?: () => Promise<void>): Promise<void> {
  const { userId } = await books.signUp(username);
  await beforeItsRun?.();
  await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId }));
}
const watched = async (what: Awaited) => (await watchedWaits(pool)).waits.filter((wait) => wait.what === what);
const ready = (username: string) => books.until(username, "ready", ({ status }) => status === "ready");
const waits = (username: string, kind: string) => books.until(username, kind, ({ waitingKind }) => waitingKind === kind);
const outcomes = async (username: string) => (await listRuns(pool, `u-${username}`)).items.map(({ outcome }) => outcome);
const fails = (code: ConstructorParameters<typeof UserVpsError>[0], message = "as the test says") => () => { throw new UserVpsError(code, message); };

describe("a job that may not buy yet", () => {
  it("ends without an engine, is no try, has no job left, and goes on by itself when it may", async () => {
    engine.onUp = () => 11;
    await setSwitch(pool, { isOn: false, by: "op_1", reason: "the card is renewed" });
    await work();
    await signUp("alice");
    const { status, waitingFor } = await waits("alice", "purchases_off");
    assert.deepEqual([status, engine.ups.length], ["queued", 0]);
    assert.match(waitingFor!, /the card is renewed/);
    assert.deepEqual(await outcomes("alice"), ["waiting"]);
    // Who waits for a turn is not given a job as one that lost it.
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), []);
    await untilNoJobIsLeft(pool);
    await setSwitch(pool, { isOn: true, by: "op_1", reason: null });
    const { waitingKind } = await ready("alice");
    assert.deepEqual([waitingKind, engine.ups.length, engine.ups[0]?.mayBuy], [null, 1, true]);
    const { state, vmId, orderId, priceCents } = (await findLastPurchase(pool, "u-alice"))!;
    assert.deepEqual([state, vmId, orderId, priceCents], ["bought", 11, "o-11", 499]);
  });

  it("goes on with another worker after all of them were stopped", async () => {
    engine.onUp = () => 12;
    const worker = await work({ FLEET_LIMIT: "0" });
    await signUp("alice");
    await waits("alice", "fleet_limit");
    await worker.stop(0);
    open.length = 0;
    await work({ FLEET_LIMIT: "1" });
    await ready("alice");
    assert.equal(engine.ups.length, 1);
  });

  it("is ended by a cancel, and then holds up nobody", async () => {
    engine.onUp = () => 13;
    await work({ FLEET_LIMIT: "0" });
    await signUp("alice");
    await waits("alice", "fleet_limit");
    await jobs.cancel("u-alice");
    const { status, errorCode, waitingKind } = await books.record("alice");
    assert.deepEqual([status, errorCode, waitingKind], ["failed", "CANCELLED", null]);
    assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "released");
  });

  it("is refused, not delayed, where the plan is not the user's", async () => {
    await work({ ALLOWED_PLANS: "kvm2" });
    await signUp("alice");
    const { errorCode } = await books.until("alice", "failed", ({ status }) => status === "failed");
    assert.deepEqual([errorCode, engine.ups.length], ["PLAN_NOT_ALLOWED", 0]);
  });
});

describe("a run whose user has a VM", () => {
  it("needs no reservation, and its stack may not buy", async () => {
    engine.onUp = () => 21;
    await work({ PURCHASES: "off" });
    await books.signUp("alice");
    engine.stacks.set("alice", [vmOf(21)]);
    await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId: "u-alice" }));
    await ready("alice");
    assert.deepEqual(engine.ups.map(({ mayBuy }) => mayBuy), [false]);
    assert.equal(await findLastPurchase(pool, "u-alice"), undefined);
  });
});

describe("an order whose payment is under way", () => {
  it("is looked for again and again, through restarts of everything, and becomes ready with one order", async () => {
    let isPaid = false;
    account.said = { state: "accepted", orderId: "o-31", subscriptionId: "s-31" };
    engine.onUp = () => (isPaid ? 31 : fails("AWAITING_PAYMENT")());
    await work();
    await signUp("alice");
    const { waitingFor, errorCode, status } = await waits("alice", "payment");
    assert.deepEqual([status, errorCode], ["queued", null]);
    assert.match(waitingFor!, /order o-31 stands/);
    // More often than tries are given to anything else.
    for (let restart = 0; restart < 3; restart++) {
      const before = engine.ups.length;
      await until("it to be looked for again", () => engine.ups.length >= before + 5);
      for (const one of open.splice(0)) await one.stop();
      await work();
    }
    assert.ok(engine.ups.length >= 15);
    isPaid = true;
    await ready("alice");
    // Only the first one had a reservation to buy with.
    const [first, ...others] = engine.ups.map(({ mayBuy }) => mayBuy);
    assert.equal(first, true);
    assert.ok(others.every((mayBuy) => mayBuy === false), others.join());
    const { rows } = await pool.query<{ state: string; orderId: string; subscriptionId: string }>(`SELECT state, order_id AS "orderId", subscription_id AS "subscriptionId" FROM vps_purchases`);
    assert.deepEqual(rows, [{ state: "bought", orderId: "o-31", subscriptionId: "s-31" }]);
    assert.deepEqual((await listRuns(pool, "u-alice")).items.filter(({ outcome }) => outcome === "failed" || outcome === "cancelled").map(({ errorCode, message }) => [errorCode, message]), []);
  });
});

describe("a refused payment", () => {
  it("stops the others, is tried again by one at a time, and lets all go on when one succeeds", async () => {
    let isRefused = true;
    engine.onUp = ({ stackName }) => (isRefused ? fails("PAYMENT_REFUSED", "the card was declined")() : 40 + stackName.length);
    await work();
    for (const username of ["al", "bob", "carl"]) {
      await signUp(username);
      await waits(username, "payment_refused");
    }
    assert.notEqual((await readBreaker(pool)).state, "closed");
    // Not while it is just tried again.
    await books.until("al", "the reason", ({ reason }) => /the card was declined/.test(reason ?? ""));
    isRefused = false;
    for (const username of ["al", "bob", "carl"]) await ready(username);
    assert.equal((await readBreaker(pool)).state, "closed");
    const { rows } = await pool.query<{ count: number }>("SELECT count(*)::int AS count FROM vps_purchases WHERE state = 'bought'");
    assert.equal(rows[0]?.count, 3);
  });
});

describe("a purchase whose answer was lost", () => {
  it("is waited for without a run or a job, through a restart, and goes on with the VM that shows", async () => {
    account.said = { state: "doubt" };
    engine.onUp = fails("NOT_YET", "creating failed: NOT_YET: purchase: alice.spoq.dev: no word yet.");
    await work();
    await signUp("alice");
    const { status, waitingFor, errorCode } = await waits("alice", "purchase");
    assert.deepEqual([status, waitingFor, errorCode], ["provisioning", `the outcome of the purchase for alice.${sandbox.domain}: no word yet`, null]);
    assert.deepEqual(await outcomes("alice"), ["waiting"]);
    assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "reserved", "it counts, and nobody is asked yet");
    for (const one of open.splice(0)) await one.stop();
    await untilNoJobIsLeft(pool);
    await work();
    assert.deepEqual((await watched("purchase")).map(({ userId, vmId }) => [userId, vmId]), [["u-alice", null]]);
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), []);
    engine.onUp = () => 45;
    await inTransaction(pool, async (db) => {
      assert.ok(await queueWait(db, { userId: "u-alice", what: "purchase", vmId: null }));
      await jobs.enqueue(db, { operation: "up", userId: "u-alice" });
    });
    await ready("alice");
    assert.equal((await pool.query("SELECT FROM vps_waits")).rowCount, 0);
    const { rows } = await pool.query<{ state: string; vmId: number }>(`SELECT state, vm_id::int AS "vmId" FROM vps_purchases`);
    assert.deepEqual(rows, [{ state: "bought", vmId: 45 }]);
  });
});

describe("a purchase in doubt", () => {
  async function doubt(): Promise<void> {
    account.said = { state: "doubt" };
    engine.onUp = fails("PURCHASE_UNCERTAIN", "2 VMs looked at, none fits");
    await work();
    await signUp("alice");
    const { errorCode } = await books.until("alice", "failed", ({ status }) => status === "failed");
    assert.equal(errorCode, "PURCHASE_UNCERTAIN");
    const purchase = await findLastPurchase(pool, "u-alice");
    assert.equal(purchase?.state, "uncertain");
    assert.match(purchase.evidence!, /2 VMs looked at/);
    engine.ups.length = 0;
  }
  async function addVm(prefix: string, more: object = {}): Promise<number> {
    await control(sandbox, "bulk", { count: 1, prefix, records: false, ...more });
    return sandbox.state().vms.at(-1)!.id;
  }
  async function tryAgain(): Promise<void> {
    await setVpsStatus(pool, "u-alice", { status: "queued" });
    await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId: "u-alice" }));
  }
  async function decideAs(kind: "vm" | "buy-again" | "give-up", vmId: number | null = null): Promise<void> {
    assert.ok(await decide(pool, "u-alice", { kind, vmId, by: "op_1", why: "looked into hPanel" }));
    await tryAgain();
  }

  it("that has become a VM is taken over, and nothing is bought", async () => {
    await doubt();
    const id = await addVm("by-hand");
    engine.onUp = () => id;
    await decideAs("vm", id);
    await ready("alice");
    assert.deepEqual(account.resolved, [{ kind: "vm", vmId: id, by: "op_1", why: "looked into hPanel" }]);
    assert.deepEqual(engine.ups.map(({ mayBuy }) => mayBuy), [false]);
    const { state, vmId, decidedBy } = (await findLastPurchase(pool, "u-alice"))!;
    assert.deepEqual([state, vmId, decidedBy], ["bought", id, "op_1"]);
  });

  it("is not that of a VM that is gone, is of another plan, or has become another user's since: it can be decided anew", async () => {
    await doubt();
    const [large, bobs] = [await addVm("large", { itemId: "hostingercom-vps-kvm8-usd-1m" }), await addVm("bobs")];
    await books.signUp("bob");
    await pool.query("UPDATE user_vps SET hostinger_vm_id = $1, status = 'ready' WHERE username = 'bob'", [bobs]);
    for (const [vmId, code] of [[9_999_999, "VM_GONE"], [large, "VM_MISMATCH"], [bobs, "VM_NOT_OURS"]] as const) {
      await decideAs("vm", vmId);
      const { status } = await books.until("alice", code, ({ errorCode }) => errorCode === code);
      assert.equal(status, "failed");
      assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "uncertain");
    }
    assert.deepEqual([account.resolved, engine.ups], [[], []], "nothing is written into the account, and no engine is started");
    const id = await addVm("right");
    engine.onUp = () => id;
    await decideAs("vm", id);
    await ready("alice");
  });

  it("that was not made is written off, and the user buys in turn", async () => {
    await doubt();
    engine.onUp = () => 52;
    await decideAs("buy-again");
    await ready("alice");
    assert.deepEqual(account.resolved.map(({ kind }) => kind), ["buy-again"]);
    const { rows } = await pool.query<{ state: string; vmId: number | null }>(`SELECT state, vm_id::int AS "vmId" FROM vps_purchases ORDER BY purchase_id`);
    assert.deepEqual(rows, [{ state: "written_off", vmId: null }, { state: "bought", vmId: 52 }]);
  });

  it("about which an operator decides though it awaits its payment: it is written off, and the user buys in turn", async () => {
    account.said = { state: "accepted", orderId: "o-53" };
    engine.onUp = fails("AWAITING_PAYMENT");
    await work({ PAYMENT_LOOK_SECONDS: "3600" });
    await signUp("alice");
    await waits("alice", "payment");
    account.said = { state: "none" };
    engine.onUp = () => 53;
    await decideAs("buy-again");
    await ready("alice");
    assert.deepEqual(account.resolved.map(({ kind }) => kind), ["buy-again"]);
    const { rows } = await pool.query<{ state: string }>("SELECT state FROM vps_purchases ORDER BY purchase_id");
    assert.deepEqual(rows, [{ state: "written_off" }, { state: "bought" }]);
  });

  it("that is given up buys nothing, and the user is told who decided", async () => {
    await doubt();
    await decideAs("give-up");
    const { reason } = await books.until("alice", "the end", ({ status, errorCode }) => status === "failed" && errorCode === "CANCELLED");
    assert.match(reason!, /given up by op_1: looked into hPanel/);
    assert.equal(engine.ups.length, 0);
    assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "written_off");
  });

  it("buys nothing when it is only tried again, also where an operator has decided about it and cancelled that since", async () => {
    await doubt();
    for (const one of open.splice(0)) await one.stop();
    await decideAs("buy-again");
    await jobs.cancel("u-alice");
    const { state, decision, decidedBy, decidedWhy, decidedAt } = (await findLastPurchase(pool, "u-alice"))!;
    assert.deepEqual([state, decision, decidedBy, decidedWhy, decidedAt], ["uncertain", null, null, null, null]);
    await work();
    await tryAgain();
    await books.until("alice", "failed", ({ status }) => status === "failed");
    assert.deepEqual([account.resolved, engine.ups.map(({ mayBuy }) => mayBuy)], [[], [false]]);
  });

  it("is asked for by the host name that it was made for, whatever the user's is by now", async () => {
    await doubt();
    await pool.query("UPDATE user_vps SET hostname = 'alice2.' || $1", [sandbox.domain]);
    account.asked.length = 0;
    engine.onUp = fails("PURCHASE_NOT_ALLOWED");
    await tryAgain();
    await books.until("alice", "failed", ({ status, errorCode }) => status === "failed" && errorCode === "PURCHASE_NOT_ALLOWED");
    assert.deepEqual(account.asked, [`alice.${sandbox.domain}`]);
    assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "uncertain");
  });
});

describe("a purchase that was refused for want of stock", () => {
  it("is made in the next data center only where the account says that nothing was ordered in this one", async () => {
    engine.onUp = ({ config }) => (config["dataCenterId"] === "9" ? fails("API_REJECTED", "The data center is not available for this item.")() : 59);
    await work();
    for (const [username, state] of [["alice", "doubt"], ["bob", "none"]] as const) {
      account.said = { state };
      await signUp(username, () => noteDataCenterChoice(pool, `u-${username}`, "service"));
      await books.until(username, "an end", ({ status }) => status === "failed" || status === "ready");
    }
    const [alice, bob] = [await books.record("alice"), await books.record("bob")];
    assert.deepEqual([alice.status, alice.dataCenterId, bob.status, bob.dataCenterId === 9], ["failed", 9, "ready", false]);
  });
});

describe("a DNS zone that is full", () => {
  it("parks nobody whose VM is paid: it is tried again later by itself", async () => {
    engine.onUp = ({ stackName }) => {
      engine.stacks.set(stackName, [vmOf(61)]);
      throw new UserVpsError("ZONE_FULL", "code 81045");
    };
    await work();
    await signUp("alice");
    const { status, errorCode } = await waits("alice", "zone_records");
    assert.deepEqual([status, errorCode], ["queued", "ZONE_FULL"]);
    assert.equal((await findLastPurchase(pool, "u-alice"))?.state, "bought");
    const { rows } = await pool.query<{ later: boolean }>("SELECT start_after > now() + interval '1 minute' AS later FROM user_vps_jobs.job WHERE state = 'created'");
    assert.deepEqual(rows, [{ later: true }]);
  });
});

describe("twenty signups at once for the last three places", () => {
  it("buy three VPSs, and the others wait in order until there is room", async () => {
    let next = 100;
    engine.onUp = () => next++;
    const worker = await work({ FLEET_LIMIT: "3", WORKER_CONCURRENCY: "8" });
    const users = Array.from({ length: 20 }, (_, place) => `user${String(place).padStart(2, "0")}`);
    await Promise.all(users.map((user) => signUp(user)));
    const count = async () => {
      const { rows } = await pool.query<{ ready: number; waiting: number }>("SELECT count(*) FILTER (WHERE status = 'ready')::int AS ready, count(*) FILTER (WHERE waiting_kind = 'fleet_limit')::int AS waiting FROM user_vps");
      return rows[0]!;
    };
    await until("each to be ready or to wait", async () => (await count()).ready + (await count()).waiting === 20, count);
    assert.deepEqual([await count(), engine.ups.length], [{ ready: 3, waiting: 17 }, 3]);
    await worker.stop(0);
    open.length = 0;
    // Of the same millisecond: whose run was the first to ask.
    const { rows: first } = await pool.query<{ username: string }>(
      "SELECT user_vps.username FROM user_vps JOIN vps_purchases ON vps_purchases.user_id = user_vps.user_id::text WHERE waiting_kind IS NOT NULL ORDER BY date_trunc('milliseconds', requested_at), purchase_id LIMIT 2",
    );
    engine.ups.length = 0;
    await work({ FLEET_LIMIT: "5" });
    for (const { username } of first) await ready(username);
    assert.deepEqual(engine.ups.map(({ stackName }) => stackName).sort(), first.map(({ username }) => username).sort());
    assert.deepEqual(await count(), { ready: 5, waiting: 15 });
  });
});

describe("Hostinger out of reach", () => {
  it("lets nobody buy unseen: the run is tried again", async () => {
    engine.onUp = () => 71;
    await control(sandbox, "faults", { api: "cloudflare", times: 3, fault: { kind: "status", status: 503 } });
    await work();
    await signUp("alice");
    await ready("alice");
    assert.equal((await outcomes("alice"))[0], "succeeded");
    assert.ok((await outcomes("alice")).includes("failed"));
  });
});
