/** What was done to a user's VM, and a snapshot of it: by HTTP, by the queue, by a worker, against the sandbox. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import { readSettings } from "../../src/config/index.ts";
import { pgBossJobs, startQueue, startWorker } from "../../src/jobs/index.ts";
import type { Worker } from "../../src/jobs/index.ts";
import { createQuestionQueue } from "../../src/jobs/questions.ts";
import { send } from "../../src/jobs/queue.ts";
import { answerVmActions, askVmActions, VM_ACTIONS_QUEUE } from "../../src/jobs/vm-actions.ts";
import type { AskVmActions } from "../../src/jobs/vm-actions.ts";
import { openPurchaseDesk } from "../../src/purchases/index.ts";
import type { Engine } from "../../src/provisioning/engine.ts";
import type { LostDnsRecords } from "../../src/provisioning/lost-dns-record.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { createCredentialsCipher, listRuns, readRunLog, requestVps, setVpsStatus } from "../../src/records/index.ts";
import type { RunRecord } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { atEnd } from "../support/at-end.ts";
import { addFleet } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { withApp } from "../support/http-app.ts";
import { withDatabase } from "../support/postgres.ts";
import { asOperator, asUser } from "../support/tokens.ts";
import { control } from "./sandbox-support.ts";

const database = await withDatabase();
const { pool, url } = database;
let answer: Awaited<ReturnType<AskVmActions>>;
const { app, jobs } = await withApp({ database, vmActions: async () => answer });
const operator = await asOperator();

let sandbox: Sandbox;
let boss: PgBoss;
let member: FleetMember;
beforeAll(async () => {
  sandbox = await startSandbox({ actionMs: 20 });
  [member] = await addFleet(sandbox, pool, 1) as [FleetMember];
  for (const [userId, username] of [["u-new", "newcomer"], ["u-lost", "lost"]] as const) await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: "p", templateId: 1, dataCenterId: 1, sshPublicKey: null });
  await pool.query("UPDATE user_vps SET hostinger_vm_id = 999999, status = 'failed' WHERE user_id = 'u-lost'");
  boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
  await createQuestionQueue(boss, VM_ACTIONS_QUEUE);
});
afterAll(async () => {
  await boss.stop({ graceful: false });
  await sandbox.close();
});

beforeEach(() => jobs.forget());

const get = (username: string, headers: Record<string, string> = operator) => app.inject({ url: `/api/admin/vps/${username}/actions`, headers });
const snapshot = (username: string, payload?: object, headers: Record<string, string> = operator) => app.inject({ method: "POST", url: `/api/admin/vps/${username}/snapshot`, headers, ...(payload && { payload }) });

describe("GET /api/admin/vps/{username}/actions", () => {
  it("shows the VM's actions with the specification's word and Hostinger's own", async () => {
    answer = { vmId: 5, actions: [{ id: 8, name: "restart", state: "success", createdAt: "2026-01-02T03:04:05Z", updatedAt: null }, { id: 7, name: "stop", state: "delayed", createdAt: null, updatedAt: null }] };
    const { statusCode, body } = await get("user1");
    assert.deepEqual([statusCode, JSON.parse(body)], [200, { vmId: 5, items: [
      { actionId: 8, name: "restart", progress: "completed", state: "success", createdAt: "2026-01-02T03:04:05Z", updatedAt: null },
      { actionId: 7, name: "stop", progress: "running", state: "delayed", createdAt: null, updatedAt: null },
    ], nextCursor: null }]);
  });

  it("says if there is no such user, no VM, no worker, or what Hostinger refused; it is for operators only", async () => {
    assertRefusal(await get("nobody"), 404, "USER_NOT_FOUND");
    assertRefusal(await get("newcomer"), 409, "STATUS_CONFLICT");
    answer = undefined;
    assertRefusal(await get("user1"), 503, "NOT_READY");
    answer = { error: "an example of a failure" };
    assert.match(assertRefusal(await get("user1"), 503, "HOSTINGER_FAILED").message, /an example of a failure/);
    assertRefusal(await get("user1", await asUser("user1")), 403, "SCOPE_MISSING");
    assertRefusal(await get("user1", {}), 401, "UNAUTHENTICATED");
    assert.equal((await app.inject({ method: "HEAD", url: "/api/admin/vps/user1/actions", headers: operator })).statusCode, 405);
  });
});

describe("POST /api/admin/vps/{username}/snapshot", () => {
  it("is refused without the user name, with another one, to anybody but an operator, without a VM, and while something is done", async () => {
    assertRefusal(await snapshot("user1"), 400, "REQUEST_INVALID");
    assertRefusal(await snapshot("user1", {}), 400, "REQUEST_INVALID");
    for (const confirm of ["", "User1", "user1 ", "user2"]) assertRefusal(await snapshot("user1", { confirm }), 422, "CONFIRMATION_WRONG");
    assertRefusal(await snapshot("user1", { confirm: "user1" }, await asUser("user1")), 403, "SCOPE_MISSING");
    assertRefusal(await snapshot("nobody", { confirm: "nobody" }), 404, "USER_NOT_FOUND");
    await setVpsStatus(pool, "u-new", { status: "failed" });
    assertRefusal(await snapshot("newcomer", { confirm: "newcomer" }), 409, "STATUS_CONFLICT");
    await setVpsStatus(pool, "u-user1", { status: "provisioning" });
    assertRefusal(await snapshot("user1", { confirm: "user1" }), 409, "STATUS_CONFLICT");
    await setVpsStatus(pool, "u-user1", { status: "ready" });
    assert.deepEqual(jobs.enqueued, []);
  });

  it("queues a run, and leaves it to PostgreSQL when that was", async () => {
    const { statusCode, body } = await snapshot("user1", { confirm: "user1" });
    assert.deepEqual([statusCode, JSON.parse(body).username], [202, "user1"]);
    assert.deepEqual(jobs.enqueued, [{ operation: "snapshot", userId: "u-user1" }]);
  });
});

describe("by a worker", () => {
  let worker: Worker;
  let vms: ReturnType<typeof hostingerPower>;
  let purchases: ReturnType<typeof openPurchaseDesk>;
  beforeAll(async () => {
    const env = {
      ...sandbox.env, DATABASE_URL: url, VPS_DOMAIN: sandbox.domain, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests", CREDENTIALS_KEYS: `test:${Buffer.alloc(32).toString("base64")}`,
      CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq",
    };
    const settings = readSettings({ env, role: "worker" });
    vms = hostingerPower(env);
    purchases = openPurchaseDesk(pool, settings, vms.client);
    // Neither asks the engine or the zone for anything.
    worker = await startWorker({ boss, pool, databaseUrl: url, engine: {} as Engine, vms, dns: {} as LostDnsRecords, purchases, settings, cipher: createCredentialsCipher(settings.credentialsKeys!), workerId: "worker", hostId: "host", secrets: [], log: () => undefined });
  });
  afterAll(async () => {
    await worker.stop(0);
    await Promise.all([vms.close(), purchases.close()]);
  });

  async function newRun(): Promise<RunRecord & { lines: readonly string[] }> {
    const known = (await listRuns(pool, "u-user1")).items.length;
    await send(boss, pool, { operation: "snapshot", userId: "u-user1" });
    const endMs = Date.now() + 60_000;
    for (;;) {
      const { items } = await listRuns(pool, "u-user1");
      const [last] = items;
      if (items.length > known && last!.outcome !== null) return { ...last!, lines: (await readRunLog(pool, last!.runId, { limit: 100 })).map(({ line }) => line) };
      assert.ok(Date.now() < endMs, "waited in vain for the run");
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
  /** One that fails is not tried again. */
  async function failingRun(): Promise<RunRecord> {
    await control(sandbox, "POST", "actions", { hostname: member.hostname, name: "create_snapshot", outcome: "error" });
    const run = await newRun();
    await pgBossJobs(boss, pool).cancel("u-user1");
    return run;
  }
  const made = () => sandbox.state().vms.find(({ id }) => id === member.vmId)!.actions.filter(({ name }) => name === "create_snapshot").length;

  it("a snapshot is a run of its own, with an outcome and a log, and leaves the status alone", async () => {
    const before = made();
    const { operation, outcome, lines } = await newRun();
    assert.deepEqual([operation, outcome, made() - before], ["snapshot", "succeeded", 1]);
    assert.match(lines.join("\n"), /user1\.\S+: making a snapshot of VM \d+/);
    assert.equal((await pool.query("SELECT status FROM user_vps WHERE user_id = 'u-user1'")).rows[0]?.status, "ready");
  });

  it("the next one replaces it and says so", async () => {
    await newRun();
    const before = made();
    const { outcome, lines } = await newRun();
    assert.deepEqual([outcome, made() - before], ["succeeded", 1]);
    assert.match(lines.join("\n"), /the snapshot of \S+ is replaced/);
  });

  it("one that fails is a failed run with its reason; the status stays", async () => {
    const { outcome, errorCode } = await failingRun();
    assert.deepEqual([outcome, errorCode], ["failed", "VM_ACTION_FAILED"]);
    assert.equal((await pool.query("SELECT status FROM user_vps WHERE user_id = 'u-user1'")).rows[0]?.status, "ready");
  });

  it("the VM's actions are answered, newest first; what Hostinger refuses is an answer too", async () => {
    await newRun();
    await failingRun();
    const answering = await answerVmActions({ boss, pool, vms, redact: (text) => text, log: () => undefined });
    atEnd(() => answering.stop());
    const ask = askVmActions(boss, 15_000);
    const answered = await ask("u-user1");
    assert.ok(answered && "actions" in answered, JSON.stringify(answered));
    assert.equal(answered.vmId, member.vmId);
    assert.deepEqual(answered.actions.slice(0, 2).map(({ name, state }) => [name, state]), [["create_snapshot", "error"], ["create_snapshot", "success"]]);
    assert.match(JSON.stringify(await ask("u-new")), /There is no VM of this user/);
    assert.match(JSON.stringify(await ask("u-lost")), /"error":"API_NOT_FOUND/);
  });

  it("are not waited for without end if there is no worker", async () => {
    assert.equal(await askVmActions(boss, 300)("u-user1"), undefined);
  });
});
