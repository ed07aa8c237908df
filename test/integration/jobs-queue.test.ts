import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { PgBoss } from "pg-boss";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import type { Jobs } from "../../src/jobs/index.ts";
import { QUEUE, QUEUE_SCHEMA, send } from "../../src/jobs/queue.ts";
import { requestRepair } from "../../src/drift/repair.ts";
import { queueMissingJobs } from "../../src/jobs/missing-jobs.ts";
import { beginChange, createCredentialsCipher, findVpsByUserId, listChanges, openChange, requestChange, requestCredentialsRotation, requestVps, saveCredentials, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();

describe("a queue that does not start", () => {
  it("leaves no connection behind", async () => {
    using _ = vi.spyOn(PgBoss.prototype, "updateQueue").mockRejectedValue(new Error("permission denied"));
    await assert.rejects(startQueue({ databaseUrl: url, works: true, onError: () => undefined }), /permission denied/);
    await until("its sessions to end", async () => (await pool.query("SELECT FROM pg_stat_activity WHERE application_name = 'user-vps jobs' AND datname = current_database()")).rowCount === 0);
  });

  it("is tried no longer once the start is ended, where its database is away", async () => {
    const ending = new AbortController();
    const started = startQueue({ databaseUrl: "postgres://nobody:none@127.0.0.1:1/none", works: false, signal: ending.signal, onError: () => undefined });
    ending.abort();
    await assert.rejects(started, { code: "ECONNREFUSED" });
  });
});

describe("the queue", () => {
  let boss: PgBoss;
  let jobs: Jobs;

  beforeAll(async () => {
    boss = await startQueue({ databaseUrl: url, works: false, onError: () => undefined });
    jobs = pgBossJobs(boss, pool);
  });
  eachBeginsEmpty({ pool });
  beforeEach(() => pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job`));
  afterAll(() => boss.stop({ graceful: false }));

  const waiting = async () => (await pool.query<{ key: string; data: Record<string, unknown>; due: boolean }>(`SELECT singleton_key AS key, data, start_after <= now() AS due FROM ${QUEUE_SCHEMA}.job WHERE state = 'created' ORDER BY 1`)).rows;
  const record = (userId: string) => requestVps(pool, { userId, username: userId, hostname: `${userId}.spoq.dev`, plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });

  it("has a job when the caller's transaction commits, and only then", async () => {
    await assert.rejects(inTransaction(pool, async (db) => {
      await jobs.enqueue(db, { operation: "up", userId: "amy" });
      throw new Error("rolled back");
    }));
    assert.deepEqual(await waiting(), []);
    await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId: "amy" }));
    assert.deepEqual((await waiting()).map(({ key }) => key), ["up:amy"]);
  });

  it("keeps one waiting job for an operation and a user, however often and from wherever it is asked for", async () => {
    await Promise.all(Array.from({ length: 20 }, () => jobs.enqueue(pool, { operation: "up", userId: "amy" })));
    await jobs.enqueue(pool, { operation: "destroy", userId: "amy" });
    await jobs.enqueue(pool, { operation: "up", userId: "bea" });
    assert.deepEqual((await waiting()).map(({ key }) => key), ["destroy:amy", "up:amy", "up:bea"]);
  });

  it("has a job that waits for its next try run at once, as a first try, when somebody asks", async () => {
    await send(boss, pool, { operation: "up", userId: "amy", attempt: 7 }, { delayMs: 600_000 });
    assert.deepEqual(await waiting(), [{ key: "up:amy", data: { operation: "up", userId: "amy", attempt: 7 }, due: false }]);
    await jobs.enqueue(pool, { operation: "up", userId: "amy" });
    const [{ data: { sentAt, ...data }, ...now }, ...others] = await waiting() as [Awaited<ReturnType<typeof waiting>>[number]];
    assert.deepEqual([now, data, typeof sentAt, others], [{ key: "up:amy", due: true }, { operation: "up", userId: "amy" }, "string", []]);
  });

  it("takes a new job for a user whose job is being worked on", async () => {
    await jobs.enqueue(pool, { operation: "up", userId: "amy" });
    assert.equal((await boss.fetch(QUEUE)).length, 1);
    await jobs.enqueue(pool, { operation: "up", userId: "amy" });
    assert.equal((await waiting()).length, 1);
    assert.equal((await boss.fetch(QUEUE)).length, 0, "but not both at once");
  });

  it("has people's jobs done before a pool's, whichever were there first", async () => {
    await record("pool-0a1b2c3d4e");
    await pool.query("UPDATE user_vps SET is_pooled = true");
    await record("amy");
    await jobs.enqueue(pool, { operation: "up", userId: "pool-0a1b2c3d4e" });
    await jobs.enqueue(pool, { operation: "destroy", userId: "pool-0a1b2c3d4e" });
    await jobs.enqueue(pool, { operation: "up", userId: "amy" });
    assert.deepEqual((await boss.fetch<{ userId: string }>(QUEUE)).map(({ data }) => data.userId), ["amy"]);
  });

  it("drops what waits for a cancelled user, and the record says so", async () => {
    await record("amy");
    await jobs.enqueue(pool, { operation: "up", userId: "amy" });
    await jobs.enqueue(pool, { operation: "up", userId: "bea" });
    await jobs.cancel("amy");
    assert.deepEqual((await waiting()).map(({ key }) => key), ["up:bea"]);
    const cancelled = await findVpsByUserId(pool, "amy");
    assert.deepEqual([cancelled?.status, cancelled?.errorCode], ["failed", "CANCELLED"]);
  });

  describe("cancelling a change of a VPS", () => {
    const KVM2 = "hostingercom-vps-kvm2-usd-1m";
    const change = async (userId: string, kind: "recreate" | "replace" | "rename") => {
      await record(userId);
      await saveVpsResult(pool, userId, { hostingerVmId: 17_923 });
      const ready = (await setVpsStatus(pool, userId, { status: "ready" }))!;
      const to = { recreate: { templateId: 1002 }, replace: { plan: KVM2 }, rename: { hostname: `new-${userId}.spoq.dev` } }[kind];
      await requestChange(pool, { ...ready, hostingerVmId: 17_923 }, { kind, to, requestedBy: "operator_1", reason: "a test" });
      await jobs.enqueue(pool, { operation: "up", userId });
      return ready;
    };
    const declared = async (userId: string) => {
      const { status, plan, templateId, hostname, bootHostname, recreation } = (await findVpsByUserId(pool, userId))!;
      return { status, plan, templateId, hostname, bootHostname, recreation };
    };

    for (const kind of ["recreate", "replace", "rename"] as const) {
      it(`takes a ${kind} back that has not begun, also while a run of another kind goes on, and its permission with it`, async () => {
        const userId = `back-${kind}`;
        const { status, plan, templateId, hostname, bootHostname, recreation } = await change(userId, kind);
        await startRun(pool, { runId: userId, userId, username: userId, operation: "snapshot", workerId: "w", hostId: "h", pid: 1 });
        await jobs.cancel(userId);
        assert.deepEqual(await declared(userId), { status, plan, templateId, hostname, bootHostname, recreation });
        assert.equal(await openChange(pool, userId), undefined);
        assert.deepEqual((await listChanges(pool, userId, 5)).map(({ outcome }) => outcome), ["withdrawn"]);
        assert.deepEqual((await waiting()).map(({ key }) => key).filter((key) => key.endsWith(userId)), [`up:${userId}`], "of what was asked for before the change");
      });
    }

    it("leaves one that has begun as it is, for a retry, and no repair goes on with it meanwhile", async () => {
      await change("begun", "recreate");
      await beginChange(pool, (await openChange(pool, "begun"))!.changeId);
      await jobs.cancel("begun");
      const { status, recreation } = await declared("begun");
      assert.deepEqual([status, recreation, (await openChange(pool, "begun"))?.kind], ["failed", 1, "recreate"]);
      const { rows: [finding] } = await pool.query<{ id: number }>(`INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen)
        VALUES ('RecordDiffers', 'begun', 'begun', 'begun', 'a', 'b', now(), now()) RETURNING finding_id::int AS id`);
      const repair = await requestRepair(pool, jobs, { findingId: finding!.id, requestedBy: "operator_1", why: "a test" });
      assert.deepEqual([repair?.decision, (await declared("begun")).status], ["refused", "failed"]);
      assert.match(repair?.reason ?? "", /recreate of .* has not come to its end/);
    });
  });

  it("gives a job to records that wait for one and have none, and to no others", async () => {
    for (const userId of ["amy", "bea", "cleo", "dora"]) await record(userId);
    await setVpsStatus(pool, "bea", { status: "deprovisioning" });
    await setVpsStatus(pool, "cleo", { status: "ready" });
    await jobs.enqueue(pool, { operation: "up", userId: "dora" });
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 3_600), [], "none is that old");
    assert.deepEqual((await queueMissingJobs({ boss, pool, log: () => undefined }, 0)).toSorted(), ["amy", "bea"]);
    assert.deepEqual((await waiting()).map(({ key }) => key), ["destroy:bea", "up:amy", "up:dora"]);
  });

  it("gives one to who is ready and has not got the new credentials that were asked for; to nobody for what is made, or for a pool", async () => {
    for (const userId of ["amy", "bea", "cleo"]) {
      await record(userId);
      await setVpsStatus(pool, userId, { status: "ready" });
    }
    for (const userId of ["bea", "cleo"]) await requestCredentialsRotation(pool, userId);
    await pool.query("UPDATE user_vps SET is_pooled = true WHERE username = 'cleo'");
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), ["bea"]);
    assert.deepEqual((await waiting()).map(({ key }) => key), ["up:bea"]);
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), [], "it has one by now");
    await pool.query(`DELETE FROM ${QUEUE_SCHEMA}.job`);
    await saveCredentials(pool, createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), "bea", { username: "spoq", hostname: "bea.spoq.dev", password: "fake-Password-1", jwtSecret: "fake-jwt-secret" }, 2);
    assert.deepEqual(await queueMissingJobs({ boss, pool, log: () => undefined }, 0), []);
  });

  it("says that it is there", async () => {
    await jobs.check();
  });
});
