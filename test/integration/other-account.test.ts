/** A token of another Hostinger account, in which none of the users' VMs are; the engine is a stub, the account a sandbox's. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { doubtOfAccount, refuseDoubtedUntilTold } from "../../src/provisioning/other-account.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { createCredentialsCipher, findVpsByUserId, listRuns, saveVpsResult } from "../../src/records/index.ts";
import type { PurchaseDesk } from "../../src/purchases/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { refuseOtherAccount } from "../../src/service/refuse-other-account.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { addFleet, addRows } from "../support/fleet.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { withDatabase } from "../support/postgres.ts";
import { KVM1, openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
const signal = new AbortController().signal;
let sandbox: Sandbox;
let world: PurchaseWorld;
beforeAll(async () => {
  sandbox = await startSandbox({ actionMs: 10 });
  world = openPurchaseWorld(pool, sandbox);
});
afterAll(async () => {
  await world.close();
  await sandbox.close();
});
eachBeginsEmpty({ pool });
beforeEach(() => sandbox.reset());

/** Users who are ready, with VMs of an account that is not the sandbox's. */
const addElsewhere = (...usernames: string[]) => addRows(pool, usernames.map((username, index) => ({ username, hostname: `${username}.${sandbox.domain}`, vmId: 900_001 + index, address: "203.0.113.1" })));
const doubt = (more: Partial<Parameters<typeof doubtOfAccount>[0]> = {}) => doubtOfAccount({ db: pool, client: world.session.client, isAllowed: false, signal, ...more });

describe("an account that has none of the VMs that are in use", () => {
  it("is doubted, and the doubt names some of them", async () => {
    await addElsewhere("alice", "bob", "carol", "dave");
    const text = await doubt();
    assert.match(text ?? "", /^The token's Hostinger account has 0 VMs, and of 4 that are in use by the records not one \(VM 90000\d of \w+, .*, …\)\. Is it another account's token\?$/);
  });

  it("is not where one is there, too few are recorded, those left are being given up, or an operator says that they are lost", async () => {
    await addElsewhere("alice", "bob");
    assert.equal(await doubt(), undefined);
    await addRows(pool, [{ username: "carol", hostname: `carol.${sandbox.domain}`, vmId: 900_009, address: "203.0.113.1" }]);
    assert.notEqual(await doubt(), undefined);
    assert.equal(await doubt({ isAllowed: true }), undefined);
    await addFleet(sandbox, pool, 1);
    assert.equal(await doubt(), undefined);
    await pool.query("UPDATE user_vps SET status = 'deprovisioning' WHERE username IN ('carol', 'user1')");
    assert.equal(await doubt(), undefined);
  });

  it("is not for a list alone: what it lacks is asked for by itself, and an entry that cannot be read may be any", async () => {
    await addElsewhere("alice", "bob", "carol");
    const asked: number[] = [];
    const client = (there: number | undefined, odd: readonly { id: number | null; why: string }[] = []) => ({
      virtualMachines: {
        listEntries: async () => ({ vms: [], odd }),
        async get(id: number) {
          asked.push(id);
          if (id !== there) throw new UserVpsError(id === 900_001 ? "API_FORBIDDEN" : "API_NOT_FOUND", "No such VM.");
          return {};
        },
      },
    }) as never;
    assert.equal(await doubt({ client: client(900_003) }), undefined);
    assert.ok(asked.includes(900_003));
    assert.equal(await doubt({ client: client(undefined, [{ id: null, why: "no id" }]) }), undefined);
    assert.notEqual(await doubt({ client: client(undefined, [{ id: 1, why: "no state" }]) }), undefined);
  });
});

describe("giving up a user whose VM is neither found nor listed", () => {
  it("removes nothing while the account is doubted, and comes to its end once it is not", async () => {
    const destroyed: string[] = [];
    const engine = Object.assign(new StubEngine(), {
      async destroy({ stackName }: { readonly stackName: string }) {
        destroyed.push(stackName);
        return { changes: {} };
      },
    });
    const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
    const vms = hostingerPower(sandbox.env);
    const worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account: world.account });
    try {
      await addElsewhere("alice", "bob", "carol");
      const { userId } = await world.signUp("erin");
      await saveVpsResult(pool, userId, { hostingerVmId: 900_100 });
      await requestDeprovision({ pool, jobs: pgBossJobs(boss, pool) }, userId);
      const outcomes = async () => (await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => `${outcome} ${errorCode}`);
      await until("a failed run", async () => (await outcomes()).includes("failed VM_NOT_FOUND"), outcomes);
      const { status, nextStep, reason } = (await findVpsByUserId(pool, userId))!;
      assert.deepEqual([status, destroyed, (await lastGiveUp(pool, userId)).endedAt], ["deprovisioning", [], null]);
      assert.match(reason ?? "", /another account's token\?.*HOSTINGER_API_KEY/);
      assert.match(nextStep ?? "", /tried again by itself/);
      await addFleet(sandbox, pool, 1, 2);
      await until("the end", async () => (await findVpsByUserId(pool, userId))?.status === "deprovisioned", outcomes);
      assert.deepEqual(destroyed, ["erin"]);
    } finally {
      await worker.stop(0);
      await boss.stop({ graceful: false });
      await vms.close();
    }
  });
});

describe("what a user was to get, where it is neither found nor listed", () => {
  const GONE = 900_100;
  const engine = new StubEngine();
  let vms: ReturnType<typeof hostingerPower>;
  let boss: Awaited<ReturnType<typeof startQueue>>;
  beforeAll(async () => {
    vms = hostingerPower(sandbox.env);
    boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
  });
  afterAll(async () => void (await Promise.all([vms.close(), boss.stop({ graceful: false })])));
  beforeEach(async () => {
    engine.ups.length = 0;
    engine.stacks.clear();
    for (const table of ["vps_give_ups", "vps_runs", "vps_pool_members", "vps_pools", "vps_purchases"]) await pool.query(`DELETE FROM ${table}`);
    await addElsewhere("alice", "bob", "carol");
  });
  const up = async (username: string, desk: Partial<PurchaseDesk> = {}) => {
    const context = {
      boss, pool, databaseUrl: url, engine, vms, settings: { ...world.guard.settings, reuseWipedVms: true }, purchases: { ...world, ...desk }, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
      dns: { removeUnknown: async () => false, namesOf: async () => [], close: async () => undefined },
      cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), handOver: new AbortController().signal,
    } as never;
    await performJob(context, { operation: "up", userId: `u-${username}` }, 0);
    const { errorCode, message } = (await listRuns(pool, `u-${username}`)).items[0]!;
    return { errorCode, message };
  };
  const isDoubted = ({ errorCode, message }: { errorCode: string | null; message: string | null }) => {
    assert.equal(errorCode, "VM_NOT_FOUND");
    assert.match(`${message}`, /another account's token\?/);
  };
  const givenUp = (username: string, more: string) => pool.query(
    `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, ended_at, wipe_action_id, wiped_at, stopped_at, paid_until)
     VALUES ($1, $2, $2 || '.spoq.dev', 'olga', 'x', false, 'ready', now(), $3, 1007, 9, $4, now(), ${more})`, [`u-${username}`, username, KVM1, GONE]);
  const unusable = async () => (await pool.query<{ unusable_because: string | null }>("SELECT unusable_because FROM vps_give_ups")).rows[0]!.unusable_because;
  const member = async (state: "claimed" | "set_aside") => {
    await pool.query("INSERT INTO vps_pools (pool_id, plan_id, data_center_id, template_id, keep_ready) VALUES ('p', $1, 9, 1007, 0)", [KVM1]);
    await pool.query("INSERT INTO vps_pool_members (member_id, username, pool_id, state, vm_id, claimed_by, claimed_by_username, claimed_at) VALUES ('m', 'pool-1', 'p', $1, $2, 'u-erin', 'erin', now())", [state, GONE]);
    await pool.query("UPDATE user_vps SET hostinger_vm_id = $1, taken_over_vm_id = $1, pool_member_id = 'm', pool_id = 'p', boot_hostname = 'pool-1.spoq.dev' WHERE username = 'erin'", [GONE]);
  };

  it("nothing is bought while the account is doubted, by a worker that could not ask at its start; once told, it is not asked again", async () => {
    const unreachable = { virtualMachines: { listEntries: async () => { throw new UserVpsError("API_UNREACHABLE", "nobody answers"); } } } as never;
    const told: string[] = [];
    assert.equal(await refuseOtherAccount({ pool, settings: world.guard.settings as never, client: unreachable, onProgress: (line) => told.push(line) }), false);
    assert.match(told.join(""), /asked again before anything is bought/);
    const desk = { refuseDoubtedAccount: refuseDoubtedUntilTold({ pool, settings: world.guard.settings as never }) };
    engine.onUp = () => 1;
    await world.signUp("erin");
    isDoubted(await up("erin", desk));
    assert.deepEqual(engine.ups, []);
    await addFleet(sandbox, pool, 1, 4);
    await up("erin", desk);
    assert.equal(engine.ups.length, 1);
    await pool.query("DELETE FROM user_vps WHERE username = 'user4'");
    await world.signUp("frank");
    await up("frank", desk);
    assert.equal(engine.ups.length, 2);
  });

  it("a former VM is not forgotten while the account is doubted", async () => {
    await world.signUp("erin");
    await givenUp("erin", "NULL, NULL, NULL, NULL");
    isDoubted(await up("erin"));
    assert.deepEqual([await unusable(), engine.ups], [null, []]);
    await addFleet(sandbox, pool, 1, 3);
    engine.onUp = () => 1;
    await up("erin");
    assert.match(`${await unusable()}`, /does not exist any more/);
  });

  it("a wiped VM is not refused for good while the account is doubted", async () => {
    await world.signUp("erin");
    await givenUp("frank", "7, now(), now(), now() + interval '20 days'");
    isDoubted(await up("erin"));
    assert.deepEqual([await unusable(), engine.ups], [null, []]);
  });

  it("a pool's VM is not set aside while the account is doubted", async () => {
    await world.signUp("erin");
    await member("claimed");
    engine.onUp = () => { throw new UserVpsError("VM_GONE", "it is gone"); };
    engine.stacks.set("erin", [vmOf(GONE)]);
    isDoubted(await up("erin"));
    assert.equal((await pool.query("SELECT FROM vps_pool_members WHERE state = 'claimed'")).rowCount, 1);
  });

  it("nor is one that was set aside left, running and renewed", async () => {
    await world.signUp("erin");
    await member("set_aside");
    isDoubted(await up("erin"));
    assert.equal((await world.record("erin")).poolMemberId, "m");
  });
});
