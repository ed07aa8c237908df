import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { PgBoss } from "pg-boss";
import { Registry } from "prom-client";
import type { UserVpsError } from "../../providers/core/errors.ts";
import { readSettings } from "../../src/config/index.ts";
import { addDriftMetrics } from "../../src/drift/metrics.ts";
import { performSweep } from "../../src/drift/perform-sweep.ts";
import { createDriftQueues, driftRequests, SWEEP_QUEUE } from "../../src/drift/queues.ts";
import type { DriftRequests } from "../../src/drift/queues.ts";
import { beginSweep, listSweeps, requestSweep } from "../../src/drift/sweeps.ts";
import { startDrift } from "../../src/drift/start-drift.ts";
import { startDriftWorker } from "../../src/drift/worker.ts";
import type { DriftWorker, DriftWorkerOptions } from "../../src/drift/worker.ts";
import { QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { tryLockSession } from "../../src/jobs/session-lock.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { addFleet, control, sweepOptions } from "../support/fleet.ts";
import type { TestSweep } from "../support/fleet.ts";
import { RecordingJobs } from "../support/http-app.ts";
import { withDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
let sandbox: Sandbox;
let options: TestSweep;
let boss: PgBoss;
let requests: DriftRequests;
const workers: DriftWorker[] = [];
/** Due on the 29th of February: the sweeps of a test are those that it has asked for. */
const CRON = "0 0 29 2 *";
const jobs = new RecordingJobs();

beforeAll(async () => {
  sandbox = await startSandbox();
  options = await sweepOptions(sandbox, pool, url);
  const members = await addFleet(sandbox, pool, 3);
  await control(sandbox, `vms/${members[0]!.vmId}/drift`, { kind: "stopped" });
  boss = new PgBoss({ connectionString: url, schema: QUEUE_SCHEMA, max: 4, schedule: true });
  boss.on("error", () => undefined);
  await boss.start();
  await createDriftQueues(boss);
  requests = driftRequests(boss, 180_000);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await boss.stop({ graceful: false });
  await options.close();
  await sandbox.close();
});

async function startWorker(more: Partial<DriftWorkerOptions> = {}): Promise<DriftWorker> {
  const worker = await startDriftWorker({
    boss, databaseUrl: url, sweep: options, log: () => undefined, cron: CRON, repair: { jobs, mostAtOnce: 1 }, redact: (text) => text.replaceAll("fake-secret", "[secret]"),
    driftOf: async ({ username }) => {
      if (username === "user3") throw new Error("an example of a failure with fake-secret in it");
      return { username, resources: [], changes: 1, refusal: null };
    },
    ...more,
  });
  workers.push(worker);
  return worker;
}

async function newest(outcome: string) {
  const last = async () => (await listSweeps(pool, { limit: 1 })).items[0];
  return await until(`a sweep that ${outcome}`, async () => {
    const sweep = await last();
    return sweep?.outcome === outcome && sweep;
  }, last);
}

describe("sweeps by the queue", () => {
  it("are done on demand, with what they cost and found; asked for twice, it is one", async () => {
    // At a second try nothing of the first one is left.
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await pool.query("DELETE FROM vps_findings");
    jobs.enqueued.splice(0);
    const [first, second] = await Promise.all([requests.requestSweep(pool, "operator_1"), requests.requestSweep(pool, "operator_2")]);
    assert.equal(first.sweepId, second.sweepId);
    await startWorker();
    const { requestedBy, users, examined, findings, apiCalls, seconds, previews } = await newest("succeeded");
    assert.match(requestedBy, /^operator_[12]$/);
    assert.deepEqual({ users, examined, findings, apiCalls, previews }, { users: 3, examined: 3, findings: 1, apiCalls: 4, previews: 1 });
    assert.ok(seconds! > 0 && seconds! < 180);
    assert.deepEqual(jobs.enqueued, [], "seen once only");
  });

  it("come by the schedule that is kept in PostgreSQL, and repair by themselves what two have seen", async () => {
    const [schedule] = await boss.getSchedules(SWEEP_QUEUE);
    assert.deepEqual([schedule?.cron, schedule?.data], [CRON, { scheduled: true }]);
    await boss.send(SWEEP_QUEUE, schedule!.data as object, { singletonKey: (schedule!.options as { singletonKey: string }).singletonKey });
    await until("the repair", () => jobs.enqueued.length > 0);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "u-user1" }]);
    assert.equal((await newest("succeeded")).requestedBy, "schedule");
  });

  it("are one at a time, whoever calls: a second one is refused while the first goes on", async () => {
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => { go = resolve; });
    let begun = (): void => undefined;
    const isUnderWay = new Promise<void>((resolve) => { begun = resolve; });
    const slow = { ...options, stacks: { hasStack: async () => true, listStacks: async () => { begun(); await held; return new Set<string>(); } } };
    // The sweep before is told to have succeeded a moment before its lock is free.
    const whenFree = async (triesLeft = 100): Promise<Awaited<ReturnType<typeof performSweep>>> => performSweep({ databaseUrl: url, sweep: slow, log: () => undefined }, true).catch(async (error: UserVpsError) => {
      if (error.code !== "STACK_LOCKED" || triesLeft === 0) throw error;
      await new Promise((resume) => setTimeout(resume, 100));
      return await whenFree(triesLeft - 1);
    });
    const first = whenFree();
    await Promise.race([isUnderWay, first]);
    await assert.rejects(performSweep({ databaseUrl: url, sweep: options, log: () => undefined }, true), { code: "STACK_LOCKED" });
    go();
    assert.equal((await first)!.users, 3);
  });

  it("that are asked for while another goes on are done after it, however long it takes", async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    const other = (await tryLockSession({ databaseUrl: url, name: "user-vps:sweep", of: "sweeps" }))!;
    atEnd(() => other.release());
    const { sweepId } = await requests.requestSweep(pool, "operator_1");
    // As if it had been tried so often.
    const { rowCount } = await pool.query(`UPDATE ${QUEUE_SCHEMA}.job SET retry_limit = 0 WHERE name = $1 AND state = 'created'`, [SWEEP_QUEUE]);
    assert.equal(rowCount, 1);
    await startWorker();
    await new Promise((resume) => setTimeout(resume, 2_000));
    await other.release();
    await until("the sweep, which may be lost", async () => (await listSweeps(pool, { limit: 5 })).items.find((one) => one.sweepId === sweepId)?.outcome === "succeeded");
  });

  it("are not kept from others by a worker that is frozen in one", async () => {
    const child = fork(join(import.meta.dirname, "..", "support", "lock-child.ts"), [url, "user-vps:sweep"], { execArgv: ["--disable-warning=ExperimentalWarning"] });
    try {
      assert.deepEqual(await once(child, "message"), ["locked", undefined]);
      child.kill("SIGSTOP");
      const sweep = () => performSweep({ databaseUrl: url, sweep: options, log: () => undefined }, true).catch((error: UserVpsError) => error.code);
      assert.equal(await sweep(), "STACK_LOCKED", "not at once: it may only be slow");
      let result: Awaited<ReturnType<typeof sweep>> = "STACK_LOCKED";
      for (let tries = 0; tries < 120 && result === "STACK_LOCKED"; tries += 1) {
        await new Promise((resume) => setTimeout(resume, 500));
        result = await sweep();
      }
      assert.ok(typeof result === "object" && result.users === 3, `not within a minute: ${JSON.stringify(result)}`);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  it("that fail say why; of one whose worker is gone, the next one says so", async () => {
    const failing = { ...options, stacks: { hasStack: async () => true, listStacks: async () => { throw new Error("an example of a failure"); } } };
    await assert.rejects(performSweep({ databaseUrl: url, sweep: failing, log: () => undefined }, true), /an example/);
    assert.match((await newest("failed")).message!, /an example of a failure/);

    await requestSweep(pool, "operator_1");
    const lost = await beginSweep(pool);
    await performSweep({ databaseUrl: url, sweep: options, log: () => undefined }, true);
    const { items } = await listSweeps(pool, { limit: 2 });
    assert.deepEqual(items.map(({ sweepId, outcome }) => [sweepId, outcome]), [[lost!.sweepId + 1, "succeeded"], [lost!.sweepId, "lost"]]);
    assert.equal(await performSweep({ databaseUrl: url, sweep: options, log: () => undefined }, false), undefined, "none was asked for");
  });

  it("show in the metrics", async () => {
    const registry = new Registry();
    addDriftMetrics(registry, pool, (error) => { throw error; });
    const text = await registry.metrics();
    assert.match(text, /user_vps_findings\{kind="VmStopped"\} 1/);
    assert.match(text, /user_vps_findings\{kind="VmGone"\} 0/);
    assert.match(text, /user_vps_sweep_api_calls 4/);
    assert.match(text, /user_vps_sweep_seconds [\d.]+/);
  });
});

describe("the drift of one stack by the queue", () => {
  it("is answered by a worker, a failure too", async () => {
    assert.deepEqual(await requests.stackDrift("u-user2"), { drift: { username: "user2", resources: [], changes: 1, refusal: null } });
    assert.deepEqual(await requests.stackDrift("u-user3"), { error: "an example of a failure with [secret] in it" });
  });

  it("is not waited for without end if there is no worker", async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    assert.equal(await driftRequests(boss, 300).stackDrift("u-user2"), undefined);
  });

  it("and sweeps work by the service's settings", async () => {
    const env = {
      ...sandbox.env, DATABASE_URL: url, VPS_DOMAIN: sandbox.domain, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests", CREDENTIALS_KEYS: `test:${Buffer.alloc(32).toString("base64")}`,
      CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq",
    };
    const previewed: string[] = [];
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    const worker = await startDrift({
      env, pool, databaseUrl: url, boss, backendUrl: url, settings: readSettings({ env, role: "worker" }), redact: (text) => text, onProgress: () => undefined, graceSeconds: 60,
      preview: async ({ stackName, config }) => { previewed.push(`${stackName} ${config["domain"]}`); return {}; },
    });
    workers.push(worker);
    assert.deepEqual(await requests.stackDrift("u-user1"), { drift: { username: "user1", resources: [], changes: 0, refusal: null } });
    assert.deepEqual(previewed, [`user1 ${sandbox.domain}`]);
    const { sweepId } = await requests.requestSweep(pool, "operator_1");
    const done = await newest("succeeded");
    assert.deepEqual([done.sweepId, done.examined, done.findings], [sweepId, 3, 1]);
    assert.deepEqual(await boss.getSchedules(SWEEP_QUEUE), [], "no cron, no schedule");
  });
});
