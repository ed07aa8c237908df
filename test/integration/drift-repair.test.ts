import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { anothersName } from "../../src/drift/anothers-name.ts";
import { repairAutomatically } from "../../src/drift/automatic-repair.ts";
import { saveFindings } from "../../src/drift/findings.ts";
import type { Finding } from "../../src/drift/finding.ts";
import { FINDING_KIND_NAMES } from "../../src/drift/kinds.ts";
import type { FindingKind } from "../../src/drift/kinds.ts";
import { inTransaction } from "../../src/db/index.ts";
import { listRepairs, requestRepair, requestRepairOfUser } from "../../src/drift/repair.ts";
import { findVpsByUsername, finishRun, setVpsStatus, startRun } from "../../src/records/index.ts";
import { addRows } from "../support/fleet.ts";
import { RecordingJobs } from "../support/http-app.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();
const NAMES = ["anna", "bert", "cleo", "dora"];
let jobs: RecordingJobs;

beforeEach(async () => {
  jobs = new RecordingJobs();
  await pool.query("TRUNCATE vps_findings, vps_repairs, vps_runs, user_vps CASCADE");
  await addRows(pool, NAMES.map((username, index) => ({ username, hostname: `${username}.spoq.dev`, vmId: index + 1, address: "127.0.0.2" })));
});

const finding = (kind: FindingKind, username: string): Finding => ({ kind, subject: username, userId: `u-${username}`, username, declared: "a", actual: "b" });
const orphan: Finding = { kind: "OrphanVm", subject: "9", userId: null, username: null, declared: "a", actual: "b" };

/** As `sweeps` sweeps would have seen them. */
async function seen(findings: Finding[], sweeps = 2): Promise<number[]> {
  let ids: number[] = [];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    ids = (await saveFindings(pool, { findings, unexamined: [], unprobed: [] })).map(({ findingId }) => findingId);
    await new Promise((resume) => setTimeout(resume, 3));
  }
  return ids;
}

const by = { requestedBy: "operator_1", why: "an example" };
const automatic = (mostAtOnce: number, kinds?: FindingKind[]) => repairAutomatically({ pool, jobs, mostAtOnce, ...(kinds && { kinds }) });

describe("requestRepair", () => {
  it("queues `up` for the user, and records who wanted it and why", async () => {
    const [findingId] = await seen([finding("VmStopped", "anna")]);
    const repair = await requestRepair(pool, jobs, { findingId: findingId!, ...by });
    assert.equal(repair?.decision, "queued");
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "u-anna" }]);
    const [recorded] = await listRepairs(pool, [findingId!]);
    assert.deepEqual([recorded?.requestedBy, recorded?.why, recorded?.userId], ["operator_1", "an example", "u-anna"]);
  });

  for (const [kind, why] of [["VmGone", /`user-vps replace USER`/], ["VmPlanDiffers", /buy another VM/], ["VmTemplateDiffers", /wipe/], ["Unhealthy", /only wait/], ["RecordDoubled", /belong to no stack/]] as const) {
    it(`refuses ${kind} with the reason, and records that too`, async () => {
      const [findingId] = await seen([finding(kind, "anna")]);
      const repair = await requestRepair(pool, jobs, { findingId: findingId!, ...by });
      assert.equal(repair?.decision, "refused");
      assert.match(repair.reason, why);
      assert.equal((await listRepairs(pool, [findingId!])).length, 1);
      assert.deepEqual(jobs.enqueued, []);
    });
  }

  it("refuses what belongs to nobody", async () => {
    const [findingId] = await seen([orphan]);
    assert.match((await requestRepair(pool, jobs, { findingId: findingId!, ...by }))!.reason, /no stack has it/);
  });

  for (const [actual, decision] of [
    ["bert.spoq.dev", "refused"], ["old-2.anna.spoq.dev", "refused"], ["earlier.spoq.dev", "queued"], ["old-1.anna.spoq.dev", "queued"], ["srv1.hstgr.cloud", "queued"], ["anna.example.com", "queued"],
  ] as const) {
    it(`of a VM that is called ${actual} is ${decision}, by whomever it is asked for, and shown so`, async () => {
      await pool.query("INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason, ended_at, outcome) VALUES ('u-anna', 'anna', 'rename', 1, $1, '{}', 'op', 'a test', now(), 'succeeded')", [JSON.stringify({ hostname: "earlier.spoq.dev" })]);
      const renamed = { ...finding("VmRenamed", "anna"), declared: "anna.spoq.dev", actual };
      const [findingId] = await seen([renamed, finding("RecordGone", "anna")]);
      assert.equal((await automatic(1)).length, decision === "queued" ? 1 : 0);
      for (const id of [findingId!, findingId! + 1]) {
        const repair = await requestRepair(pool, jobs, { findingId: id, ...by });
        assert.equal(repair?.decision, decision, repair?.reason);
        if (decision === "refused") assert.match(repair.reason, /is called .*, as another user's would be/);
      }
      assert.equal(await anothersName(pool, [renamed]), decision === "refused" ? actual : undefined);
    });
  }

  it("refuses while something is being done for the user, and while something else is in the way", async () => {
    const [stopped] = await seen([finding("VmStopped", "anna"), finding("VmStopped", "bert"), finding("VmPlanDiffers", "bert")]);
    await setVpsStatus(pool, "u-anna", { status: "provisioning" });
    assert.match((await requestRepair(pool, jobs, { findingId: stopped!, ...by }))!.reason, /'provisioning'/);
    assert.match((await requestRepair(pool, jobs, { findingId: stopped! + 1, ...by }))!.reason, /First VmPlanDiffers/);
  });

  it("tries a failed user again", async () => {
    const [findingId] = await seen([finding("RecordGone", "anna")]);
    await setVpsStatus(pool, "u-anna", { status: "failed", reason: "an example" });
    await requestRepair(pool, jobs, { findingId: findingId!, ...by });
    assert.equal((await findVpsByUsername(pool, "anna"))?.status, "queued");
  });

  it("records nothing if the job cannot be queued", async () => {
    const [findingId] = await seen([finding("VmStopped", "anna")]);
    jobs.outage = new Error("the queue is away");
    await assert.rejects(requestRepair(pool, jobs, { findingId: findingId!, ...by }), /away/);
    assert.deepEqual(await listRepairs(pool, [findingId!]), []);
  });

  it("knows no finding of that number", async () => assert.equal(await requestRepair(pool, jobs, { findingId: 999_999, ...by }), undefined));
});

describe("requestRepairOfUser", () => {
  const ofUser = async (username: string) => {
    const user = (await findVpsByUsername(pool, username))!;
    return inTransaction(pool, (db) => requestRepairOfUser(db, jobs, user, by));
  };

  it("refuses what the finding's own repair refuses, with the same words, for every kind", async () => {
    for (const kind of FINDING_KIND_NAMES) {
      jobs.enqueued.length = 0;
      await pool.query("TRUNCATE vps_findings, vps_repairs CASCADE");
      const [findingId] = await seen([finding(kind, "anna")]);
      const own = await requestRepair(pool, jobs, { findingId: findingId!, ...by });
      const enqueued = [...jobs.enqueued];
      jobs.enqueued.length = 0;
      const refusal = await ofUser("anna");
      assert.deepEqual([refusal, [...jobs.enqueued]], [own!.decision === "refused" ? own!.reason : undefined, enqueued], kind);
      assert.equal((await listRepairs(pool, [findingId!])).length, 2, "both are recorded");
    }
  });

  it("mends what can be mended beside what cannot, unless that is in the way", async () => {
    await seen([finding("Unhealthy", "anna"), finding("RecordGone", "anna"), finding("VmGone", "bert"), finding("RecordGone", "bert")]);
    assert.equal(await ofUser("anna"), undefined);
    assert.match((await ofUser("bert"))!, /^(`up` does not mend VmGone|First VmGone)/);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "u-anna" }]);
  });

  it("without findings makes sure that all is as declared, unless something is being done", async () => {
    assert.equal(await ofUser("anna"), undefined);
    await setVpsStatus(pool, "u-bert", { status: "provisioning" });
    assert.match((await ofUser("bert"))!, /'provisioning'/);
    await setVpsStatus(pool, "u-bert", { status: "failed" });
    assert.match((await ofUser("bert"))!, /tried again by retry/);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "u-anna" }]);
  });
});

describe("repairAutomatically", () => {
  it("repairs what two sweeps have seen, one `up` a user", async () => {
    await seen([finding("VmStopped", "anna"), finding("RecordGone", "anna"), finding("VmRenamed", "bert")], 1);
    assert.deepEqual(await automatic(9), []);
    await seen([finding("VmStopped", "anna"), finding("RecordGone", "anna"), finding("VmRenamed", "bert")], 1);
    assert.equal((await automatic(9)).length, 2);
    assert.deepEqual(jobs.enqueued.map(({ userId }) => userId), ["u-anna", "u-bert"]);
  });

  it("never repairs what would buy, wipe or commit to pay, nor what belongs to nobody", async () => {
    await seen([finding("VmGone", "anna"), finding("VmTemplateDiffers", "bert"), finding("AutoRenewalOff", "cleo"), finding("VmPlanDiffers", "dora"), finding("RecordGone", "dora"), orphan]);
    assert.deepEqual(await automatic(9), []);
    assert.deepEqual(jobs.enqueued, []);
  });

  it("has no more than so many under way, and goes on when they have ended", async () => {
    await seen(NAMES.map((name) => finding("VmStopped", name)));
    assert.equal((await automatic(2)).length, 2);
    assert.deepEqual(await automatic(2), []);
    for (const name of ["anna", "bert"]) {
      await startRun(pool, { runId: `run-${name}`, userId: `u-${name}`, username: name, operation: "up", workerId: "w", hostId: "h", pid: 1 });
      await finishRun(pool, `run-${name}`, { outcome: "succeeded", seconds: 1 });
    }
    await seen(["cleo", "dora"].map((name) => finding("VmStopped", name)), 1);
    await automatic(2);
    assert.deepEqual(jobs.enqueued.map(({ userId }) => userId), NAMES.map((name) => `u-${name}`));
  });

  it("does nothing if it is switched off, and only the kinds that it may", async () => {
    await seen([finding("VmStopped", "anna"), finding("RecordGone", "bert")]);
    assert.deepEqual(await automatic(0), []);
    await automatic(9, ["RecordGone"]);
    assert.deepEqual(jobs.enqueued.map(({ userId }) => userId), ["u-bert"]);
  });

  it("gives a finding up after three tries", async () => {
    await seen([finding("VmStopped", "anna")]);
    for (let attempt = 1; attempt <= 5; attempt++) {
      await automatic(1);
      await startRun(pool, { runId: `run-${attempt}`, userId: "u-anna", username: "anna", operation: "up", workerId: "w", hostId: "h", pid: 1 });
      await finishRun(pool, `run-${attempt}`, { outcome: "failed", seconds: 1 });
      await seen([finding("VmStopped", "anna")], 1);
    }
    assert.equal(jobs.enqueued.length, 3);
  });
});
