import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { listFindings } from "../../src/drift/findings.ts";
import { PREVIEW_LIMITS, sweep } from "../../src/drift/sweep.ts";
import { setVpsStatus, startRun } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { addFleet, addRecord, addStacks, control, removeStack, setAutoRenewal, sweepOptions } from "../support/fleet.ts";
import type { FleetMember, TestSweep } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
let sandbox: Sandbox;
let options: TestSweep;
let members: FleetMember[];

beforeAll(async () => {
  sandbox = await startSandbox();
  options = await sweepOptions(sandbox, pool, url);
  members = await addFleet(sandbox, pool, 50);
  for (const { id, subscriptionId } of sandbox.state().vms) paidBy.set(id, subscriptionId);
});
afterAll(async () => {
  await options.close();
  await sandbox.close();
});

const found = async () => (await sweep(options)).findings.map(({ kind, subject }) => `${kind} ${subject}`).sort();
const member = (number: number) => members[number - 1]!;
const driftVm = (number: number, drift: object) => control(sandbox, `vms/${member(number).vmId}/drift`, drift);
const paidBy = new Map<number, string>();
const subscriptionsOf = (...numbers: number[]) => numbers.map((number) => paidBy.get(member(number).vmId)!).sort();
const driftRecord = (number: number, drift: object) => control(sandbox, "records/drift", { name: member(number).hostname, ...drift });

describe("a sweep", () => {
  it("finds nothing on 50 untouched users, by 4 API calls", async () => {
    const before = sandbox.state().calls;
    const result = await sweep(options);
    const { hostinger, cloudflare } = sandbox.state().calls;
    assert.deepEqual(result.findings, []);
    assert.deepEqual([result.users, result.examined, result.apiCalls], [50, 50, 4]);
    assert.deepEqual([hostinger - before.hostinger, cloudflare - before.cloudflare], [3, 1]);
  });

  it("finds nothing on users who are being provisioned, changed or given up", async () => {
    await setVpsStatus(pool, "u-user1", { status: "provisioning" });
    await setVpsStatus(pool, "u-user2", { status: "deprovisioning" });
    await setVpsStatus(pool, "u-user3", { status: "ready" });
    await startRun(pool, { runId: "run-4", userId: "u-user4", username: "user4", operation: "power", workerId: "w", hostId: "h", pid: 1 });
    await pool.query("INSERT INTO user_vps (user_id, username, hostname, status, plan_id, template_id, data_center_id, requested_at, updated_at) VALUES ('u-new', 'newcomer', $1, 'queued', 'p', 1, 1, now(), now())", [`newcomer.${sandbox.domain}`]);
    for (const number of [1, 2, 3, 4]) await driftVm(number, { kind: "stopped" });
    await driftRecord(2, { kind: "removed" });
    await driftVm(5, { kind: "locked" });
    const { findings, users, examined } = await sweep(options);
    assert.deepEqual([findings, users, examined], [[], 51, 45]);

    for (const number of [1, 2, 3, 4]) await driftVm(number, { kind: "started" });
    await driftVm(5, { kind: "unlocked" });
    await pool.query("DELETE FROM user_vps WHERE username IN ('newcomer', 'user2')");
    await removeStack(pool, "user2");
    await control(sandbox, `vms/${member(2).vmId}/drift`, { kind: "gone" });
    await pool.query("UPDATE user_vps SET status = 'ready' WHERE username IN ('user1', 'user3')");
    await pool.query("UPDATE vps_runs SET outcome = 'succeeded', ended_at = now() - interval '1 hour'");
    await settle();
    assert.deepEqual(await found(), []);
  });

  it("looks at a pool's member as at a user's VPS, but for name and renewal, which it has not", async () => {
    await pool.query("UPDATE user_vps SET is_pooled = true WHERE username = 'user6'");
    await driftRecord(6, { kind: "removed" });
    await setAutoRenewal(sandbox, member(6).vmId, false);
    await settle();
    assert.deepEqual(await found(), []);
    await driftVm(6, { kind: "stopped" });
    assert.deepEqual(await found(), ["VmStopped user6"]);
    await driftVm(6, { kind: "started" });
    await addRecord(sandbox, member(6).hostname, member(6).address);
    await setAutoRenewal(sandbox, member(6).vmId, true);
    await pool.query("UPDATE user_vps SET is_pooled = false WHERE username = 'user6'");
    await settle();
    assert.deepEqual(await found(), []);
  });

  it("tells what is wrong with a VM that is locked for ever only after an hour and three sweeps, and with one in recovery mode at once", async () => {
    const recovery = (method: "POST" | "DELETE") => fetch(`${sandbox.hostingerUrl}/api/vps/v1/virtual-machines/${member(8).vmId}/recovery`, {
      method, headers: { authorization: `Bearer ${sandbox.hostingerToken}`, "content-type": "application/json" }, ...(method === "POST" && { body: JSON.stringify({ root_password: "Fake-password-1" }) }),
    });
    const isIn = async (state: string) => { while (sandbox.state().vms.find(({ id }) => id === member(8).vmId)?.state !== state) await new Promise((resume) => setTimeout(resume, 50)); };
    assert.ok((await recovery("POST")).ok);
    await driftVm(9, { kind: "locked" });
    await driftVm(9, { kind: "unhealthy" });
    await isIn("recovery");
    assert.deepEqual(await found(), ["VmInError user8"]);
    await pool.query("UPDATE vps_passing_vms SET first_seen = first_seen - interval '1 hour'");
    assert.deepEqual(await found(), ["VmInError user8"], "another backup, perhaps");
    assert.deepEqual(await found(), ["Unhealthy user9", "VmInError user8"]);
    assert.ok((await recovery("DELETE")).ok);
    await driftVm(9, { kind: "unlocked" });
    await driftVm(9, { kind: "healthy" });
    await isIn("running");
    assert.deepEqual(await found(), []);
    assert.deepEqual((await pool.query("SELECT FROM vps_passing_vms")).rowCount, 0);
  });

  it("names each kind of drift, and nothing else", async () => {
    await driftVm(10, { kind: "gone" });
    await driftVm(11, { kind: "stopped" });
    await driftVm(12, { kind: "error" });
    await driftVm(13, { kind: "suspended" });
    await driftVm(14, { kind: "renamed", hostname: `mallory.${sandbox.domain}` });
    await driftVm(15, { kind: "plan", itemId: "hostingercom-vps-kvm4-usd-1m" });
    await driftVm(16, { kind: "template", templateId: 1013 });
    await driftVm(17, { kind: "data-center", dataCenterId: 19 });
    await driftVm(18, { kind: "new-ip" });
    await driftRecord(19, { kind: "removed" });
    await driftRecord(20, { kind: "content", content: "127.99.0.1" });
    await driftRecord(21, { kind: "proxied" });
    await addRecord(sandbox, member(22).hostname, "127.99.0.2");
    await driftRecord(23, { kind: "ttl", ttl: 300 });
    await driftVm(24, { kind: "unhealthy" });
    await setAutoRenewal(sandbox, member(25).vmId, false);
    await removeStack(pool, "user26");
    await addStacks(pool, ["nobody"]);
    const { users: [stray] } = await control(sandbox, "bulk", { count: 1, prefix: "stray", listeners: false }) as { users: FleetMember[] };

    // The stray VM and its record have just been made: not before the grace time is over.
    assert.ok(!(await found()).some((finding) => finding.includes("stray")));
    options = { ...options, graceSeconds: 0 };
    await new Promise((resume) => setTimeout(resume, 1_100));
    assert.deepEqual(await found(), [
      "AutoRenewalOff user25", `OrphanRecord stray1.${sandbox.domain}`, `OrphanVm ${stray!.vmId}`, "RecordDiffers user20", "RecordDiffers user23",
      "RecordDoubled user22", "RecordGone user19", "RecordProxied user21", "RecordWithoutStack user26", "StackWithoutRecord nobody",
      // What paid the VMs that are gone.
      ...subscriptionsOf(2, 10).map((id) => `SubscriptionWithoutVm ${id}`), "Unhealthy user24",
      "VmAddressDiffers user18", "VmDataCenterDiffers user17", "VmGone user10", "VmInError user12", "VmPlanDiffers user15", "VmRenamed user14",
      "VmStopped user11", "VmSuspended user13", "VmTemplateDiffers user16",
    ]);
    const { items: [unhealthy] } = await listFindings(pool, { kind: "Unhealthy", limit: 1 });
    assert.match(unhealthy!.actual, /^HTTP: .*got: status 503/);
  });

  it("remembers when each was first and last seen, and what is over", async () => {
    const { items: [first] } = await listFindings(pool, { username: "user11", limit: 1 });
    await sweep(options);
    const { items: [again] } = await listFindings(pool, { username: "user11", limit: 1 });
    assert.equal(again!.findingId, first!.findingId);
    assert.deepEqual([again!.firstSeen, again!.resolvedAt], [first!.firstSeen, null]);
    assert.ok(again!.lastSeen > first!.lastSeen);

    await driftVm(11, { kind: "started" });
    await driftVm(24, { kind: "healthy" });
    await sweep(options);
    const { items: [over] } = await listFindings(pool, { username: "user11", limit: 1 });
    assert.ok(over!.resolvedAt! > again!.lastSeen);
    assert.ok((await listFindings(pool, { kind: "Unhealthy", limit: 1 })).items[0]!.resolvedAt);
    await driftVm(11, { kind: "stopped" });
    await sweep(options);
    const { items } = await listFindings(pool, { username: "user11", limit: 9 });
    assert.deepEqual(items.map(({ resolvedAt }) => resolvedAt === null), [true, false], "a new one, and the old one as it was");
  });

  it("leaves the findings of a user alone who is being worked on, and those of health where it was not asked for", async () => {
    await driftVm(24, { kind: "unhealthy" });
    await sweep(options);
    await setVpsStatus(pool, "u-user11", { status: "provisioning" });
    await driftVm(24, { kind: "stopped" });
    await sweep(options);
    const open = (await listFindings(pool, { open: true, limit: 100 })).items.map(({ kind, subject }) => `${kind} ${subject}`);
    for (const kept of ["VmStopped user11", "Unhealthy user24", "VmStopped user24"]) assert.ok(open.includes(kept), kept);
  });

  it("previews only suspects, each finding once, and no more than it may", async () => {
    const asked: string[] = [];
    const previewing = { ...options, previews: { ...PREVIEW_LIMITS, most: 4 }, driftOf: async ({ username }: { username: string }) => {
      asked.push(username);
      if (username === "user12") throw new Error("an example of a failure");
      return { username, resources: [], changes: 1, refusal: null };
    } };
    assert.equal((await sweep(previewing)).previews, 4);
    assert.equal((await sweep({ ...previewing, previews: { ...PREVIEW_LIMITS, most: 100 } })).previews > 4, true);
    assert.equal((await sweep(previewing)).previews, 0);
    assert.equal(new Set(asked).size, asked.length);
    assert.ok(!asked.includes("user30") && !asked.includes("user26"));
    const { items: [failed] } = await listFindings(pool, { username: "user12", limit: 1 });
    assert.deepEqual(failed!.preview, { error: "an example of a failure" });
  });

  it("ends when it is told to", async () => {
    const reason = new Error("enough");
    await assert.rejects(sweep({ ...options, signal: AbortSignal.abort(reason) }), reason);
  });
});

/** As if the last change of every row were long ago. */
async function settle(): Promise<void> {
  await pool.query("ALTER TABLE user_vps DISABLE TRIGGER USER");
  await pool.query("UPDATE user_vps SET updated_at = now() - interval '1 hour'");
  await pool.query("ALTER TABLE user_vps ENABLE TRIGGER USER");
}
