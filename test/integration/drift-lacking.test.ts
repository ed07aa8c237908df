/** Lists that lack something, or show it twice: what is concluded from what is not in them, and what of before stays. No grace time hides anything. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import type { OddEntry } from "../../providers/hostinger/api/client.ts";
import { listFindings } from "../../src/drift/findings.ts";
import { sweep } from "../../src/drift/sweep.ts";
import type { SweepOptions } from "../../src/drift/sweep.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { addFleet, control, setAutoRenewal, sweepOptions, withoutListedVms } from "../support/fleet.ts";
import type { FleetMember, TestSweep } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
let sandbox: Sandbox;
let options: TestSweep;
let members: FleetMember[];

beforeAll(async () => {
  sandbox = await startSandbox();
  options = { ...(await sweepOptions(sandbox, pool, url)), graceSeconds: 0 };
  members = await addFleet(sandbox, pool, 12);
});
afterAll(async () => {
  await options.close();
  await sandbox.close();
});
beforeEach(async () => {
  await pool.query("TRUNCATE vps_findings, vps_repairs CASCADE");
});

const found = async (more: Partial<SweepOptions> = {}) => (await sweep({ ...options, ...more })).findings.map(({ kind, subject }) => `${kind} ${subject}`).sort();
const open = async () => (await listFindings(pool, { open: true, limit: 100 })).items.map(({ kind, subject }) => `${kind} ${subject}`).sort();
const opened = async () => (await pool.query<{ count: number }>("SELECT count(*)::int AS count FROM vps_findings")).rows[0]!.count;
const subscriptionOf = ({ vmId }: FleetMember) => sandbox.state().vms.find(({ id }) => id === vmId)!.subscriptionId;
const lost = (...some: FleetMember[]) => (vmId: number) => some.some((one) => one.vmId === vmId);
/** As the account lists its VMs otherwise. */
function listing(more: (listed: Awaited<ReturnType<SweepOptions["hostinger"]["virtualMachines"]["listEntries"]>>) => typeof listed, from: Pick<SweepOptions, "hostinger"> = options): Pick<SweepOptions, "hostinger"> {
  const { virtualMachines } = from.hostinger;
  return { hostinger: { ...withoutListedVms(from, () => false).hostinger, virtualMachines: { ...virtualMachines, listEntries: async (call) => more(await virtualMachines.listEntries(call)) } } };
}

/** A record as it would be by now; what it was before comes back with the test's end. */
async function withStatus(username: string, status: string, work: () => Promise<void>): Promise<void> {
  const set = (value: string) => pool.query(`ALTER TABLE user_vps DISABLE TRIGGER USER; UPDATE user_vps SET status = '${value}' WHERE username = '${username}'; ALTER TABLE user_vps ENABLE TRIGGER USER`);
  await set(status);
  try {
    await work();
  } finally {
    await set("ready");
  }
}

describe("a subscription whose VM is not listed", () => {
  it("is not unused while the VM cannot be asked for", async () => {
    const broken = withoutListedVms(options, lost(members[0]!));
    const hostinger = { ...broken.hostinger, virtualMachines: { ...broken.hostinger.virtualMachines, get: async () => { throw new Error("an outage"); } } };
    assert.deepEqual(await found({ hostinger }), []);
  });

  it("is not unused while the list is doubted, and is once the next sweep finds the same", async () => {
    const empty = withoutListedVms(options, () => true, () => false);
    assert.deepEqual(await found(empty), ["ListDoubted virtual machines"]);
    assert.deepEqual((await found(empty)).filter((one) => one.startsWith("SubscriptionWithoutVm")), members.map((one) => `SubscriptionWithoutVm ${subscriptionOf(one)}`).sort());
  });

  it("is not unused if the VM is one of a user who is being worked on: it is asked for by its id as well", async () => {
    await withStatus("user1", "provisioning", async () => {
      assert.deepEqual(await found(withoutListedVms(options, lost(members[0]!))), []);
      assert.deepEqual(await found(withoutListedVms(options, lost(members[0]!), (id) => id !== members[0]!.vmId)), [`SubscriptionWithoutVm ${subscriptionOf(members[0]!)}`], "by its id it is not there either");
    });
  });

  it("is judged though an entry cannot be read, if it can be read what pays that one", async () => {
    const odd = (subscriptionId: string | null): OddEntry => ({ id: members[0]!.vmId, hostname: null, subscriptionId, why: "state: expected string" });
    const unreadable = (subscriptionId: string | null) => {
      const { hostinger } = listing(({ vms }) => ({ vms: vms.filter(({ id }) => !lost(...members.slice(0, 2))(id)), odd: [odd(subscriptionId)] }), withoutListedVms(options, () => false, (id) => id !== members[1]!.vmId));
      const { get } = hostinger.virtualMachines;
      return { hostinger: { ...hostinger, virtualMachines: { ...hostinger.virtualMachines, get: async (id: number) => { if (id === members[0]!.vmId) throw new Error("it cannot be read"); return await get(id); } } } };
    };
    const told = [`SubscriptionWithoutVm ${subscriptionOf(members[1]!)}`, "VmGone user2", "VmUnreadable user1"];
    assert.deepEqual(await found(unreadable(subscriptionOf(members[0]!))), told);
    assert.deepEqual(await found(unreadable(null)), told.slice(1));
    assert.deepEqual(await open(), told, "what was known stays meanwhile");
    assert.deepEqual(await found(unreadable(subscriptionOf(members[0]!))), told);
    assert.equal(await opened(), told.length, "nothing was told anew");
  });
});

describe("what only a list shows", () => {
  it("stays open while the list is doubted, and is not told anew", async () => {
    const { users: [stray] } = await control(sandbox, "bulk", { count: 1, prefix: "stray", listeners: false }) as { users: FleetMember[] };
    await setAutoRenewal(sandbox, members[2]!.vmId, false);
    await new Promise((resume) => setTimeout(resume, 1_100));
    const told = ["AutoRenewalOff user3", `OrphanRecord ${stray!.hostname}`, `OrphanVm ${stray!.vmId}`];
    assert.deepEqual(await found(), told);
    assert.deepEqual(await found(withoutListedVms(options, () => true)), ["AutoRenewalOff user3", "ListDoubted virtual machines", `OrphanRecord ${stray!.hostname}`]);
    assert.deepEqual(await open(), ["AutoRenewalOff user3", "ListDoubted virtual machines", ...told.slice(1)].sort());
    const { zone } = options;
    const emptyZone: SweepOptions["zone"] = { list: zone.list, read: async () => ({ records: [], isWhole: true }), remove: zone.remove, get calls() { return zone.calls; }, close: async () => undefined };
    assert.deepEqual(await found({ zone: emptyZone }), ["AutoRenewalOff user3", "ListDoubted DNS records", `OrphanVm ${stray!.vmId}`]);
    const { hostinger } = withoutListedVms(options, () => false);
    assert.deepEqual(await found({ hostinger: { ...hostinger, subscriptions: { ...hostinger.subscriptions, list: async () => [] } } }), ["ListDoubted subscriptions", `OrphanRecord ${stray!.hostname}`, `OrphanVm ${stray!.vmId}`]);
    assert.deepEqual(await found(), told);
    assert.deepEqual(await open(), told);
    assert.equal(await opened(), told.length + 3, "three doubts, and nothing else anew");
    await setAutoRenewal(sandbox, members[2]!.vmId, true);
    await control(sandbox, `vms/${stray!.vmId}/drift`, { kind: "gone" });
  });

  it("twice, is one finding", async () => {
    const entry: OddEntry = { id: 999_998, hostname: null, subscriptionId: "", why: "state: expected string" };
    const twice = listing(({ vms }) => ({ vms: [...vms, ...vms], odd: [entry, entry] }));
    assert.deepEqual((await found(twice)).filter((one) => one.startsWith("VmUnreadable")), ["VmUnreadable 999998"]);
  });
});
