import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { listFindings } from "../../src/drift/findings.ts";
import { PREVIEW_LIMITS, sweep } from "../../src/drift/sweep.ts";
import { setVpsStatus, startRun } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { addFleet, addRecord, addStacks, control, removeStack, setAutoRenewal, sweepOptions } from "../support/fleet.ts";
import type { FleetMember } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
eachBeginsEmpty({ pool });

/** `user1` and so on, in a sandbox of their own; all ends with the test. */
async function fleetOf(count: number) {
  const sandbox = await startSandbox();
  atEnd(() => sandbox.close());
  const options = await sweepOptions(sandbox, pool, url);
  atEnd(() => options.close());
  const members = await addFleet(sandbox, pool, count);
  const member = (number: number) => members[number - 1]!;
  return {
    sandbox, options, member,
    found: async (more: object = {}) => (await sweep({ ...options, ...more })).findings.map(({ kind, subject }) => `${kind} ${subject}`).sort(),
    driftVm: (number: number, drift: object) => control(sandbox, `vms/${member(number).vmId}/drift`, drift),
    driftRecord: (number: number, drift: object) => control(sandbox, "records/drift", { name: member(number).hostname, ...drift }),
  };
}

describe("a sweep", () => {
  it("finds nothing on 50 untouched users, by 4 API calls", async () => {
    const { sandbox, options } = await fleetOf(50);
    const before = sandbox.state().calls;
    const result = await sweep(options);
    const { hostinger, cloudflare } = sandbox.state().calls;
    assert.deepEqual(result.findings, []);
    assert.deepEqual([result.users, result.examined, result.apiCalls], [50, 50, 4]);
    assert.deepEqual([hostinger - before.hostinger, cloudflare - before.cloudflare], [3, 1]);
  });

  it("finds nothing on users who are being provisioned, changed or given up", async () => {
    const { sandbox, options, driftVm, driftRecord } = await fleetOf(8);
    await setVpsStatus(pool, "u-user1", { status: "provisioning" });
    await setVpsStatus(pool, "u-user2", { status: "deprovisioning" });
    await setVpsStatus(pool, "u-user3", { status: "ready" });
    await startRun(pool, { runId: "run-4", userId: "u-user4", username: "user4", operation: "power", workerId: "w", hostId: "h", pid: 1 });
    await pool.query("INSERT INTO user_vps (user_id, username, hostname, status, plan_id, template_id, data_center_id, requested_at, updated_at) VALUES ('u-new', 'newcomer', $1, 'queued', 'p', 1, 1, now(), now())", [`newcomer.${sandbox.domain}`]);
    for (const number of [1, 2, 3, 4]) await driftVm(number, { kind: "stopped" });
    await driftRecord(2, { kind: "removed" });
    await driftVm(5, { kind: "locked" });
    const { findings, users, examined } = await sweep(options);
    assert.deepEqual([findings, users, examined], [[], 9, 3]);
  });

  it("finds nothing on users of an older backend in the same table, until they are given up", async () => {
    const { sandbox, found, member } = await fleetOf(2);
    await pool.query("DELETE FROM user_vps WHERE username = 'user2'");
    await removeStack(pool, "user2");
    await pool.query("INSERT INTO user_vps (user_id, hostname, status, hostinger_vm_id) VALUES ('old', $1, 'active', $2)", [`User2.${sandbox.domain}`, member(2).vmId]);
    assert.deepEqual(await found({ graceSeconds: 0 }), []);
    await pool.query("UPDATE user_vps SET status = 'deprovisioned' WHERE user_id = 'old'");
    assert.deepEqual(await found({ graceSeconds: 0 }), [`OrphanRecord ${member(2).hostname}`, `OrphanVm ${member(2).vmId}`]);
  });

  it("finds nothing on them when that is over and all is as it should be", async () => {
    const { found, driftVm } = await fleetOf(5);
    await setVpsStatus(pool, "u-user1", { status: "provisioning" });
    await startRun(pool, { runId: "run-4", userId: "u-user4", username: "user4", operation: "power", workerId: "w", hostId: "h", pid: 1 });
    await driftVm(4, { kind: "stopped" });
    await driftVm(5, { kind: "locked" });
    assert.deepEqual(await found(), []);

    await driftVm(4, { kind: "started" });
    await driftVm(5, { kind: "unlocked" });
    await setVpsStatus(pool, "u-user1", { status: "ready" });
    await pool.query("UPDATE vps_runs SET outcome = 'succeeded', ended_at = now() - interval '1 hour'");
    await settle();
    assert.deepEqual(await found(), []);
  });

  it("looks at a pool's member as at a user's VPS, but for name and renewal, which it has not", async () => {
    const { sandbox, found, member, driftVm, driftRecord } = await fleetOf(2);
    await pool.query("UPDATE user_vps SET is_pooled = true WHERE username = 'user1'");
    await driftRecord(1, { kind: "removed" });
    await setAutoRenewal(sandbox, member(1).vmId, false);
    await settle();
    assert.deepEqual(await found(), []);
    await driftVm(1, { kind: "stopped" });
    assert.deepEqual(await found(), ["VmStopped user1"]);
  });

  it("tells what is wrong with a VM that is locked for ever only after an hour and three sweeps, and with one in recovery mode at once", async () => {
    const { sandbox, found, member, driftVm } = await fleetOf(2);
    const recovery = (method: "POST" | "DELETE") => fetch(`${sandbox.hostingerUrl}/api/vps/v1/virtual-machines/${member(1).vmId}/recovery`, {
      method, headers: { authorization: `Bearer ${sandbox.hostingerToken}`, "content-type": "application/json" }, ...(method === "POST" && { body: JSON.stringify({ root_password: "Fake-password-1" }) }),
    });
    const isIn = (state: string) => until(`the VM to be in ${state}`, () => sandbox.state().vms.find(({ id }) => id === member(1).vmId)?.state === state);
    assert.ok((await recovery("POST")).ok);
    await driftVm(2, { kind: "locked" });
    await driftVm(2, { kind: "unhealthy" });
    await isIn("recovery");
    assert.deepEqual(await found(), ["VmInError user1"]);
    await pool.query("UPDATE vps_passing_vms SET first_seen = first_seen - interval '1 hour'");
    assert.deepEqual(await found(), ["VmInError user1"], "another backup, perhaps");
    assert.deepEqual(await found(), ["Unhealthy user2", "VmInError user1"]);
    assert.ok((await recovery("DELETE")).ok);
    await driftVm(2, { kind: "unlocked" });
    await driftVm(2, { kind: "healthy" });
    await isIn("running");
    assert.deepEqual(await found(), []);
    assert.deepEqual((await pool.query("SELECT FROM vps_passing_vms")).rowCount, 0);
  });

  it("names each kind of drift, and nothing else", async () => {
    const { sandbox, found, member, driftVm, driftRecord } = await fleetOf(20);
    const paidGone = sandbox.state().vms.find(({ id }) => id === member(1).vmId)!.subscriptionId;
    await driftVm(1, { kind: "gone" });
    await driftVm(2, { kind: "stopped" });
    await driftVm(3, { kind: "error" });
    await driftVm(4, { kind: "suspended" });
    await driftVm(5, { kind: "renamed", hostname: `mallory.${sandbox.domain}` });
    await driftVm(6, { kind: "plan", itemId: "hostingercom-vps-kvm4-usd-1m" });
    await driftVm(7, { kind: "template", templateId: 1013 });
    await driftVm(8, { kind: "data-center", dataCenterId: 19 });
    await driftVm(9, { kind: "new-ip" });
    await driftRecord(10, { kind: "removed" });
    await driftRecord(11, { kind: "content", content: "127.99.0.1" });
    await driftRecord(12, { kind: "proxied" });
    await addRecord(sandbox, member(13).hostname, "127.99.0.2");
    await driftRecord(14, { kind: "ttl", ttl: 300 });
    await driftVm(15, { kind: "unhealthy" });
    await setAutoRenewal(sandbox, member(16).vmId, false);
    await removeStack(pool, "user17");
    await addStacks(pool, ["nobody"]);
    const { users: [stray] } = await control(sandbox, "bulk", { count: 1, prefix: "stray", listeners: false }) as { users: FleetMember[] };

    // The stray VM and its record have just been made: not before the grace time is over.
    assert.ok(!(await found()).some((finding) => finding.includes("stray")));
    await sleep(1_100);
    assert.deepEqual(await found({ graceSeconds: 0 }), [
      "AutoRenewalOff user16", `OrphanRecord stray1.${sandbox.domain}`, `OrphanVm ${stray!.vmId}`, "RecordDiffers user11", "RecordDiffers user14",
      "RecordDoubled user13", "RecordGone user10", "RecordProxied user12", "RecordWithoutStack user17", "StackWithoutRecord nobody",
      `SubscriptionWithoutVm ${paidGone}`, "Unhealthy user15",
      "VmAddressDiffers user9", "VmDataCenterDiffers user8", "VmGone user1", "VmInError user3", "VmPlanDiffers user6", "VmRenamed user5",
      "VmStopped user2", "VmSuspended user4", "VmTemplateDiffers user7",
    ]);
    const { items: [unhealthy] } = await listFindings(pool, { kind: "Unhealthy", limit: 1 });
    assert.match(unhealthy!.actual, /^HTTP: .*got: status 503/);
  });

  it("remembers when each was first and last seen, and what is over", async () => {
    const { options, driftVm } = await fleetOf(2);
    await driftVm(1, { kind: "stopped" });
    await driftVm(2, { kind: "unhealthy" });
    await sweep(options);
    const { items: [first] } = await listFindings(pool, { username: "user1", limit: 1 });
    await sweep(options);
    const { items: [again] } = await listFindings(pool, { username: "user1", limit: 1 });
    assert.equal(again!.findingId, first!.findingId);
    assert.deepEqual([again!.firstSeen, again!.resolvedAt], [first!.firstSeen, null]);
    assert.ok(again!.lastSeen > first!.lastSeen);

    await driftVm(1, { kind: "started" });
    await driftVm(2, { kind: "healthy" });
    await sweep(options);
    const { items: [over] } = await listFindings(pool, { username: "user1", limit: 1 });
    assert.ok(over!.resolvedAt! > again!.lastSeen);
    assert.ok((await listFindings(pool, { kind: "Unhealthy", limit: 1 })).items[0]!.resolvedAt);
    await driftVm(1, { kind: "stopped" });
    await sweep(options);
    const { items } = await listFindings(pool, { username: "user1", limit: 9 });
    assert.deepEqual(items.map(({ resolvedAt }) => resolvedAt === null), [true, false], "a new one, and the old one as it was");
  });

  it("leaves the findings of a user alone who is being worked on, and those of health where it was not asked for", async () => {
    const { options, driftVm } = await fleetOf(2);
    await driftVm(1, { kind: "stopped" });
    await driftVm(2, { kind: "unhealthy" });
    await sweep(options);
    await setVpsStatus(pool, "u-user1", { status: "provisioning" });
    await driftVm(2, { kind: "stopped" });
    await sweep(options);
    const open = (await listFindings(pool, { open: true, limit: 100 })).items.map(({ kind, subject }) => `${kind} ${subject}`).sort();
    assert.deepEqual(open, ["Unhealthy user2", "VmStopped user1", "VmStopped user2"]);
  });

  it("previews only suspects, each finding once, and no more than it may", async () => {
    const { options, driftVm } = await fleetOf(8);
    for (const number of [1, 2, 3, 4, 5, 6]) await driftVm(number, { kind: "stopped" });
    await removeStack(pool, "user7");
    const asked: string[] = [];
    const previewing = { ...options, previews: { ...PREVIEW_LIMITS, most: 4 }, driftOf: async ({ username }: { username: string }) => {
      asked.push(username);
      if (username === "user3") throw new Error("an example of a failure");
      return { username, resources: [], changes: 1, refusal: null };
    } };
    assert.equal((await sweep(previewing)).previews, 4);
    assert.equal((await sweep({ ...previewing, previews: { ...PREVIEW_LIMITS, most: 100 } })).previews, 2);
    assert.equal((await sweep(previewing)).previews, 0);
    assert.deepEqual(asked.sort(), ["user1", "user2", "user3", "user4", "user5", "user6"]);
    const { items: [failed] } = await listFindings(pool, { username: "user3", limit: 1 });
    assert.deepEqual(failed!.preview, { error: "an example of a failure" });
  });

  it("ends when it is told to", async () => {
    const { options } = await fleetOf(1);
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
