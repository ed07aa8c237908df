/** Suspended users: a status of its own that sweeps, repairs, releases, power and `up` respect. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { listFindings } from "../../src/drift/findings.ts";
import { requestRepairOfUser } from "../../src/drift/repair.ts";
import { sweep } from "../../src/drift/sweep.ts";
import { inTransaction } from "../../src/db/index.ts";
import { destroy } from "../../src/provisioning/destroy.ts";
import type { OperationContext } from "../../src/provisioning/operation.ts";
import { hostingerPower, power } from "../../src/provisioning/power.ts";
import { up } from "../../src/provisioning/up.ts";
import { beginChange, findVpsByUserId, openChange, requestChange, setVpsStatus, suspendVps } from "../../src/records/index.ts";
import { createRelease, createRollOut } from "../../src/releases/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { addFleet, control, sweepOptions } from "../support/fleet.ts";
import type { FleetMember, TestSweep } from "../support/fleet.ts";
import { withApp } from "../support/http-app.ts";
import { untilLocksAreWaitedFor } from "../support/lock-waits.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, jobs, pool, url } = await withApp({ env: { USER_ACTIONS: "restart" } });
const operator = await asOperator();
let sandbox: Sandbox;
let options: TestSweep;
let members: FleetMember[];
beforeAll(async () => {
  sandbox = await startSandbox();
  options = { ...(await sweepOptions(sandbox, pool, url)), graceSeconds: 0 };
});
eachBeginsEmpty({ pool, jobs });
beforeEach(async () => {
  sandbox.reset();
  members = await addFleet(sandbox, pool, 3);
});
afterAll(async () => {
  await options.close();
  await sandbox.close();
});

const post = (path: string, payload: object = {}, headers = operator) => app.inject({ method: "POST", url: `/api/admin/vps/${path}`, headers, payload });
const statusOf = async (username: string) => (await findVpsByUserId(pool, `u-${username}`))!.status;
const drift = (member: FleetMember, kind: string) => control(sandbox, `vms/${member.vmId}/drift`, { kind });

describe("a suspended user", () => {
  it("is suspended with a reason, by an operator, at rest; the VM is stopped, and what is suspended is resumed by `up`", async () => {
    assertRefusal(await post("user1/suspend"), 400, "REQUEST_INVALID");
    assertRefusal(await post("user1/suspend", { reason: "x" }, await asUser("user1")), 403, "SCOPE_MISSING");
    assertRefusal(await post("user1/resume", { reason: "x" }), 409, "STATUS_CONFLICT");
    const answer = await post("user1/suspend", { reason: "abuse report 4711" });
    assert.deepEqual([answer.statusCode, answer.json().status, answer.json().failure.reason], [202, "suspended", "Suspended by an operator: abuse report 4711"]);
    assert.deepEqual(jobs.enqueued.splice(0), [{ operation: "power", action: "stop", whileSuspended: true, userId: "u-user1" }]);
    const { rows: [row] } = await pool.query("SELECT suspended_because, suspended_by IS NOT NULL AS by, suspended_at IS NOT NULL AS at FROM user_vps WHERE username = 'user1'");
    assert.deepEqual(row, { suspended_because: "abuse report 4711", by: true, at: true });

    assert.equal((await post("user1/resume", { reason: "settled" })).statusCode, 202);
    assert.deepEqual([await statusOf("user1"), jobs.enqueued.splice(0)], ["queued", [{ operation: "up", userId: "u-user1" }]]);
    const { rows } = await pool.query("SELECT path, reason FROM vps_operator_actions WHERE reason IN ('abuse report 4711', 'settled') ORDER BY action_id");
    assert.deepEqual(rows, [{ path: "/api/admin/vps/user1/suspend", reason: "abuse report 4711" }, { path: "/api/admin/vps/user1/resume", reason: "settled" }]);
  });

  it("whose recreate or replace had not come to its end is not wiped by a resume, and nothing is bought: the VM is started, and a retry goes on with the change", async () => {
    for (const [kind, operation] of [["recreate", "power"], ["replace", "power"], ["rename", "up"]] as const) {
      const record = (await findVpsByUserId(pool, "u-user3"))!;
      const changed = await inTransaction(pool, async (db) => requestChange(db, { ...record, hostingerVmId: record.hostingerVmId! }, { kind, to: {}, requestedBy: "olga", reason: "a fresh start" }));
      assert.ok(changed);
      await beginChange(pool, (await openChange(pool, "u-user3"))!.changeId);
      await setVpsStatus(pool, "u-user3", { status: "failed", errorCode: "API_UNAVAILABLE", reason: "an outage" });
      assert.equal((await post("user3/suspend", { reason: "abuse" })).statusCode, 202);
      jobs.enqueued.length = 0;
      const answer = await post("user3/resume", { reason: "settled" });
      assert.equal(answer.statusCode, 202);
      assert.deepEqual(jobs.enqueued.splice(0).map((job) => job.operation), [operation], kind);
      if (operation === "up") assert.equal(answer.json().status, "queued");
      else {
        assert.equal(answer.json().status, "failed");
        assert.match(answer.json().failure.reason, new RegExp(`The ${kind} of .* has not come to its end`));
        assert.equal((await post("user3/retry")).statusCode, 202);
        assert.deepEqual(jobs.enqueued.splice(0), [{ operation: "up", userId: "u-user3" }]);
      }
      await setVpsStatus(pool, "u-user3", { status: "ready" });
    }
  });

  it("whose change is open and who has no VM on record is told of none that is started, and nothing is queued", async () => {
    const record = (await findVpsByUserId(pool, "u-user3"))!;
    await inTransaction(pool, async (db) => requestChange(db, { ...record, hostingerVmId: record.hostingerVmId! }, { kind: "replace", to: {}, requestedBy: "olga", reason: "a fresh start" }));
    await setVpsStatus(pool, "u-user3", { status: "failed", errorCode: "API_UNAVAILABLE", reason: "an outage" });
    await pool.query("UPDATE user_vps SET hostinger_vm_id = NULL WHERE username = 'user3'");
    jobs.enqueued.length = 0;
    await post("user3/suspend", { reason: "abuse" });
    const { status, failure } = (await post("user3/resume", { reason: "settled" })).json();
    assert.deepEqual([status, failure.next, jobs.enqueued], ["failed", "`user-vps retry user3` goes on with the replace; another change takes its place.", []]);
  });

  it("is not restarted by what was asked for at the same instant, by whomever: its job would take the place of the stop's", async () => {
    const selfService = (path: string) => app.inject({ method: "POST", url: `/api/vps/${path}`, headers: own, payload: {} });
    const own = await asUser("user1", { sub: "u-user1" });
    const { answers } = await inTransaction(pool, async (db) => {
      await suspendVps(db, "u-user1", { suspendedBy: "op", reason: "x" });
      const asked = [selfService("restart"), post("user1/restart"), post("user1/snapshot", { confirm: "user1" }), post("user1/rotate-credentials")];
      await untilLocksAreWaitedFor(pool, asked.length);
      return { answers: asked };
    });
    assert.deepEqual((await Promise.all(answers)).map(({ statusCode }) => statusCode), [409, 409, 409, 409]);
    assert.deepEqual(jobs.enqueued, []);
  });

  it("is left alone by sweeps, except that a running VM is told; by repairs, releases, retries, changes and power", async () => {
    await drift(members[1]!, "unhealthy");
    await drift(members[2]!, "stopped");
    assert.deepEqual((await sweep(options)).findings.map(({ kind, subject }) => `${kind} ${subject}`).sort(), ["Unhealthy user2", "VmStopped user3"]);
    for (const username of ["user2", "user3"]) assert.equal((await post(`${username}/suspend`, { reason: "a test" })).statusCode, 202);
    jobs.enqueued.length = 0;
    await sweep(options);
    const open = (await listFindings(pool, { open: true, limit: 9 })).items.map(({ kind, subject }) => `${kind} ${subject}`);
    assert.deepEqual(open, ["SuspendedUserRuns user2"]);

    const user = (await findVpsByUserId(pool, "u-user3"))!;
    assert.match((await inTransaction(pool, (db) => requestRepairOfUser(db, jobs, user, { requestedBy: "op", why: "x" })))!, /'suspended'/);
    for (const path of ["retry", "repair", "start", "restart", "rotate-credentials"]) assertRefusal(await post(`user3/${path}`), 409, "STATUS_CONFLICT");
    assertRefusal(await post("user3/recreate", { confirm: "user3" }), 409, "STATUS_CONFLICT");
    await createRelease(pool, { version: "1.0", cli: { url: "https://downloads.example.com/spoq", sha256: "ab".repeat(32) } }, "op");
    await assert.rejects(inTransaction(pool, (db) => createRollOut(db, { version: "1.0", requestedBy: "op", reason: "x", usernames: ["user3"] })), /no VPS that is ready: user3/);
    assert.deepEqual(jobs.enqueued, []);
  });

  it("is not begun by a job that was queued before: neither `up`, nor a start; the stop is", async () => {
    assert.ok(!up.from.includes("suspended") && power.from.includes("suspended"));
    await post("user3/suspend", { reason: "a test" });
    const record = (await findVpsByUserId(pool, "u-user3"))!;
    const acted: string[] = [];
    const vms = hostingerPower(sandbox.env);
    const context = (powerAction: string) => ({ record, powerAction, hooks: {}, recorder: { onLine: () => undefined }, pool, vms: { openSession: vms.openSession, act: async (_vm: unknown, action: string) => void acted.push(action) } }) as unknown as OperationContext;
    await assert.rejects(power.run(context("start")), /CANCELLED: The user of .* is suspended/);
    await power.run(context("stop")).finally(() => vms.close());
    assert.deepEqual(acted, ["stop"]);
  });

  it("can be given up, and is suspended again, with the VM stopped, if that is taken back", async () => {
    await post("user3/suspend", { reason: "a test" });
    jobs.enqueued.length = 0;
    assert.equal((await post("user3/deprovision", { confirm: "user3", reason: "gone for good" })).statusCode, 202);
    assert.equal(await statusOf("user3"), "deprovisioning");
    assert.ok(destroy.from.includes("deprovisioning"));
    assert.equal((await post("user3/cancel")).json().status, "suspended");
    assert.deepEqual(jobs.enqueued.map(({ operation, action, whileSuspended }) => [operation, action, whileSuspended]), [["destroy", undefined, undefined], ["power", "stop", true]]);
  });
});
