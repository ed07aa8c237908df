/** Changes of a VPS that stop half-way: what a cancel, and what another change makes of them. The engine is a stub; PostgreSQL, the queue and the sandbox's APIs are real. */
import assert from "node:assert/strict";
import { afterAll, beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { createCredentialsCipher, listChanges, requestChange, setVpsStatus } from "../../src/records/index.ts";
import type { ChangeKind, Declared } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { addFleet, control } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";

const ID = "u-user1";
const KVM2 = "hostingercom-vps-kvm2-usd-1m";
const { pool, url } = await withDatabase();
const sandbox = await startSandbox({ bootMs: 20, scriptMs: 10, actionMs: 10 });
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const jobs = pgBossJobs(boss, pool);
const engine = new StubEngine();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
const members = await addFleet(sandbox, pool, 2);
const [first, second] = [members[0]!, members[1]!];
afterAll(async () => {
  await Promise.all([boss.stop({ graceful: false }), vms.close(), world.close()]);
  await sandbox.close();
});
beforeEach(async () => {
  engine.ups.length = 0;
  engine.leftOvers.length = 0;
  engine.stacks.clear();
  engine.stacks.set("user1", [vmOf(first.vmId)]);
  engine.onUp = () => first.vmId;
  for (const { vmId } of members) await control(sandbox, `vms/${vmId}/drift`, { kind: "renamed", hostname: named("user1") });
  for (const table of ["vps_changes", `${QUEUE_SCHEMA}.job`]) await pool.query(`DELETE FROM ${table}`);
  await pool.query("DELETE FROM user_vps WHERE username = 'user2'");
  await pool.query("UPDATE user_vps SET status = 'ready', hostname = $1, boot_hostname = NULL, recreation = 0, recreation_after_action = NULL, hostinger_vm_id = $2, plan_id = 'hostingercom-vps-kvm1-usd-1m'", [named("user1"), first.vmId]);
});

function named(name: string): string {
  return `${name}.${sandbox.domain}`;
}
const context = {
  boss, pool, databaseUrl: url, engine, vms, settings: world.guard.settings, purchases: world, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
  cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), handOver: new AbortController().signal,
} as never;
const run = () => performJob(context, { operation: "up", userId: ID }, 0);
const record = () => world.record("user1");
const outcomes = async () => (await listChanges(pool, ID, 10)).map(({ kind, outcome }) => [kind, outcome]);
async function wants(kind: ChangeKind, to: Partial<Declared> = {}): Promise<void> {
  await pool.query("UPDATE user_vps SET status = 'failed' WHERE status <> 'ready'");
  const { hostingerVmId, ...rest } = await record();
  assert.ok(await inTransaction(pool, (db) => requestChange(db, { ...rest, hostingerVmId: hostingerVmId! }, { kind, to, requestedBy: "op_1", reason: "a test" })));
}
/** The settings of the runs since. */
const settings = (name: string) => engine.ups.map(({ config }) => config[name]);
function fails(code: "HEALTH_CHECK_FAILED" | "DELETION_PROTECTED" = "HEALTH_CHECK_FAILED"): never {
  throw new UserVpsError(code, "an example");
}

describe("a rename that a run has begun", () => {
  it("is not taken back by a cancel between its tries: the new name stays declared, and a retry goes on", async () => {
    await wants("rename", { hostname: named("renamed") });
    engine.onUp = () => fails();
    await run();
    assert.equal((await record()).status, "queued");
    await jobs.cancel(ID);
    const { status, errorCode, hostname, bootHostname } = await record();
    assert.deepEqual([status, errorCode, hostname, bootHostname, await outcomes()], ["failed", "CANCELLED", named("renamed"), named("user1"), [["rename", null]]]);
  });

  it("is taken back before: by a cancel while it waits for a worker", async () => {
    await wants("rename", { hostname: named("renamed") });
    await jobs.cancel(ID);
    const { status, hostname } = await record();
    assert.deepEqual([status, hostname, await outcomes()], ["ready", named("user1"), [["rename", "withdrawn"]]]);
  });

  it("waits for nothing any more once it is taken back", async () => {
    await wants("replace", { plan: KVM2 });
    await setVpsStatus(pool, ID, { waitingFor: "room", waitingKind: "fleet_limit", waitingUsualSeconds: 60 });
    await pool.query("UPDATE user_vps SET waiting_place = 3 WHERE user_id::text = $1", [ID]);
    await jobs.cancel(ID);
    const { status, waitingFor, waitingKind, waitingSince, waitingPlace, waitingUsualSeconds } = await record();
    assert.deepEqual([status, waitingFor, waitingKind, waitingSince, waitingPlace, waitingUsualSeconds], ["ready", null, null, null, null, null]);
  });

  it("cannot be taken back where somebody has got the name of before at the same instant: it goes on", async () => {
    await wants("rename", { hostname: named("renamed") });
    await jobs.enqueue(pool, { operation: "up", userId: ID });
    await pool.query("INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status) SELECT 'u-quick', 'quick', $1, plan_id, template_id, data_center_id, 'queued' FROM user_vps WHERE user_id::text = $2", [named("user1"), ID]);
    await assert.rejects(jobs.cancel(ID), { code: "USERNAME_TAKEN" });
    assert.deepEqual([(await record()).status, await outcomes()], ["queued", [["rename", null]]]);
    const { rows } = await pool.query(`SELECT singleton_key AS key FROM ${QUEUE_SCHEMA}.job WHERE state = 'created'`);
    assert.deepEqual(rows, [{ key: `up:${ID}` }]);
    await pool.query("DELETE FROM user_vps WHERE user_id::text = 'u-quick'");
  });

  it("takes nothing along that was asked for before it: new credentials are made by a run of their own", async () => {
    await jobs.enqueue(pool, { operation: "up", userId: ID });
    await wants("rename", { hostname: named("renamed") });
    await jobs.enqueue(pool, { operation: "up", userId: ID });
    await jobs.cancel(ID);
    const { rows } = await pool.query(`SELECT singleton_key AS key FROM ${QUEUE_SCHEMA}.job WHERE state = 'created'`);
    assert.deepEqual(rows, [{ key: `up:${ID}` }]);
  });
});

describe("a replacement that stopped with both VMs there", () => {
  /** The new VM is bought, and does not become healthy. */
  async function halfDone(): Promise<void> {
    await wants("replace", { plan: KVM2 });
    await pool.query("UPDATE vps_changes SET begun_at = clock_timestamp()");
    await pool.query("UPDATE user_vps SET status = 'failed', hostinger_vm_id = $1", [second.vmId]);
    engine.stacks.set("user1", [vmOf(second.vmId), { ...vmOf(first.vmId), isLeftOver: true }]);
    engine.onUp = () => (engine.leftOvers.at(-1)!.includes(first.vmId) || engine.stacks.get("user1")!.length === 1 ? second.vmId : fails("DELETION_PROTECTED"));
  }
  async function oldIsGivenUp(): Promise<void> {
    assert.ok(engine.leftOvers.length > 0 && engine.leftOvers.every((ids) => ids.join() === String(first.vmId)));
    assert.equal(sandbox.state().vms.find(({ id }) => id === first.vmId)!.hostname, `old-${first.vmId}.${(await record()).hostname}`);
    const replaced = (await listChanges(pool, ID, 10)).find(({ kind }) => kind === "replace");
    assert.ok(replaced?.paidUntil);
  }

  for (const [kind, to] of [["recreate", {}], ["rename", { hostname: named("renamed") }]] as const) {
    it(`gives the old VM up though a ${kind} was asked for since, which comes to its end`, async () => {
      await halfDone();
      await wants(kind, to);
      await run();
      assert.deepEqual([(await record()).status, await outcomes()], ["ready", [[kind, "succeeded"], ["replace", "superseded"]]]);
      await oldIsGivenUp();
    });
  }

  it("gives the old VM up as well after that was taken back", async () => {
    await halfDone();
    await wants("rename", { hostname: named("renamed") });
    await jobs.cancel(ID);
    await pool.query("UPDATE user_vps SET status = 'queued'");
    await run();
    assert.equal((await record()).status, "ready");
    await oldIsGivenUp();
  });

  it("gives no VM up that nobody is recorded to have replaced", async () => {
    await halfDone();
    await pool.query("DELETE FROM vps_changes");
    await pool.query("UPDATE user_vps SET status = 'queued'");
    await run();
    assert.deepEqual([engine.leftOvers, (await record()).errorCode], [[[]], "DELETION_PROTECTED"]);
  });
});

describe("a replacement for a user who was never ready", () => {
  it("looks at the VM as it is by now, so that one that ran and is gone counts as gone", async () => {
    await pool.query("UPDATE user_vps SET ready_at = NULL");
    engine.refreshes.length = 0;
    await wants("replace", { plan: KVM2 });
    engine.onUp = () => second.vmId;
    await run();
    assert.equal((await record()).status, "ready");
    assert.deepEqual(engine.refreshes, [true, false]);
  });
});

describe("what a run that came to no good end has left on the VPS", () => {
  const ALL = ["configuration", "release", "health"];
  const asked = async () => {
    await pool.query("UPDATE user_vps SET status = 'queued'");
    engine.agains.length = 0;
    await run();
    return engine.agains.flat();
  };
  const endedAs = (outcome: string) => pool.query("UPDATE vps_runs SET outcome = $1 WHERE run_id = (SELECT run_id FROM vps_runs WHERE user_id = $2 ORDER BY started_at DESC LIMIT 1)", [outcome, ID]);

  it("is put right by the next one: a rename that failed is brought back though the state holds the old name", async () => {
    assert.deepEqual(await asked(), []);
    engine.onUp = () => { throw new UserVpsError("CONFIGURATION_FAILED", "as the test says"); };
    await wants("rename", { hostname: named("renamed") });
    await run();
    engine.onUp = () => first.vmId;
    await wants("rename", { hostname: named("user1") });
    engine.agains.length = 0;
    await run();
    assert.deepEqual(engine.agains, [ALL]);
    assert.deepEqual(await asked(), [], "not after a success");
  });

  for (const outcome of ["cancelled", "lost"]) {
    it(`is put right after one that was ${outcome}, also if one that only waited comes between`, async () => {
      await asked();
      await endedAs(outcome);
      assert.deepEqual(await asked(), ALL);
      await endedAs(outcome);
      await asked();
      await endedAs("waiting");
      assert.deepEqual(await asked(), ALL);
      assert.deepEqual(await asked(), []);
    });
  }

  it("is put right once in a run that wipes as well, by the part of it that wipes", async () => {
    await asked();
    await endedAs("failed");
    engine.agains.length = 0;
    await wants("recreate");
    await run();
    assert.deepEqual(engine.agains, [ALL, []]);
  });
});

describe("a wipe before which the VM's actions are not found", () => {
  it("is not ordered, nor taken for done by an earlier one: it is tried again, and comes after the newest action", async () => {
    sandbox.addFault({ api: "hostinger", method: "GET", path: `/api/vps/v1/virtual-machines/${first.vmId}/actions`, times: 1, fault: { kind: "status", status: 404 } });
    await wants("recreate");
    await run();
    const { status, errorCode, recreationAfterAction } = await record();
    assert.deepEqual([status, errorCode, recreationAfterAction, engine.ups], ["queued", "VM_NOT_FOUND", null, []]);
    await run();
    const newest = Math.max(...sandbox.state().vms.find(({ id }) => id === first.vmId)!.actions.map(({ id }) => id));
    assert.deepEqual([(await record()).recreationAfterAction, await outcomes()], [newest, [["recreate", "succeeded"]]]);
  });
});

describe("a VM that was installed anew by a change that came to no end", () => {
  /** Installed as user1, renamed, then wiped and installed as renamed: it does not become healthy. */
  async function renamedAndWiped(): Promise<void> {
    await wants("rename", { hostname: named("renamed") });
    await run();
    assert.equal((await record()).bootHostname, named("user1"));
    await wants("recreate");
    engine.onUp = ({ config }) => {
      engine.stacks.set("user1", [{ ...vmOf(first.vmId), recreation: config["recreation"] }]);
      return fails();
    };
    await run();
    engine.onUp = () => first.vmId;
    engine.ups.length = 0;
  }

  it("is declared with the name that it was installed with when it is renamed, so that this counts as no other wipe", async () => {
    await renamedAndWiped();
    await wants("rename", { hostname: named("third") });
    await run();
    assert.deepEqual([settings("hostname"), settings("bootHostname")], [[named("third")], [named("renamed")]]);
    assert.equal((await record()).bootHostname, named("renamed"));
  });

  it("keeps that name when it is renamed once more, and back", async () => {
    await renamedAndWiped();
    for (const name of ["third", "renamed", "fourth"]) {
      await wants("rename", { hostname: named(name) });
      await run();
    }
    assert.deepEqual(settings("bootHostname"), Array(3).fill(named("renamed")));
  });

  it("is declared by the name before, if the wipe has not come about", async () => {
    await wants("rename", { hostname: named("renamed") });
    await run();
    await wants("recreate");
    engine.onUp = () => fails();
    await run();
    engine.ups.length = 0;
    engine.onUp = () => first.vmId;
    await wants("rename", { hostname: named("third") });
    await run();
    assert.deepEqual(settings("bootHostname"), [named("user1")]);
  });
});
