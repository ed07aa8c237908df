/** The watcher against PostgreSQL and the sandbox, without an engine: who waits goes on when it is there. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it, vi } from "vitest";
import type { Awaited } from "../../providers/core/patience.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { readTrust } from "../../providers/health/target.ts";
import { VmInventory } from "../../src/inventory/vm-inventory.ts";
import type { JobRequest, Jobs } from "../../src/jobs/index.ts";
import { beginWait, findVpsByUserId, holdLease, setVpsStatus, usualWaitSeconds, watchedWaits } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { SHORTEST_MS } from "../../src/waits/pace.ts";
import { startWatcher } from "../../src/waits/watcher.ts";
import type { Watcher } from "../../src/waits/watcher.ts";
import { atEnd } from "../support/at-end.ts";
import { addFleet, control } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { until as untilSo } from "../support/until.ts";

const { pool, url } = await withDatabase();

let sandbox: Sandbox;
let client: HostingerClient;
let target: Parameters<typeof startWatcher>[0]["target"];
let members: FleetMember[];
const sent: JobRequest[] = [];
const lines: string[] = [];
const jobs = { enqueue: async (_db: unknown, job: JobRequest) => void sent.push(job) } as unknown as Jobs;

beforeAll(async () => {
  sandbox = await startSandbox();
  client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
  target = { port: sandbox.httpsPort, path: "/health", expectedStatus: 200, resolver: sandbox.resolver, trust: await readTrust(sandbox.caFile) };
  members = await addFleet(sandbox, pool, 30);
});
afterAll(async () => {
  await client.close();
  await sandbox.close();
});
beforeEach(async () => {
  sent.length = 0;
  lines.length = 0;
  await pool.query("DELETE FROM vps_waits");
  await pool.query("DELETE FROM vps_leases");
});

/** Stopped at the test's end at the latest. */
async function watcher(workerId: string, onList: (signal: AbortSignal) => Promise<void> | void = () => undefined, db = pool): Promise<Watcher> {
  const inventory = new VmInventory(async (signal) => {
    await onList(signal);
    return await client.virtualMachines.list({ signal });
  });
  const watching = await startWatcher({ pool: db, databaseUrl: url, jobs, workerId, inventory, target, log: (line) => lines.push(line) });
  atEnd(() => watching.stop());
  return watching;
}

async function waits(member: FleetMember, what: "running" | "health", limitSeconds = 300): Promise<void> {
  const userId = `u-${member.username}`;
  await setVpsStatus(pool, userId, { status: "provisioning" });
  await beginWait(pool, { userId, username: member.username, hostname: member.hostname, what, vmId: member.vmId, address: member.address, seen: what === "running" ? "creating" : "TCP: refused", limitSeconds });
}

const watched = async (what: Awaited) => (await watchedWaits(pool)).waits.filter((wait) => wait.what === what);

const until = (what: string, isSo: () => boolean | Promise<boolean>) => untilSo(what, isSo, () => lines);

const drift = (member: FleetMember, change: object) => control(sandbox, `vms/${member.vmId}/drift`, change);

describe("the watcher", () => {
  it("has the next up done for each whose VM runs or whose VPS is healthy, by few lists of VMs", async () => {
    const before = sandbox.state().calls.hostinger;
    for (const [index, member] of members.entries()) await waits(member, index % 2 === 0 ? "running" : "health");
    const watching = await watcher("one");
    await until("30 jobs", () => sent.length === 30);
    await watching.stop();
    assert.deepEqual(new Set(sent.map(({ userId }) => userId)), new Set(members.map(({ username }) => `u-${username}`)));
    assert.ok(sent.every((job) => job.operation === "up" && job.overdue === undefined));
    assert.ok(sandbox.state().calls.hostinger - before <= 2, "the VMs were listed once for all");
    assert.ok((await usualWaitSeconds(pool, "running"))! < 60);
  });

  it("leaves the first look to the run that began to wait, and looks soon after it", async () => {
    const listedAt: number[] = [];
    const watching = await watcher("one", () => void listedAt.push(Date.now()));
    await waits(members[0]!, "running");
    const [wait] = await watched("running");
    await until("a job", () => sent.length === 1);
    await watching.stop();
    assert.equal(listedAt.length, 1);
    assert.ok(listedAt[0]! - wait!.since.getTime() >= SHORTEST_MS, `listed ${listedAt[0]! - wait!.since.getTime()} ms after the run`);
  });

  it("tells what is seen while it goes on, and sends nothing", async () => {
    const [member] = members as [FleetMember];
    await drift(member, { kind: "stopped" });
    await waits(member, "health");
    const watching = await watcher("one");
    await until("a stage is told", async () => /to be healthy: (TCP|TLS|HTTP)/.test((await findVpsByUserId(pool, `u-${member.username}`))?.waitingFor ?? ""));
    await watching.stop();
    assert.deepEqual(sent, []);
    assert.equal((await watched("health")).length, 1);
  });

  it("has an overdue up done when the limit is over", async () => {
    const [member] = members as [FleetMember];
    await waits(member, "health", 0.3);
    const watching = await watcher("one");
    await until("the overdue job", () => sent.length > 0);
    await watching.stop();
    assert.deepEqual(sent, [{ operation: "up", userId: `u-${member.username}`, overdue: "health" }]);
  });

  for (const minutes of [15, -15]) {
    it(`counts by PostgreSQL's clock where its own is ${minutes} minutes off`, async () => {
      const [ill, over, runs] = members as [FleetMember, FleetMember, FleetMember];
      await drift(ill, { kind: "stopped" });
      await drift(over, { kind: "stopped" });
      await pool.query("DELETE FROM vps_wait_times");
      const now = Date.now;
      const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + minutes * 60_000);
      try {
        const watching = await watcher("one");
        await waits(ill, "health");
        await waits(over, "health", 0.3);
        await waits(runs, "running");
        await until("a stage is told", async () => /to be healthy: (TCP|TLS|HTTP)/.test((await findVpsByUserId(pool, `u-${ill.username}`))?.waitingFor ?? ""));
        await until("two jobs", () => sent.length >= 2);
        await watching.stop();
      } finally {
        clock.mockRestore();
        await drift(over, { kind: "started" });
      }
      assert.deepEqual(new Set(sent.map(({ userId, overdue }) => `${userId} ${overdue}`)), new Set([`u-${over.username} health`, `u-${runs.username} undefined`]));
      const { rows } = await pool.query<{ seconds: number }>("SELECT seconds FROM vps_wait_times");
      assert.equal(rows.length, 1);
      assert.ok(rows[0]!.seconds > 0 && rows[0]!.seconds < 60, `noted ${rows[0]!.seconds} s`);
    });
  }

  it("has the next up done for a VM in a state that does not end by itself, which tells nothing of how long a VM takes to run", async () => {
    const member = members[5]!;
    await pool.query("DELETE FROM vps_wait_times");
    await drift(member, { kind: "error" });
    await waits(member, "running");
    const watching = await watcher("one");
    await until("a job", () => sent.length === 1);
    await watching.stop();
    await drift(member, { kind: "repaired" });
    assert.deepEqual(sent, [{ operation: "up", userId: `u-${member.username}` }]);
    assert.equal(await usualWaitSeconds(pool, "running"), undefined);
  });

  it("has an up done for a purchase of unknown outcome when its VM may have come, and when the settle time is over", async () => {
    const [shows, hidden, late] = members as [FleetMember, FleetMember, FleetMember];
    for (const [member, hostname, limitSeconds] of [[shows, shows.hostname, 300], [hidden, "nobody.example.com", 300], [late, "nowhere.example.com", 1]] as const) {
      const userId = `u-${member.username}`;
      await setVpsStatus(pool, userId, { status: "provisioning" });
      await beginWait(pool, { userId, username: member.username, hostname, what: "purchase", vmId: null, address: null, seen: "no word yet", limitSeconds });
    }
    // The fleet's VMs have just been made under their own names.
    await pool.query("UPDATE vps_waits SET ran_at = ran_at - interval '30 seconds'");
    const watching = await watcher("one");
    await until("two jobs", () => sent.length === 2);
    await watching.stop();
    assert.deepEqual(new Set(sent.map(({ userId }) => userId)), new Set([`u-${shows.username}`, `u-${late.username}`]));
    // By then the account's clock says so: what is waited for later in that run has its own time.
    assert.ok(sent.every((job) => job.overdue === undefined));
    const [left] = await watched("purchase");
    const since = left!.since;
    await beginWait(pool, { ...left!, limitSeconds: 900 });
    const [again] = await watched("purchase");
    assert.deepEqual([again!.userId, again!.since, again!.until], [`u-${hidden.username}`, since, left!.until], "it waits since the first run, up to the same limit");
  });

  it("goes on probing and leading while a list of VMs hangs, and says once that lists fail", async () => {
    const hung = Promise.withResolvers<void>();
    let lists = 0;
    const [slow, first, second] = members as [FleetMember, FleetMember, FleetMember];
    await waits(slow, "running");
    const watching = await watcher("one", (signal) => {
      lists += 1;
      signal.addEventListener("abort", () => hung.reject(signal.reason), { once: true });
      return hung.promise;
    });
    await until("the list", () => lists === 1);
    await waits(first, "health");
    await until("the first one's job", () => sent.length === 1);
    // For longer than a silent leader keeps its lease.
    const beat = async () => (await pool.query<{ holder: string; beat_at: Date }>("SELECT holder, beat_at FROM vps_leases")).rows[0]!;
    const before = (await beat()).beat_at.getTime();
    await until("the lease to be kept", async () => (await beat()).beat_at.getTime() - before > 5_000);
    assert.equal((await beat()).holder, "one", "it is still the leader");
    await waits(second, "health");
    await until("the second one's job", () => sent.length === 2);
    assert.equal(lists, 1, "and one list is under way at a time");
    hung.reject(new Error("as the test says"));
    await until("another list", () => lists > 3);
    await watching.stop();
    assert.deepEqual(lines, ["the watcher cannot list VMs: as the test says"]);
    assert.deepEqual(sent.map(({ userId }) => userId), [first, second].map(({ username }) => `u-${username}`));
  });

  it("sends nothing by a list from before the user began to wait for something else", async () => {
    const [member] = members as [FleetMember];
    const isListing = Promise.withResolvers<void>();
    const goesOn = Promise.withResolvers<void>();
    await waits(member, "running");
    const watching = await watcher("one", () => {
      isListing.resolve();
      return goesOn.promise;
    });
    await isListing.promise;
    await drift(member, { kind: "stopped" });
    await waits(member, "health");
    goesOn.resolve();
    await until("a stage is told", async () => /to be healthy: (TCP|TLS|HTTP)/.test((await findVpsByUserId(pool, `u-${member.username}`))?.waitingFor ?? ""));
    await new Promise((resume) => setTimeout(resume, 1_000));
    await watching.stop();
    assert.deepEqual(sent, []);
    assert.equal((await watched("health")).length, 1);
  });

  it("drops a wait when something else is wanted of the user by now", async () => {
    const member = members[1]!;
    await waits(member, "running");
    await setVpsStatus(pool, `u-${member.username}`, { status: "failed" });
    const watching = await watcher("one");
    await until("the wait is gone", async () => (await pool.query("SELECT FROM vps_waits")).rowCount === 0);
    await watching.stop();
    assert.deepEqual(sent, []);
  });

  it("asks PostgreSQL next to nothing while nobody waits, and takes up at once who begins to, through a connection that breaks", async () => {
    let statements = 0;
    const counting = new Proxy(pool, { get: (of, name) => (name === "query" ? (...args: [string]) => { statements += 1; return of.query(...args); } : Reflect.get(of, name, of) as unknown) });
    const watching = await watcher("idle", undefined, counting);
    await new Promise((resume) => setTimeout(resume, 2_000));
    assert.ok(statements <= 1, `${statements} statements in two idle seconds`);
    const takenUp = async (member: FleetMember) => {
      const before = sent.length;
      const beganMs = performance.now();
      await waits(member, "running");
      await until("the job", () => sent.length > before);
      return performance.now() - beganMs;
    };
    const first = await takenUp(members[3]!);
    const ended = await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'user-vps waits' AND datname = current_database()");
    assert.equal(ended.rowCount, 1);
    await until("it listens again", async () => (await pool.query("SELECT FROM pg_stat_activity WHERE application_name = 'user-vps waits' AND datname = current_database() AND query LIKE 'LISTEN%'")).rowCount === 1);
    const second = await takenUp(members[4]!);
    await watching.stop();
    // The slow look comes every ten seconds.
    assert.ok(Math.max(first, second) < 8_000, `taken up after ${first} and ${second} ms`);
  });

  it("is led by one at a time; when the leader is silent, another goes on", async () => {
    assert.equal(await holdLease(pool, "watcher", "frozen", 4), true);
    assert.equal(await holdLease(pool, "watcher", "other", 4), false);
    await waits(members[2]!, "running");
    const watching = await watcher("other");
    await until("the job", () => sent.length === 1);
    await watching.stop();
    const { rows } = await pool.query<{ holders: number }>("SELECT count(*)::int AS holders FROM vps_leases");
    assert.equal(rows[0]!.holders, 0, "who stops lets the lease go");
  });

  it("sends one job, however many watchers think that they lead", async () => {
    for (const member of members.slice(3, 13)) await waits(member, "running");
    const first = await watcher("one");
    const second = await watcher("two");
    // As a frozen leader does that goes on for a moment: both hold it.
    const contest = setInterval(() => void pool.query("UPDATE vps_leases SET beat_at = '-infinity'").catch(() => undefined), 50);
    atEnd(() => clearInterval(contest));
    await until("the jobs", () => sent.length >= 10);
    clearInterval(contest);
    await Promise.all([first.stop(), second.stop()]);
    assert.deepEqual(sent.map(({ userId }) => userId).sort(), members.slice(3, 13).map(({ username }) => `u-${username}`).sort());
  });
});
