import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { queueMissingJobs } from "../../src/jobs/missing-jobs.ts";
import { beginChange, beginGiveUp, cancelGiveUp, claimWipedVm, findFormerVm, findVpsByUserId, findWipedVm, forgetFormerVm, isOrWasVmOfAnother, isVmOfAnother, listGiveUps, listNamesakes, noteGiveUp, openChange, refuseWipedVm, requestChange, requestGiveUp, requestVps, returnFormerVm, saveVpsResult, setVpsStatus, takeOverVm } from "../../src/records/index.ts";
import type { GiveUp, VpsRecord, WipedVm } from "../../src/records/index.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
const DAY_MS = 86_400_000;

beforeEach(async () => {
  for (const table of ["vps_give_ups", "vps_purchases", "vps_changes"]) await pool.query(`DELETE FROM ${table}`);
  await pool.query("DELETE FROM user_vps");
});

async function user(userId: string, plan = "p1"): Promise<VpsRecord> {
  await requestVps(pool, { userId, username: userId, hostname: `${userId}.spoq.dev`, plan, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  return (await findVpsByUserId(pool, userId))!;
}

const begin = async (userId: string) => inTransaction(pool, async (db) => beginGiveUp(db, (await findVpsByUserId(db, userId))!));
const ask = async (record: VpsRecord, graceHours = 0, wipe = true): Promise<GiveUp> => {
  await setVpsStatus(pool, record.userId, { status: "deprovisioning" });
  return requestGiveUp(pool, record, { requestedBy: "operator_1", reason: "a test", wipe, graceHours });
};

let nextVmId = 100;

/** A VM that was given up, as it stands when all has gone well unless told otherwise. */
async function givenUp(userId: string, { paidDays = 20, wiped = true, stopped = true, ended = true, plan = "p1", vmId = nextVmId++ } = {}): Promise<number> {
  await ask(await user(userId, plan));
  const { giveUpId } = (await begin(userId))!;
  await noteGiveUp(pool, giveUpId, { vmId, paidUntil: new Date(Date.now() + paidDays * DAY_MS) });
  if (wiped) await noteGiveUp(pool, giveUpId, { wipeActionId: 1 }, "wiped_at");
  if (stopped) await noteGiveUp(pool, giveUpId, {}, "stopped_at");
  if (ended) await noteGiveUp(pool, giveUpId, {}, "ended_at");
  await setVpsStatus(pool, userId, { status: "deprovisioned" });
  return vmId;
}

describe("the grace period", () => {
  it("holds the giving up off until it is over, and lets it be cancelled: the record is what it was", async () => {
    const amy = await user("amy");
    await setVpsStatus(pool, "amy", { status: "ready" });
    await ask({ ...amy, status: "ready" }, 72);
    assert.equal(await begin("amy"), undefined);
    const cancelled = await inTransaction(pool, (db) => cancelGiveUp(db, "amy"));
    assert.equal(cancelled?.previousStatus, "ready");
    assert.equal(await inTransaction(pool, (db) => cancelGiveUp(db, "amy")), undefined);
  });

  it("is over for good once it has begun", async () => {
    await ask(await user("amy"));
    assert.ok((await begin("amy"))?.startedAt);
    assert.equal(await inTransaction(pool, (db) => cancelGiveUp(db, "amy")), undefined);
    const again = await ask((await findVpsByUserId(pool, "amy"))!, 72, false);
    assert.ok(again.dueAt <= new Date() && !again.wipe, "asked for again, it is not put off, but may do without the wipe");
    assert.equal((await listGiveUps(pool, { limit: 10 })).length, 1);
  });

  it("ends in one of the two, however close a cancellation and the beginning come", async () => {
    for (let round = 0; round < 10; round++) {
      const userId = `close-${round}`;
      const record = await user(userId);
      await ask({ ...record, status: "ready" });
      const [cancelled, begun] = await Promise.all([
        inTransaction(pool, async (db) => {
          const found = await cancelGiveUp(db, userId);
          if (found) await setVpsStatus(db, userId, { status: found.previousStatus });
          return found;
        }),
        begin(userId),
      ]);
      assert.equal([cancelled, begun].filter(Boolean).length, 1);
    }
  });

  it("does not begin where nobody is recorded to have asked for it, as in a row of an older backend", async () => {
    await user("amy");
    await setVpsStatus(pool, "amy", { status: "deprovisioning" });
    await assert.rejects(begin("amy"), /CHANGE_REFUSED: .*nobody is recorded to have asked for it/);
    assert.deepEqual(await listGiveUps(pool, { limit: 10 }), []);
  });

  it("is not cut short by what finds missing jobs, which sends the job of one that is over", async () => {
    const boss = await startQueue({ databaseUrl: url, works: false, onError: () => undefined });
    try {
      await user("amy");
      await user("bea");
      await requestDeprovision({ pool, jobs: pgBossJobs(boss, pool) }, "amy", { graceHours: 72 });
      await requestDeprovision({ pool, jobs: pgBossJobs(boss, pool) }, "bea");
      await pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job`);
      assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), ["bea"]);
    } finally {
      await boss.stop({ graceful: false });
    }
  });
});

/** As a run does that finds nothing amiss with the VM. */
async function claim(record: VpsRecord, leastDays: number): Promise<WipedVm | undefined> {
  const found = await findWipedVm(pool, record, leastDays);
  return found && (await claimWipedVm(pool, record.userId, found.giveUpId, leastDays)) ? found : undefined;
}

describe("a wiped VM", () => {
  it("is one that is wiped, stopped and paid for long enough, of the same plan, and of nobody", async () => {
    const wiped = await givenUp("wiped");
    await givenUp("not-wiped", { wiped: false });
    await givenUp("not-stopped", { stopped: false });
    await givenUp("not-ended", { ended: false });
    await givenUp("not-paid", { paidDays: 2 });
    await givenUp("bigger", { plan: "p2" });
    const owned = await givenUp("owned");
    await user("owner");
    await saveVpsResult(pool, "owner", { hostingerVmId: owned });
    const amy = await user("amy");
    assert.equal((await claim(amy, 3))?.vmId, wiped);
    assert.equal(await claim(await user("bea"), 3), undefined);
  });

  it("goes to one user, however many want it at once, and stays that user's whatever others say of it", async () => {
    await givenUp("former");
    const users = await Promise.all(Array.from({ length: 12 }, (_, index) => user(`new-${index}`)));
    const { giveUpId } = (await findWipedVm(pool, users[0]!, 3))!;
    const claimed = await Promise.all(users.map(({ userId }) => inTransaction(pool, (db) => claimWipedVm(db, userId, giveUpId, 3))));
    assert.equal(claimed.filter(Boolean).length, 1);
    await refuseWipedVm(pool, giveUpId, "it is running");
    const { unusableBecause, reusedBy } = await lastGiveUp(pool, "former");
    assert.deepEqual([unusableBecause, reusedBy], [null, users[claimed.indexOf(true)]!.userId]);
  });

  it("is bound to the user's present request", async () => {
    await givenUp("former");
    const amy = await user("amy");
    const claimed = (await claim(amy, 3))!;
    const { takenOverVmId, takenOverIsWiped, hostingerVmId } = (await takeOverVm(pool, "amy", { vmId: claimed.vmId, isWiped: true }))!;
    assert.deepEqual([takenOverVmId, takenOverIsWiped, hostingerVmId], [claimed.vmId, true, claimed.vmId]);
    await setVpsStatus(pool, "amy", { status: "deprovisioned" });
    assert.deepEqual([(await user("amy")).takenOverVmId, (await user("amy")).takenOverIsWiped], [null, false]);
    assert.equal(await claim(amy, 3), undefined);
  });

  it("is found by nobody once it was refused", async () => {
    await givenUp("former");
    const amy = await user("amy");
    const { giveUpId } = (await findWipedVm(pool, amy, 3))!;
    await refuseWipedVm(pool, giveUpId, "it is running");
    assert.deepEqual([await findWipedVm(pool, amy, 3), await claimWipedVm(pool, "amy", giveUpId, 3)], [undefined, false]);
    assert.equal((await lastGiveUp(pool, "former")).unusableBecause, "it is running");
  });

  it("is none any more when it was given up another time", async () => {
    const vmId = await givenUp("former");
    await ask(await user("later"));
    await noteGiveUp(pool, (await begin("later"))!.giveUpId, { vmId });
    assert.equal(await claim(await user("amy"), 3), undefined);
  });
});

describe("a VM that was given up without a wipe", () => {
  const bare = { wiped: false } as const;

  it("is its user's to come back to, and nobody else's, whatever they are called", async () => {
    const vmId = await givenUp("amy", bare);
    await givenUp("bea");
    await givenUp("cid", { ...bare, ended: false });
    for (const other of ["bea", "cid", "amy2"]) assert.equal(await findFormerVm(pool, other), undefined);
    assert.equal((await findFormerVm(pool, "amy"))?.vmId, vmId);
    assert.notEqual((await claim(await user("dan"), 0))?.vmId, vmId, "bea's, which is wiped");
    assert.equal(await claim(await user("eve"), 0), undefined);
    const former = (await findFormerVm(pool, "amy"))!;
    assert.equal(await inTransaction(pool, (db) => returnFormerVm(db, { ...former, userId: "dan" })), undefined, "not even by mistake");
  });

  it("comes back with what it is: plan, data center, template, and the name it was installed with", async () => {
    const vmId = await givenUp("amy", { ...bare, plan: "p2" });
    await requestVps(pool, { userId: "amy", username: "alba", hostname: "alba.spoq.dev", plan: "p1", templateId: 1002, dataCenterId: 19, sshPublicKey: null });
    const former = (await findFormerVm(pool, "amy"))!;
    const { hostingerVmId, takenOverVmId, takenOverIsWiped, plan, templateId, dataCenterId, hostname, bootHostname } = (await inTransaction(pool, (db) => returnFormerVm(db, former)))!;
    assert.deepEqual([hostingerVmId, takenOverVmId, takenOverIsWiped, plan, templateId, dataCenterId, hostname, bootHostname], [vmId, vmId, false, "p2", 1007, 9, "alba.spoq.dev", "amy.spoq.dev"]);
    assert.equal(await findFormerVm(pool, "amy"), undefined, "once");
    assert.equal(await inTransaction(pool, (db) => returnFormerVm(db, former)), undefined);
  });

  it("is none when it is gone, when it was wiped or about to be, when it was given up again, and when somebody has it", async () => {
    await givenUp("gone", bare);
    await forgetFormerVm(pool, (await lastGiveUp(pool, "gone")).giveUpId, "it does not exist any more");
    await givenUp("half-wiped", bare);
    await noteGiveUp(pool, (await lastGiveUp(pool, "half-wiped")).giveUpId, { wipeActionId: 7 });
    const again = await givenUp("again", bare);
    await ask(await user("later"));
    await noteGiveUp(pool, (await begin("later"))!.giveUpId, { vmId: again });
    const taken = await givenUp("taken", bare);
    await user("owner");
    await saveVpsResult(pool, "owner", { hostingerVmId: taken });
    for (const one of ["gone", "half-wiped", "again", "taken"]) assert.equal(await findFormerVm(pool, one), undefined, one);
  });

  it("and one that was given up for another one is known by the host name that it may still have", async () => {
    const first = await givenUp("amy", bare);
    const wiped = await givenUp("bea");
    await user("cid");
    await setVpsStatus(pool, "cid", { status: "ready" });
    await saveVpsResult(pool, "cid", { hostingerVmId: 7_001 });
    const cid = (await findVpsByUserId(pool, "cid"))!;
    await inTransaction(pool, (db) => requestChange(db, { ...cid, hostingerVmId: 7_001 }, { kind: "replace", to: { plan: "p2" }, requestedBy: "operator_1", reason: "a test" }));
    await beginChange(pool, (await openChange(pool, "cid"))!.changeId);
    assert.deepEqual(await listNamesakes(pool, "cid.spoq.dev", 10), [], "as long as it is the user's");
    await saveVpsResult(pool, "cid", { hostingerVmId: 7_002 });
    assert.deepEqual(await listNamesakes(pool, "cid.spoq.dev", 10), [7_001]);
    assert.deepEqual(await listNamesakes(pool, "amy.spoq.dev", 10), [first]);
    assert.deepEqual(await listNamesakes(pool, "bea.spoq.dev", 10), [], `${wiped} has no name of anybody's`);
  });
});

describe("a VM that users have had one after the other, wiped in between,", () => {
  it("is the last one's: neither an earlier one's, nor that of whom an operator has named it for by mistake", async () => {
    const vmId = await givenUp("amy");
    for (const [userId, isLast] of [["bea", false], ["cid", true]] as const) {
      const claimed = await claim(await user(userId), 3);
      assert.equal(claimed?.vmId, vmId);
      assert.ok(await takeOverVm(pool, userId, { vmId, isWiped: true }));
      if (!isLast) await givenUp(userId, { vmId });
    }
    await pool.query("INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, decision, decided_vm_id, decided_by, decided_why, decided_at) VALUES ('dan', 'dan', 'dan.spoq.dev', 'p', 'uncertain', now(), now(), 'vm', $1, 'op', 'x', now())", [vmId]);
    for (const [userId, isOfAnother] of [["amy", true], ["bea", true], ["cid", false], ["dan", true]] as const) assert.equal(await isVmOfAnother(pool, userId, vmId), isOfAnother, userId);
  });
});

describe("a VM in whose place its user was given another one", () => {
  const replaced = async (userId: string, { from, to }: { from: number; to: number }) => {
    await saveVpsResult(pool, userId, { hostingerVmId: from });
    await setVpsStatus(pool, userId, { status: "ready" });
    const record = (await findVpsByUserId(pool, userId))!;
    assert.ok(await inTransaction(pool, (db) => requestChange(db, { ...record, hostingerVmId: from }, { kind: "replace", to: { plan: "p2" }, requestedBy: "operator_1", reason: "a test" })));
    await beginChange(pool, (await openChange(pool, userId))!.changeId);
    await saveVpsResult(pool, userId, { hostingerVmId: to });
  };

  it("holds that user's data, and is nobody else's to be named for", async () => {
    await user("amy");
    await replaced("amy", { from: 8_005, to: 8_009 });
    assert.deepEqual([await isOrWasVmOfAnother(pool, "bob", 8_005), await isOrWasVmOfAnother(pool, "amy", 8_005)], [true, false]);
  });

  it("holds it no more once it was given up and wiped since", async () => {
    await user("cid");
    await replaced("cid", { from: 8_011, to: 8_011 });
    await setVpsStatus(pool, "cid", { status: "deprovisioned" });
    await givenUp("cid", { vmId: 8_011 });
    assert.equal(await isOrWasVmOfAnother(pool, "bob", 8_011), false);
    await user("dan");
    await replaced("dan", { from: 8_011, to: 8_012 });
    assert.equal(await isOrWasVmOfAnother(pool, "bob", 8_011), true, "with the data of who had it next");
  });
});

describe("a VM that a row of an older backend names", () => {
  it("is that user's for every question about whose it is", async () => {
    const former = await givenUp("amy", { wiped: false });
    const wiped = await givenUp("bob");
    assert.equal(await isVmOfAnother(pool, "amy", former), false);
    assert.equal((await findFormerVm(pool, "amy"))?.vmId, former);
    for (const vmId of [former, wiped]) await pool.query("INSERT INTO user_vps (user_id, status, hostinger_vm_id) VALUES ($1, 'ready', $2)", [`older-${vmId}`, vmId]);
    assert.equal(await isVmOfAnother(pool, "amy", former), true);
    assert.equal(await findFormerVm(pool, "amy"), undefined);
    assert.deepEqual(await listNamesakes(pool, "amy.spoq.dev", 10), []);
    assert.equal(await claim(await user("cy"), 3), undefined);
  });
});
