/**
 * A VM that the records give to a user, and that is called as another user's would be: as after a restore of the
 * database, since whose backup it was wiped and became theirs. The engine is a stub; PostgreSQL, the queue and the sandbox's API are real.
 */
import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it, vi } from "vitest";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { retryUser } from "../../src/jobs/retry-user.ts";
import type { DestroyOptions, RunHooks, StackRequest } from "../../src/provisioning/engine.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { createCredentialsCipher, listRuns, requestChange } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { addFleet, control, setAutoRenewal } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { beginRun, inputs } from "../support/vm-provider.ts";

const ID = "u-user1";
const { pool, url } = await withDatabase();
const sandbox = await startSandbox({ bootMs: 20, scriptMs: 10, actionMs: 10 });
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
/** With what options the stack ended, each time. */
const ends: (DestroyOptions | undefined)[] = [];
const engine = Object.assign(new StubEngine(), {
  async destroy(_stack: StackRequest, _hooks: RunHooks, options?: DestroyOptions) {
    ends.push(options);
    return { changes: {} };
  },
});
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
const [vmId, otherVmId] = (await addFleet(sandbox, pool, 2)).map((member) => member.vmId) as [number, number];
afterAll(async () => {
  await Promise.all([boss.stop({ graceful: false }), vms.close(), world.close()]);
  await sandbox.close();
});
beforeEach(async () => {
  ends.length = 0;
  engine.ups.length = 0;
  engine.stacks.clear();
  engine.stacks.set("user1", [vmOf(vmId)]);
  engine.onUp = () => vmId;
  for (const table of ["vps_changes", "vps_give_ups", "vps_runs", `${QUEUE_SCHEMA}.job`, "user_vps WHERE username <> 'user1'"]) await pool.query(`DELETE FROM ${table}`);
  await pool.query("UPDATE user_vps SET status = 'ready', hostname = $1, boot_hostname = NULL, hostinger_vm_id = $2, taken_over_vm_id = NULL, error_code = NULL, requested_at = now(), ready_at = now() - interval '1 hour', credentials_rotation = 1, recreation = 0", [named("user1"), vmId]);
  await control(sandbox, `vms/${vmId}/drift`, { kind: "started" });
  await setAutoRenewal(sandbox, vmId, true);
  await isCalled(named("bob"));
});

function named(name: string): string {
  return `${name}.${sandbox.domain}`;
}
const isCalled = (hostname: string, id = vmId) => control(sandbox, `vms/${id}/drift`, { kind: "renamed", hostname });
const context = {
  boss, pool, databaseUrl: url, engine, vms, settings: world.guard.settings, purchases: world, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
  dns: { removeUnknown: async () => false, namesOf: async () => [], close: async () => undefined },
  cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), handOver: new AbortController().signal,
} as never;
const run = (operation: "up" | "destroy" | "snapshot" | "restore") => performJob(context, { operation, userId: ID }, 0);
const again = () => inTransaction(pool, async (db) => void (await retryUser(db, jobs, await record())));
const actions = (id = vmId) => sandbox.state().vms.find((vm) => vm.id === id)!.actions.length;
const vmNow = () => { const { state, hostname, autoRenewed } = sandbox.state().vms.find(({ id }) => id === vmId)!; return [state, hostname, autoRenewed]; };
const record = () => world.record("user1");
const lastRun = async () => { const { errorCode, message } = (await listRuns(pool, ID)).items[0]!; return { errorCode, message }; };
const refusal = /VM \d+ is called bob\.[^,]+, expected user1\./;

describe("a user's VM that is called as another user's", () => {
  it("is not given up: neither stopped, nor wiped, nor left to end; the user waits for an operator", async () => {
    const before = actions();
    await requestDeprovision({ pool, jobs }, ID);
    await run("destroy");
    const { status, errorCode, reason, nextStep } = await record();
    assert.deepEqual([status, errorCode, ends], ["failed", "VM_MISMATCH", []]);
    assert.match(`${reason}`, refusal);
    assert.match(`${nextStep}`, /hPanel.*another user's.*retry user1/);
    assert.deepEqual([vmNow(), actions() - before], [["running", named("bob"), true], 0]);
    assert.equal((await pool.query(`SELECT FROM ${QUEUE_SCHEMA}.job WHERE state = 'retry' OR data ->> 'attempt' IS NOT NULL`)).rowCount, 0, "it is not tried again by itself");
  });

  it("is left alone, and the giving up ends, once it stands in that user's record", async () => {
    await requestDeprovision({ pool, jobs }, ID);
    await run("destroy");
    await world.signUp("bob");
    await pool.query("UPDATE user_vps SET hostinger_vm_id = $1 WHERE username = 'bob'", [vmId]);
    await again();
    await run("destroy");
    assert.deepEqual([(await record()).status, ends], ["deprovisioned", [{ leavesVm: true }]]);
    assert.deepEqual(vmNow(), ["running", named("bob"), true]);
  });

  for (const [whose, name, ofVm] of [["the user's name again", "user1", false], ["one that the user had before", "earlier", false], ["the one of a VM that was set aside", "user1", true]] as const) {
    it(`is given up once it has ${whose}`, async () => {
      await pool.query(`INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason, ended_at, outcome) VALUES ($1, 'user1', 'rename', $2, $3, '{}', 'op', 'a test', now(), 'succeeded')`, [ID, vmId, JSON.stringify({ hostname: named("earlier") })]);
      await requestDeprovision({ pool, jobs }, ID, { wipe: false });
      await run("destroy");
      await isCalled(ofVm ? `old-${vmId}.${named(name)}` : named(name));
      await again();
      await run("destroy");
      assert.deepEqual([(await record()).status, (await lastGiveUp(pool, ID)).restState], ["deprovisioned", "stopped"]);
    });
  }

  it("that the user had before another one took its place is not given up either", async () => {
    await isCalled(named("user1"));
    await isCalled(named("bob"), otherVmId);
    await pool.query(
      "INSERT INTO vps_changes (user_id, username, kind, vm_id, declared_before, declared_after, requested_by, reason, begun_at, ended_at, outcome) VALUES ($1, 'user1', 'replace', $2, '{}', '{}', 'op', 'a test', now(), now(), 'succeeded')", [ID, otherVmId]);
    const before = actions(otherVmId);
    await requestDeprovision({ pool, jobs }, ID);
    await run("destroy");
    assert.deepEqual([(await record()).errorCode, ends, actions(otherVmId) - before], ["VM_MISMATCH", [], 0]);
  });

  for (const [what, kind, to] of [["given new credentials", undefined, {}], ["installed anew", "recreate", {}], ["renamed", "rename", { hostname: named("later") }]] as const) {
    it(`is not ${what}`, async () => {
      await isCalled(named("bob"));
      if (kind) await requestChange(pool, { ...(await record()), hostingerVmId: vmId }, { kind, to, requestedBy: "op", reason: "a test" });
      else await pool.query("UPDATE user_vps SET credentials_rotation = 2");
      await run("up");
      const { status, errorCode, reason } = await record();
      assert.deepEqual([status, errorCode, engine.ups], ["failed", "VM_MISMATCH", []]);
      assert.match(`${reason}`, /is called bob\./);
      assert.deepEqual(vmNow(), ["running", named("bob"), true]);
    });
  }

  it("is neither stopped, nor has its snapshot replaced, nor is put back to it", async () => {
    const before = actions();
    await performJob(context, { operation: "power", userId: ID, action: "stop" }, 0);
    assert.match(`${(await lastRun()).message}`, refusal);
    for (const operation of ["snapshot", "restore"] as const) {
      await run(operation);
      assert.equal((await lastRun()).errorCode, "VM_MISMATCH", operation);
    }
    assert.equal(actions() - before, 0);
  });

  it("is not taken over where the stack is lost, nor where it was taken over before and the stack has not got it yet", async () => {
    engine.stacks.clear();
    for (const takenOver of [null, vmId]) {
      await pool.query("UPDATE user_vps SET status = 'queued', ready_at = NULL, taken_over_vm_id = $1", [takenOver]);
      await run("up");
      assert.deepEqual([(await record()).errorCode, (await record()).takenOverVmId, engine.ups], ["VM_MISMATCH", takenOver, []]);
    }
  });

  for (const [whose, recorded] of [["the stack alone names", null], ["the record names", vmId]] as const) {
    it(`is not worked on where a signup of long ago goes on with it, whose VM ${whose}`, async () => {
      await pool.query("UPDATE user_vps SET status = 'provisioning', requested_at = now() - interval '2 hours', ready_at = NULL, hostinger_vm_id = $1", [recorded]);
      await run("up");
      assert.deepEqual([(await record()).errorCode, engine.ups, vmNow()], ["VM_MISMATCH", [], ["running", named("bob"), true]]);
    });
  }

  it("is not worked on then either by a worker whose clock is behind", async () => {
    await pool.query("UPDATE user_vps SET status = 'provisioning', requested_at = now() - interval '2 hours', ready_at = NULL");
    const now = Date.now;
    using _ = vi.spyOn(Date, "now").mockImplementation(() => now() - 3 * 3_600_000);
    await run("up");
    assert.deepEqual([(await record()).errorCode, engine.ups], ["VM_MISMATCH", []]);
  });

  it("is not given back to whom the records say that it was theirs", async () => {
    await isCalled(named("user1"));
    await requestDeprovision({ pool, jobs }, ID, { wipe: false });
    await run("destroy");
    await isCalled(named("bob"));
    engine.stacks.clear();
    await pool.query("UPDATE user_vps SET status = 'queued', hostinger_vm_id = NULL");
    await run("up");
    assert.deepEqual([(await record()).errorCode, (await record()).hostingerVmId, engine.ups], ["VM_MISMATCH", null, []]);
  });
});

describe("a user's VM that is called by an odd name, of no user's", () => {
  it("is still the user's for all but giving it away, or up", async () => {
    await isCalled("mallory.example.com");
    await pool.query("UPDATE user_vps SET status = 'queued'");
    await run("up");
    assert.deepEqual([(await record()).status, engine.ups.length], ["ready", 1]);
    await requestDeprovision({ pool, jobs }, ID);
    await run("destroy");
    assert.deepEqual([(await record()).errorCode, ends], ["VM_MISMATCH", []]);
  });
});

describe("a VM from a pool", () => {
  it("is taken over only by the name that it was booted as there, one of Hostinger's, or, in a run that is repeated, the stack's own", async () => {
    const member = named("pool-0123456789");
    beginRun(sandbox, { fromPool: "true", bootHostname: member });
    const taken = () => provider.create(inputs({ importId: otherVmId, hostname: named("carol"), rootPassword: "fake-Password-2" }));
    const before = actions(otherVmId);
    for (const name of [named("bob"), named("pool-9876543210"), "odd.example.com"]) {
      await isCalled(name, otherVmId);
      await assert.rejects(taken(), (error: Error) => error.message.startsWith(`VM_MISMATCH: VM ${otherVmId} is called ${name}, expected ${named("carol")} or ${member}`));
    }
    assert.equal(actions(otherVmId), before, "nothing is done to it");
    for (const name of [member, `srv${otherVmId}.hstgr.cloud`, named("carol")]) {
      await isCalled(name, otherVmId);
      await taken();
      assert.equal(sandbox.state().vms.find(({ id }) => id === otherVmId)!.hostname, named("carol"));
    }
  });
});
