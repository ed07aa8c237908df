/** Who gets the VM of a VPS that was given up: nobody while a name leads to it, though no stack knows of the record, nor who needs it paid for longer. The engine is a stub. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { destroy } from "../../src/provisioning/destroy.ts";
import { takeWipedVm } from "../../src/provisioning/give-up/take-wiped-vm.ts";
import { lostDnsRecords } from "../../src/provisioning/lost-dns-record.ts";
import type { LostDnsRecords } from "../../src/provisioning/lost-dns-record.ts";
import { findVpsByUserId, finishRun, requestGiveUp, setVpsStatus, startRun } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { addFleet, addRecord } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { lastGiveUp } from "../support/give-up.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { StubEngine } from "../support/stub-engine.ts";

const { pool } = await withDatabase();
const DAY_MS = 86_400_000;
let sandbox: Sandbox;
let world: PurchaseWorld;
let dns: LostDnsRecords;
let members: FleetMember[];
/** Its stack knows of nothing, so it removes nothing. */
const engine = Object.assign(new StubEngine(), { destroy: async () => ({ changes: {} }) });

beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 20, scriptMs: 10, actionMs: 10 });
  world = openPurchaseWorld(pool, sandbox, { REUSE_WIPED_VMS: "true" });
  dns = lostDnsRecords({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
});
eachBeginsEmpty({ pool });
beforeEach(async () => {
  sandbox.reset();
  members = await addFleet(sandbox, pool, 1);
});
afterAll(async () => {
  await Promise.all([world.close(), dns.close()]);
  await sandbox.close();
});

const context = async (userId: string, more: object = {}) => ({
  pool, engine, settings: world.guard.settings, record: (await findVpsByUserId(pool, userId))!, dns, hooks: { runId: crypto.randomUUID() },
  recorder: { onLine: () => undefined, onEvent: () => undefined }, vms: { openSession: () => world.session }, ...more,
}) as never;
const namesAt = (address: string) => sandbox.state().records.filter(({ content }) => content === address).map(({ name }) => name);

async function givenUp({ username }: FleetMember, more: object = {}): Promise<void> {
  const userId = `u-${username}`;
  const record = (await findVpsByUserId(pool, userId))!;
  await setVpsStatus(pool, userId, { status: "deprovisioning" });
  await requestGiveUp(pool, record, { requestedBy: "olga", reason: "a test", wipe: true, graceHours: 0 });
  const result = await destroy.run(await context(userId, more));
  assert.ok("save" in result);
  await inTransaction(pool, (db) => result.save(db));
}

describe("a VPS that is given up", () => {
  it("is led to by its name no more, though the stack knows of no such record; then the next user gets the VM", async () => {
    const [member] = members;
    assert.deepEqual(namesAt(member!.address), [member!.hostname]);
    await givenUp(member!);
    assert.deepEqual(namesAt(member!.address), []);
    await world.signUp("bob");
    assert.equal((await takeWipedVm(await context("u-bob"), world.session))?.hostingerVmId, member!.vmId);
  });

  it("has a VM that nobody gets while any name of the zone leads to it", async () => {
    const [member] = members;
    await addRecord(sandbox, `old-name.${sandbox.domain}`, member!.address);
    await givenUp(member!);
    await world.signUp("carol");
    assert.equal(await takeWipedVm(await context("u-carol"), world.session), undefined);
    assert.match((await lastGiveUp(pool, `u-${member!.username}`)).unusableBecause ?? "", /the name old-name\.\S+ still leads to its address/);
  });
});

describe("a wiped VM", () => {
  const recordTells = (days: number) => pool.query("UPDATE vps_give_ups SET paid_until = now() + make_interval(days => $1)", [days]);
  /** Hostinger's lists have it so from now on. */
  async function hostingerTells(days: number): Promise<void> {
    const { client } = world.session;
    const list = client.subscriptions.list.bind(client.subscriptions);
    vi.spyOn(client.subscriptions, "list").mockImplementation(async (options) => (await list(options)).map((one) => ({ ...one, expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() })));
  }
  afterEach(() => void vi.restoreAllMocks());

  it("is had by a worker whose clock is weeks ahead, as PostgreSQL's time has it", async () => {
    const [member] = members;
    await givenUp(member!);
    await world.signUp("bob");
    const now = Date.now;
    vi.spyOn(Date, "now").mockImplementation(() => now() + 29 * DAY_MS);
    assert.equal((await takeWipedVm(await context("u-bob"), world.session))?.hostingerVmId, member!.vmId);
  });

  it("that Hostinger says is paid for too short is not had, nor refused for good", async () => {
    const [member] = members;
    await givenUp(member!);
    await hostingerTells(2);
    await world.signUp("bob");
    assert.equal(await takeWipedVm(await context("u-bob"), world.session), undefined);
    const { unusableBecause, paidUntil } = await lastGiveUp(pool, `u-${member!.username}`);
    assert.deepEqual([unusableBecause, paidUntil! < new Date(Date.now() + 3 * DAY_MS)], [null, true], "the record has the term by now, so nobody looks at the VM again");
    vi.restoreAllMocks();
    await recordTells(20);
    assert.equal((await takeWipedVm(await context("u-bob"), world.session))?.hostingerVmId, member!.vmId);
  });

  it("comes into a pool only if it is paid for as long as the pool needs it, and to a user otherwise", async () => {
    const [member] = members;
    await givenUp(member!);
    await recordTells(5);
    await hostingerTells(5);
    for (const name of ["pool-0123456789", "bob"]) await world.signUp(name);
    await pool.query("UPDATE user_vps SET is_pooled = true WHERE username = 'pool-0123456789'");
    const settings = { ...world.guard.settings, poolLeastDays: 7 };
    assert.equal(await takeWipedVm(await context("u-pool-0123456789", { settings }), world.session), undefined);
    assert.equal((await takeWipedVm(await context("u-bob", { settings }), world.session))?.hostingerVmId, member!.vmId);
  });
});

describe("a worker that stood still once the stack was gone", () => {
  it("removes no record: whoever has the user by now may have made it", async () => {
    const [member] = members;
    let isLost = false;
    const hooks = { runId: crypto.randomUUID(), refuseLost: async () => { if (isLost) throw new UserVpsError("RUN_LOST", "this process stood still"); } };
    const standsStill = Object.assign(new StubEngine(), { destroy: async () => { isLost = true; return { changes: {} }; } });
    await assert.rejects(givenUp(member!, { hooks, engine: standsStill }), { code: "RUN_LOST" });
    assert.deepEqual(namesAt(member!.address), [member!.hostname]);
  });
});

describe("a user for whom the zone could not be asked", () => {
  /** A run of the user's that ends as `failed` where `work` throws. */
  async function run(username: string, work: (userId: string, hooks: { runId: string }) => Promise<unknown>): Promise<unknown> {
    const [runId, userId] = [crypto.randomUUID(), `u-${username}`];
    await startRun(pool, { runId, userId, username, operation: "up", workerId: "worker", hostId: "host", pid: 1 });
    const result = await work(userId, { runId }).catch((error: Error) => error);
    await finishRun(pool, runId, { outcome: result instanceof Error ? "failed" : "succeeded", seconds: 1 });
    return result;
  }

  it("gets the wiped VM with the next run, and holds no transaction open while the zone is asked", async () => {
    const [member] = members;
    await givenUp(member!);
    await world.signUp("dora");
    const open: unknown[] = [];
    const failing = {
      ...dns,
      namesOf: async () => {
        open.push(...(await pool.query("SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")).rows);
        throw new Error("the zone cannot be asked");
      },
    };
    assert.match(String(await run("dora", async (userId, hooks) => takeWipedVm(await context(userId, { hooks, dns: failing }), world.session))), /the zone cannot be asked/);
    assert.deepEqual(open, []);
    assert.equal((await findVpsByUserId(pool, "u-dora"))!.hostingerVmId, null);
    assert.deepEqual(await run("dora", async (userId, hooks) => (await takeWipedVm(await context(userId, { hooks }), world.session))?.hostingerVmId), member!.vmId);
  });

  it("gets none where a version before the books may have bought one", async () => {
    await givenUp(members[0]!);
    await world.signUp("eve");
    await pool.query("INSERT INTO vps_runs (run_id, user_id, username, operation, worker_id, host_id, pid, started_at, ended_at, outcome) VALUES ('before', 'u-eve', 'eve', 'up', 'w', 'h', 1, now(), now(), 'failed')");
    assert.equal(await takeWipedVm(await context("u-eve"), world.session), undefined);
  });
});
