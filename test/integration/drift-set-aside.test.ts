/** Members of pools that were set aside: told as long as the account has their VM, and over with it. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sweep } from "../../src/drift/sweep.ts";
import type { SweepOptions } from "../../src/drift/sweep.ts";
import { findPoolMember, savePool } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { addFleet, sweepOptions, withoutListedVms } from "../support/fleet.ts";
import type { FleetMember, TestSweep } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
let sandbox: Sandbox;
let options: TestSweep;
let users: FleetMember[];
let vmId: number;
beforeAll(async () => {
  sandbox = await startSandbox();
  options = { ...(await sweepOptions(sandbox, pool, url)), graceSeconds: 0 };
  users = await addFleet(sandbox, pool, 12);
  ({ vmId } = users.pop()!);
  await pool.query("DELETE FROM user_vps WHERE hostinger_vm_id = $1", [vmId]);
  await savePool(pool, "kvm1-9-1007", { plan: "p", dataCenterId: 9, templateId: 1007, keepReady: 0, schedule: [], mostPerDay: null }, "olga");
  await pool.query("INSERT INTO vps_pool_members (member_id, username, pool_id, state, vm_id, claimed_by, claimed_by_username, claimed_at, reason) VALUES ('m-1', 'pool-0a1b2c3d4e', 'kvm1-9-1007', 'set_aside', $1, 'u-user1', 'user1', now(), 'SSH does not answer')", [vmId]);
});
afterAll(async () => {
  await options.close();
  await sandbox.close();
});

async function stateAfter(more: Partial<SweepOptions> = {}) {
  const { findings } = await sweep({ ...options, ...more });
  const { state, endedAt } = (await findPoolMember(pool, "m-1"))!;
  return [findings.some(({ kind }) => kind === "PoolMemberSetAside"), state, endedAt !== null];
}
const isSetAside = (id: number) => id === vmId;
const isNone = (id: number) => !isSetAside(id);

describe("a member that was set aside", () => {
  it("is told as long as the account has its VM, whether the list shows it or not", async () => {
    assert.deepEqual(await stateAfter(), [true, "set_aside", false]);
    assert.deepEqual(await stateAfter(withoutListedVms(options, isSetAside)), [true, "set_aside", false]);
  });

  it("stays where the account cannot be asked, and where its list is not believed", async () => {
    const { hostinger } = withoutListedVms(options, isSetAside);
    const broken = { ...hostinger, virtualMachines: { ...hostinger.virtualMachines, get: async () => { throw new Error("an outage"); } } };
    assert.equal((await stateAfter({ hostinger: broken }))[1], "set_aside");
    assert.equal((await stateAfter(withoutListedVms(options, () => true, () => false)))[1], "set_aside");
    assert.equal((await stateAfter())[1], "set_aside");
  });

  it("stays until its user has left it, for the user's next run does that", async () => {
    await pool.query("UPDATE user_vps SET pool_member_id = 'm-1' WHERE username = 'user1'");
    assert.equal((await stateAfter(withoutListedVms(options, isSetAside, isNone)))[1], "set_aside");
    await pool.query("UPDATE user_vps SET pool_member_id = NULL WHERE username = 'user1'");
  });

  it("is over with its VM", async () => {
    assert.deepEqual(await stateAfter(withoutListedVms(options, isSetAside, isNone)), [false, "retired", true]);
  });
});
