/** Roll-outs by the queue, with an engine that only notes what it is asked for, against a sandbox's snapshots. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import { UserVpsError } from "../../providers/core/errors.ts";
import { readSettings } from "../../src/config/index.ts";
import type { Settings } from "../../src/config/index.ts";
import { inTransaction } from "../../src/db/index.ts";
import { startQueue } from "../../src/jobs/index.ts";
import { QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { tryLockUser } from "../../src/jobs/user-lock.ts";
import { declaredStack } from "../../src/provisioning/declared-stack.ts";
import type { Engine, RunHooks, StackRequest } from "../../src/provisioning/engine.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { createCredentialsCipher, findRun, findVpsByUsername, readRunLog } from "../../src/records/index.ts";
import { cancelRollOut, createRelease, createRollOut, createRollOutQueue, findRollOut, listMembers, rollOutJobs, startRollOutWorker } from "../../src/releases/index.ts";
import type { RollOutRecord, RollOutWorker } from "../../src/releases/index.ts";
import { findLostRollOuts } from "../../src/releases/lost-roll-outs.ts";
import { ROLL_OUT_QUEUE } from "../../src/releases/queue.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { addFleet, control } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { vmOf } from "../support/stub-engine.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
let sandbox: Sandbox;
let settings: Settings;
let vms: ReturnType<typeof hostingerPower>;
let boss: PgBoss;
let members: FleetMember[];
const workers: RollOutWorker[] = [];
let upped: { worker: string; request: StackRequest }[] = [];
let onUp: (worker: string, request: StackRequest, hooks: RunHooks) => Promise<void> = async () => undefined;
const stacksWithoutVm = new Set<string>();
let next = 1;

beforeAll(async () => {
  sandbox = await startSandbox({ actionMs: 20 });
  members = await addFleet(sandbox, pool, 3);
  const env = {
    ...sandbox.env, DATABASE_URL: url, VPS_DOMAIN: sandbox.domain, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests", CREDENTIALS_KEYS: `test:${Buffer.alloc(32).toString("base64")}`,
    CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq",
  };
  settings = readSettings({ env, role: "worker" });
  vms = hostingerPower(env);
  boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
  await createRollOutQueue(boss);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop(0)));
  await boss.stop({ graceful: false });
  await vms.close();
  await sandbox.close();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop(0)));
  upped = [];
  onUp = async () => undefined;
  await pool.query("UPDATE vps_roll_outs SET outcome = 'cancelled', ended_at = now() WHERE outcome IS NULL");
  await pool.query("UPDATE vps_roll_out_members SET status = 'skipped' WHERE status IN ('waiting', 'running')");
});

async function startWorker(workerId: string): Promise<RollOutWorker> {
  const engine = {
    vms: async (stackName: string) => (stacksWithoutVm.has(stackName) ? [] : [vmOf(1)]),
    clearInterruptedRun: async () => undefined,
    async up(request: StackRequest, hooks: RunHooks) {
      upped.push({ worker: workerId, request });
      await onUp(workerId, request, hooks);
      return { changes: {} };
    },
  } as unknown as Engine;
  const worker = await startRollOutWorker({ boss, pool, databaseUrl: url, engine, vms, settings, cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), workerId, hostId: "host", secrets: [], log: () => undefined });
  workers.push(worker);
  return worker;
}

/** As the HTTP side does it. */
async function ask(more: Partial<Parameters<typeof createRollOut>[1]> = {}, { withJob = true } = {}): Promise<RollOutRecord> {
  const version = `1.${next++}`;
  await createRelease(pool, { version, cli: { url: "https://downloads.example.com/spoq-1", sha256: "ab".repeat(32) } }, "operator_1");
  return await inTransaction(pool, async (db) => {
    const rollOut = await createRollOut(db, { version, requestedBy: "operator_1", reason: "test", concurrency: 1, ...more });
    if (withJob) await rollOutJobs(boss).enqueue(db);
    return rollOut;
  });
}

async function untilEnded({ rollOutId }: RollOutRecord): Promise<string> {
  await until("the roll-out's end", async () => (await findRollOut(pool, rollOutId))!.outcome !== null);
  return (await findRollOut(pool, rollOutId))!.outcome!;
}

const jobs = async () => (await pool.query<{ state: string }>(`SELECT state FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND state < 'completed' ORDER BY state`, [ROLL_OUT_QUEUE])).rows.map(({ state }) => state);
const usersOf = (worker?: string) => upped.filter((one) => worker === undefined || one.worker === worker).map(({ request }) => request.stackName);

describe("a roll-out by the queue", () => {
  for (const snapshot of [false, true]) {
    it(`does nothing to a VM that is called as another user's, ${snapshot ? "not even a snapshot" : "and asks for it without snapshots, too"}`, async () => {
      const [{ vmId, username, hostname }] = members as [FleetMember];
      const rename = (to: string) => control(sandbox, `vms/${vmId}/drift`, { kind: "renamed", hostname: to });
      const actions = () => sandbox.state().vms.find(({ id }) => id === vmId)!.actions.length;
      await rename(`bob.${sandbox.domain}`);
      const before = actions();
      await startWorker("w1");
      const rollOut = await ask({ snapshot, usernames: [username] });
      assert.equal(await untilEnded(rollOut), "stopped");
      const [member] = await listMembers(pool, rollOut.rollOutId);
      assert.deepEqual([member?.status, member?.errorCode, member?.snapshotAt, usersOf(), actions() - before], ["failed", "VM_MISMATCH", null, [], 0]);
      await rename(hostname);
    });
  }

  it("is done by a worker, with each user's own stack and what the release sets", async () => {
    await startWorker("w1");
    const rollOut = await ask();
    assert.equal(await untilEnded(rollOut), "succeeded");
    assert.deepEqual(usersOf(), ["user1", "user2", "user3"]);
    const { config } = upped[0]!.request;
    assert.deepEqual([config["ownerId"], config["domain"], config["releaseVersion"], config["releaseCliSha256"]], ["u-user1", sandbox.domain, rollOut.version, "ab".repeat(32)]);
    const record = (await findVpsByUsername(pool, "user1"))!;
    assert.deepEqual((await declaredStack(pool, record, settings)).config, config, "from now on it is declared so, for `up` and previews alike");
  });

  it("refuses whoever is ready but has no VM in the stack: nothing is begun, and no stack is made", async () => {
    stacksWithoutVm.add("user2");
    await startWorker("w1");
    const rollOut = await ask({ maxFailures: 2 });
    assert.equal(await untilEnded(rollOut), "succeeded");
    stacksWithoutVm.clear();
    assert.deepEqual(usersOf(), ["user1", "user3"]);
    const refused = (await listMembers(pool, rollOut.rollOutId))[1]!;
    assert.deepEqual([refused.username, refused.status, refused.errorCode, (await findRun(pool, refused.runId!))?.outcome], ["user2", "failed", "STACK_WITHOUT_VM", "failed"]);
  });

  it("is not seen by anybody if what asked for it is rolled back", async () => {
    // The queue hears of a job's end a little after the roll-out's.
    await until("the end of the jobs before", async () => (await jobs()).length === 0);
    await assert.rejects(inTransaction(pool, async (db) => {
      await rollOutJobs(boss).enqueue(db);
      throw new Error("an example");
    }));
    assert.deepEqual(await jobs(), []);
  });

  it("is handed over by a worker that is shut down: at once to another, and the VPS that was under way is done again", async () => {
    const first = await startWorker("w1");
    onUp = async (worker, { stackName }, { signal }) => {
      if (worker === "w1" && stackName === "user2") await new Promise((_, failed) => signal!.addEventListener("abort", () => failed(signal!.reason as Error)));
    };
    const rollOut = await ask({ concurrency: 1 });
    await until("user2", () => usersOf().includes("user2"));
    await first.stop(0);
    assert.equal((await findRollOut(pool, rollOut.rollOutId))?.outcome, null);
    const { rows } = await pool.query("SELECT start_after <= now() AS \"isDue\" FROM user_vps_jobs.job WHERE name = $1 AND state = 'created'", [ROLL_OUT_QUEUE]);
    assert.deepEqual(rows, [{ isDue: true }], "not only once the first worker's heartbeat is missed");
    await startWorker("w2");
    assert.equal(await untilEnded(rollOut), "succeeded");
    assert.deepEqual([usersOf("w1"), usersOf("w2")], [["user1", "user2"], ["user2", "user3"]]);
  });

  it("lets what is under way finish within the time that a shutdown gives", async () => {
    const first = await startWorker("w1");
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => { go = resolve; });
    onUp = async (worker) => (worker === "w1" ? await held : undefined);
    const rollOut = await ask();
    await until("user1", () => usersOf().includes("user1"));
    const stopped = first.stop(10_000);
    go();
    await stopped;
    assert.deepEqual((await listMembers(pool, rollOut.rollOutId)).map(({ status }) => status), ["succeeded", "waiting", "waiting"]);
    await startWorker("w2");
    assert.equal(await untilEnded(rollOut), "succeeded");
    assert.deepEqual(usersOf("w2"), ["user2", "user3"]);
  });

  it("waits for a user's other run", async () => {
    const lock = (await tryLockUser(url, "u-user1"))!;
    atEnd(() => lock.release());
    await startWorker("w1");
    const rollOut = await ask({ usernames: ["user1"] });
    await until("the lock is waited for", async () => (await listMembers(pool, rollOut.rollOutId))[0]!.status === "running");
    assert.deepEqual(usersOf(), []);
    await lock.release();
    assert.equal(await untilEnded(rollOut), "succeeded");
  });

  it("is found again if it has no job, also if it was cancelled over a VPS that is half-way; one that has a job is left alone", async () => {
    const context = { boss, pool, log: () => undefined };
    const rollOut = await ask({}, { withJob: false });
    assert.deepEqual([await findLostRollOuts(context), await findLostRollOuts(context)], [true, false]);
    await startWorker("w1");
    assert.equal(await untilEnded(rollOut), "succeeded");
    await until("no job", async () => (await jobs()).length === 0);
    assert.equal(await findLostRollOuts(context), false);

    const cancelled = await ask({}, { withJob: false });
    await pool.query("UPDATE vps_roll_out_members SET status = 'running', run_id = 'of-a-dead-worker' WHERE roll_out_id = $1 AND username = 'user1'", [cancelled.rollOutId]);
    await cancelRollOut(pool, cancelled.rollOutId, "operator_1");
    assert.equal(await findLostRollOuts(context), true);
    await until("user1's end", async () => (await listMembers(pool, cancelled.rollOutId))[0]!.status === "succeeded");
    assert.deepEqual((await listMembers(pool, cancelled.rollOutId)).map(({ status }) => status), ["succeeded", "skipped", "skipped"]);
  });

  it("is stopped by a failure, which the run's log tells as well", async () => {
    await startWorker("w1");
    onUp = async (_, { stackName }) => {
      if (stackName === "user2") throw new UserVpsError("RELEASE_FAILED", "it was rolled back");
    };
    const rollOut = await ask();
    assert.equal(await untilEnded(rollOut), "stopped");
    const found = await listMembers(pool, rollOut.rollOutId);
    assert.deepEqual(found.map(({ status }) => status), ["succeeded", "failed", "skipped"]);
    assert.match((await readRunLog(pool, found[1]!.runId!, { limit: 10 })).map(({ line }) => line).join("\n"), /RELEASE_FAILED: it was rolled back/);
  });
});

describe("snapshots of a roll-out", () => {
  const snapshotOf = async (vmId: number) => (await vms.openSession({ signal: new AbortController().signal, report: () => undefined }).client.virtualMachines.snapshot.get(vmId))?.id;

  it("are made by Hostinger before `up`, in place of the one before", async () => {
    await startWorker("w1");
    const seen: unknown[] = [];
    onUp = async (_, { stackName }) => void seen.push(await snapshotOf(members.find(({ username }) => username === stackName)!.vmId));
    for (const _ of [1, 2]) assert.equal(await untilEnded(await ask({ snapshot: true, usernames: ["user1"] })), "succeeded");
    assert.ok(typeof seen[0] === "number" && typeof seen[1] === "number" && seen[0] !== seen[1], JSON.stringify(seen));
    assert.deepEqual(await Promise.all(members.slice(1).map(({ vmId }) => snapshotOf(vmId))), [undefined, undefined], "nobody else's");
  });

  it("that fail, or of a VM that is not known, fail the VPS before anything is changed", async () => {
    await startWorker("w1");
    const path = `/api/vps/v1/virtual-machines/${members[1]!.vmId}/snapshot$`;
    sandbox.addFault({ api: "hostinger", method: "POST", path, times: 0, fault: { kind: "status", status: 422, body: { message: "an example of a refusal", correlation_id: "fake" } } });
    const refused = await ask({ snapshot: true, usernames: ["user2"] });
    assert.equal(await untilEnded(refused), "stopped");
    assert.equal((await listMembers(pool, refused.rollOutId))[0]?.errorCode, "API_REJECTED");

    await pool.query("UPDATE user_vps SET hostinger_vm_id = NULL WHERE username = 'user3'");
    const unknown = await ask({ snapshot: true, usernames: ["user3"] });
    assert.equal(await untilEnded(unknown), "stopped");
    assert.equal((await listMembers(pool, unknown.rollOutId))[0]?.errorCode, "VM_GONE");
    assert.deepEqual(usersOf(), []);
  });
});
