/** Pools on a real PostgreSQL, without an engine: who gets a member, and which members go. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { endLostRuns } from "../../src/jobs/close-run.ts";
import { withClient } from "../../src/db/transaction.ts";
import { readPoolOverview } from "../../src/pool/index.ts";
import { refillPools } from "../../src/pool/refill.ts";
import { claimFromPool, countInTurn, readBooks } from "../../src/purchases/index.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { sleep } from "../../providers/core/time.ts";
import { SPECIFIED_CATALOG } from "../../providers/hostinger/api/live-catalog.ts";
import { nearestOthers } from "../../providers/hostinger/nearest.ts";
import { createRollOut } from "../../src/releases/index.ts";
import { claimMember } from "../../src/provisioning/pool/claim-member.ts";
import { leaveMember } from "../../src/provisioning/pool/leave-member.ts";
import { stackRequestOf } from "../../src/provisioning/stack-request.ts";
import { saveOffers } from "../../src/records/offers.ts";
import { drainPool, findVpsByUserId, insertRelease, isPoolMemberSetAside, leavePoolMember, listChanges, listPoolMembers, lockVps, noteDataCenterChoice, notePoolMemberFailed, openChange, openGiveUp, removeOld, requestChange, savePool, saveVpsResult, setPoolMemberAside, setVpsStatus, startRun } from "../../src/records/index.ts";
import type { VpsRecord } from "../../src/records/index.ts";
import { FakeAccount } from "../support/fake-account.ts";
import { KVM1 } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";

import { KIND, openPools, POOL_ID } from "../support/pools.ts";

const { pool, jobs, cancelled, context, guarded, world, wanted, members, becomesReady, filled, claimsAreOld, claims } = await openPools();

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

  it("of many at once takes no more certificates than are left this week", async () => {
    const the = world({});
    await filled(12);
    const names = Array.from({ length: 12 }, (_, place) => `user${place}`);
    const claimed = await Promise.all(names.map((name) => claims(the, name, { ...guarded, certificatesPerWeek: 3 })));
    assert.equal(claimed.filter((one) => one !== undefined).length, 3);
    assert.equal((await readBooks(pool)).certificates, 3);
  });

  it("of a run leaves the certificates to whoever has locked the user before, as a reservation does", async () => {
    const the = world({});
    await filled(1);
    await the.signUp("alice");
    let claimed: Promise<VpsRecord | undefined> | undefined;
    await withClient(pool, async (db) => {
      await db.query("BEGIN");
      // Of a deadlock this one is told first, and fails; the claim would begin anew.
      await db.query("SET LOCAL deadlock_timeout = '100ms'");
      await lockVps(db, "u-alice");
      claimed = claimMember({ pool, settings: guarded, record: { userId: "u-alice" }, hooks: { runId: "run-alice" }, recorder: { onLine: () => undefined } } as never);
      claimed.catch(() => undefined);
      await sleep(300);
      await countInTurn(db);
      await db.query("COMMIT");
    });
    assert.ok(await claimed);
  });

  it("is none of a run that was ended by another worker: its own may only have stood still", async () => {
    const the = world({});
    await filled(1);
    const { userId, username } = await the.signUp("alice");
    const runId = crypto.randomUUID();
    await startRun(pool, { runId, userId, username, operation: "up", workerId: "worker", hostId: "host", pid: 1 });
    await endLostRuns(pool, userId);
    await assert.rejects(claimMember({ pool, settings: guarded, record: { userId }, hooks: { runId }, recorder: { onLine: () => undefined } } as never), { code: "RUN_LOST" });
    assert.equal((await members())[0]!.state, "ready");
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

  const finds = async (kind: string) => pool.query("INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen) SELECT $1, username, member_id, username, 'x', 'y', now(), now() FROM vps_pool_members", [kind]);

  it("may be of a member that is renewed already, as its user's VM is to be", async () => {
    const the = world();
    await filled(1);
    await finds("PooledVmRenewed");
    assert.ok(await claims(the, "alice"));
  });

  const refused: [why: string, prepare: () => Promise<unknown>, more?: Partial<{ allowedPlans: string[]; certificatesPerWeek: number }>][] = [
    ["the plan is not one that the user may have", async () => undefined, { allowedPlans: ["hostingercom-vps-kvm2-usd-1m"] }],
    ["no certificate is left this week", async () => undefined, { certificatesPerWeek: 0 }],
    ["something is known to be wrong with the member", async () => finds("VmStopped")],
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

describe("a claim during a roll-out that has the user already", () => {
  const begun = async () => {
    await insertRelease(pool, { version: "2.0", cli: { url: "https://downloads.example.com/spoq-2.0", sha256: "a".repeat(64) } }, "olga");
    return await inTransaction(pool, (db) => createRollOut(db, { version: "2.0", requestedBy: "olga", reason: "x", waves: ["rest"] }));
  };
  const rows = async () => (await pool.query<{ username: string; status: string }>("SELECT username, status FROM vps_roll_out_members ORDER BY username")).rows.map(({ username, status }) => `${username.slice(0, 5)} ${status}`);
  const claimsAgain = async () => (await inTransaction(pool, async (db) => claimFromPool(db, guarded, (await findVpsByUserId(db, "u-alice"))!)))?.record;

  it("by a member that was set aside since, gives the user what the next member was promised", async () => {
    const the = world();
    await filled(2);
    await begun();
    assert.ok(await claims(the, "alice"));
    assert.deepEqual(await rows(), ["alice waiting", "pool- waiting"]);
    await setPoolMemberAside(pool, "u-alice", "SSH does not answer");
    await leavePoolMember(pool, "u-alice");
    assert.ok(await claimsAgain());
    assert.deepEqual(await rows(), ["alice waiting"]);
  });

  for (const [of, left] of [["waiting", ["alice waiting"]], ["succeeded", ["alice waiting"]], ["skipped", ["alice waiting"]], ["running", ["alice running", "pool- waiting"]]] as const) {
    it(`for a VPS of before that is '${of}' in it, goes through`, async () => {
      const the = world();
      await filled(1);
      const record = await the.signUp("alice");
      await setVpsStatus(pool, "u-alice", { status: "ready" });
      await begun();
      await pool.query("UPDATE vps_roll_out_members SET status = $1 WHERE user_id = 'u-alice'", [of]);
      await setVpsStatus(pool, "u-alice", { status: "queued" });
      assert.equal(record.hostingerVmId, null);
      assert.ok(await claimsAgain());
      assert.deepEqual(await rows(), left);
    });
  }
});

describe("a claim where the service chose the data center", () => {
  const FRANKFURT = 9;
  const [second, third] = nearestOthers(FRANKFURT, SPECIFIED_CATALOG.dataCenters) as [number, number];
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

  it("takes one where nothing is offered any more, and one in a data center that is newer than the specification", async () => {
    const the = world();
    await saveOffers(pool, { ...SPECIFIED_CATALOG, dataCenters: [...SPECIFIED_CATALOG.dataCenters.filter(({ id }) => id !== second), { id: 22, city: "Phoenix", country: "us" }] });
    for (const dataCenterId of [22, second]) await filledIn(dataCenterId);
    const centers = [];
    for (const name of ["alice", "bob"]) centers.push((await choosing(the, name, "service"))!.dataCenterId);
    assert.deepEqual(centers.toSorted((a, b) => a - b), [second, 22].toSorted((a, b) => a - b));
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
  const left = async (end?: UserVpsError, before?: (record: VpsRecord) => Promise<void>, hostname = "", hooks: { runId?: string } = {}) => {
    const the = world();
    await filled(1);
    const record = (await claims(the, "alice"))!;
    await before?.(record);
    await setPoolMemberAside(pool, "u-alice", "SSH does not answer");
    const calls: unknown[] = [];
    const engine = {
      clearInterruptedRun: async () => undefined,
      destroy: async (_stack: unknown, _hooks: unknown, options: unknown) => { if (calls.push(options) === 1 && end) throw end; },
    };
    const account = new FakeAccount();
    const subscription = account.addSubscription({ isAutoRenewed: true });
    account.addVm({ id: record.hostingerVmId!, subscriptionId: subscription.id, hostname });
    const leave = leaveMember({ pool, engine, settings: the.guard.settings, record, hooks, recorder: { onLine: () => undefined } } as never, account.session());
    const isRenewed = () => account.subscriptions[0]!.isAutoRenewed;
    return { calls, leave, isRenewed };
  };

  it("gives it up, stopped and not renewed, and the user begins afresh", async () => {
    const { calls, leave } = await left();
    assert.equal((await leave).hostingerVmId, null);
    assert.deepEqual(calls, [undefined]);
  });

  for (const code of ["VM_ACTION_FAILED", "API_REJECTED"] as const) {
    it(`leaves it as it is, but not renewed, if it does not let itself be given up: ${code}`, async () => {
      const { calls, leave, isRenewed } = await left(new UserVpsError(code, "it does not stop"));
      assert.equal((await leave).hostingerVmId, null);
      assert.deepEqual([calls, isRenewed()], [[undefined, { leavesVm: true }], false]);
    });
  }

  it("takes no VM from whoever has got another one since, by a worker that stood still", async () => {
    const runId = crypto.randomUUID();
    const { leave } = await left(undefined, async ({ userId, username }) => {
      await startRun(pool, { runId, userId, username, operation: "up", workerId: "worker", hostId: "host", pid: 1 });
      await endLostRuns(pool, userId);
    }, "", { runId });
    await assert.rejects(leave, { code: "RUN_LOST" });
    assert.notEqual((await findVpsByUserId(pool, "u-alice"))!.hostingerVmId, null);
  });

  it("leaves one that is called as another user's as it is, and paid", async () => {
    const { calls, leave, isRenewed } = await left(undefined, undefined, "bob.spoq.dev");
    assert.equal((await leave).hostingerVmId, null);
    assert.deepEqual([calls, isRenewed()], [[{ leavesVm: true }], true]);
  });

  for (const [kind, stays] of [["recreate", false], ["replace", false], ["rename", true]] as const) {
    it(`${stays ? "keeps" : "ends"} a change that was asked for meanwhile: ${kind}`, async () => {
      const { leave } = await left(undefined, async (record) => {
        await pool.query("UPDATE user_vps SET status = 'failed' WHERE user_id::text = 'u-alice'");
        await requestChange(pool, { ...record, status: "failed", hostingerVmId: record.hostingerVmId! }, { kind, to: {}, requestedBy: "olga", reason: "it is stuck" });
      });
      await leave;
      assert.equal((await openChange(pool, "u-alice"))?.kind, stays ? kind : undefined);
      assert.equal((await listChanges(pool, "u-alice", 1))[0]!.outcome, stays ? null : "superseded");
    });
  }

  for (const code of ["API_UNREACHABLE", "ENGINE_FAILED", "API_UNAUTHORIZED", "API_FORBIDDEN"] as const) {
    it(`is tried again where the VM is not to blame: ${code}`, async () => {
      const { calls, leave } = await left(new UserVpsError(code, "the zone's record cannot be removed"));
      await assert.rejects(leave, { code });
      assert.deepEqual(calls, [undefined], "nothing is forgotten");
      assert.notEqual((await findVpsByUserId(pool, "u-alice"))!.hostingerVmId, null);
      assert.equal((await members())[0]!.state, "set_aside");
    });
  }
});

describe("members that go", () => {
  it("are those near the end of their term, which are replaced", async () => {
    await filled(2);
    const [first] = await members();
    await pool.query("UPDATE vps_pool_members SET paid_until = now() + interval '2 days', ready_at = now() - interval '28 days' WHERE member_id = $1", [first!.memberId]);
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
