import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { ZoneRecord } from "../../../providers/cloudflare/api.ts";
import type { OddEntry, PaymentMethod, Subscription, VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import { judge } from "../../../src/drift/judge.ts";
import type { JudgeOptions } from "../../../src/drift/finding.ts";
import type { Observation } from "../../../src/drift/observe.ts";
import { withoutDoubtfulSubscriptions } from "../../../src/drift/subscriptions.ts";
import type { FleetUser } from "../../../src/drift/users.ts";

const LONG_AGO = "2025-01-01T00:00:00Z";
const NOW_MS = Date.parse("2026-01-01T00:00:00Z");
const OPTIONS: JudgeOptions = { domain: "spoq.dev", recordTtlSeconds: 60, ignoredNames: ["status-page.spoq.dev"], graceSeconds: 60, nowMs: NOW_MS };

function user(values: Partial<FleetUser> = {}): FleetUser {
  const username = values.username ?? "alice";
  return {
    userId: `u-${username}`, username, hostname: `${username}.spoq.dev`, status: "ready", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9,
    address: "127.0.0.2", hostingerVmId: 7, subscriptionId: "s7", settled: true, version: 3, ...values,
  } as FleetUser;
}

function vm(values: Partial<VirtualMachine> = {}): VirtualMachine {
  return {
    id: 7, hostname: "alice.spoq.dev", state: "running", actionsLock: "unlocked", plan: "KVM 1", dataCenterId: 9, template: { id: 1007, name: "Ubuntu" },
    subscriptionId: "s7", ipv4: [{ id: 1, address: "127.0.0.2", ptr: null }], ipv6: [], createdAt: LONG_AGO, ...values,
  } as VirtualMachine;
}

const subscription = (values: Partial<Subscription> = {}) => ({ id: "s7", isAutoRenewed: true, expiresAt: "2026-02-01T00:00:00Z", ...values }) as Subscription;
const record = (values: Partial<ZoneRecord> = {}): ZoneRecord => ({ id: "r1", name: "alice.spoq.dev", type: "A", content: "127.0.0.2", proxied: false, ttl: 60, createdAt: LONG_AGO, ...values });

function fleet(values: { users?: FleetUser[]; before?: FleetUser[] } & Partial<Pick<Observation, "vms" | "odd" | "subscriptions" | "records" | "stacks" | "lacking" | "stuck" | "older">> = {}): Observation {
  const { users = [user()], before = users, ...rest } = values;
  const byName = (all: FleetUser[]) => new Map(all.map((one) => [one.username, one]));
  return { before: byName(before), after: byName(users), vms: [vm()], subscriptions: [subscription()], records: [record()], stacks: new Set(["alice"]), apiCalls: 3, ...rest };
}

const found = (observation: Observation) => judge(observation, OPTIONS).findings.map(({ kind, subject, declared, actual }) => [kind, subject, declared, actual]);
const kinds = (observation: Observation) => judge(observation, OPTIONS).findings.map(({ kind }) => kind);

describe("judge, a user's VM", () => {
  it("finds nothing where all is as recorded, and asks for a probe", () => {
    const { findings, toProbe, unexamined } = judge(fleet(), OPTIONS);
    assert.deepEqual([findings, toProbe.map(({ username }) => username), unexamined], [[], ["alice"], []]);
  });

  const cases: [what: string, vms: VirtualMachine[], kind: string, declared: string, actual: string][] = [
    ["gone", [], "VmGone", "VM 7 running", "no such VM"],
    ["being destroyed", [vm({ state: "destroying" })], "VmGone", "VM 7 running", "destroying"],
    ["stopped", [vm({ state: "stopped" })], "VmStopped", "VM 7 running", "stopped"],
    ["in error", [vm({ state: "error" })], "VmInError", "VM 7 running", "error"],
    ["never set up", [vm({ state: "initial" })], "VmInError", "VM 7 running", "initial"],
    ["in recovery mode", [vm({ state: "recovery" })], "VmInError", "VM 7 running", "recovery"],
    ["suspended", [vm({ state: "suspended" })], "VmSuspended", "VM 7 running", "suspended"],
    ["renamed", [vm({ hostname: "mallory.spoq.dev" })], "VmRenamed", "alice.spoq.dev", "mallory.spoq.dev"],
    ["of another plan", [vm({ plan: "KVM 4" })], "VmPlanDiffers", "hostingercom-vps-kvm1-usd-1m", "hostingercom-vps-kvm4-usd-1m"],
    ["of another template", [vm({ template: { id: 1013, name: "Rocky" } })], "VmTemplateDiffers", "1007", "1013"],
    ["in another data center", [vm({ dataCenterId: 19 })], "VmDataCenterDiffers", "9", "19"],
    ["at another address", [vm({ ipv4: [{ id: 1, address: "127.0.0.9", ptr: null }] })], "VmAddressDiffers", "127.0.0.2", "127.0.0.9"],
  ];
  for (const [what, vms, kind, declared, actual] of cases) {
    it(`${what}: ${kind}, and that alone`, () => assert.deepEqual(found(fleet({ vms })), [[kind, "alice", declared, actual]]));
  }

  it("not renewed: AutoRenewalOff, and it is probed all the same", () => {
    const { findings, toProbe } = judge(fleet({ subscriptions: [subscription({ isAutoRenewed: false })] }), OPTIONS);
    assert.deepEqual(findings.map(({ kind, actual }) => [kind, actual]), [["AutoRenewalOff", "ends 2026-02-01"]]);
    assert.equal(toProbe.length, 1);
  });

  it("is not probed where its VM or record explains that it cannot be healthy", () => {
    assert.deepEqual(judge(fleet({ vms: [vm({ state: "stopped" })] }), OPTIONS).toProbe, []);
    assert.deepEqual(judge(fleet({ records: [] }), OPTIONS).toProbe, []);
  });
});

describe("judge, a user's DNS record", () => {
  const cases: [what: string, records: ZoneRecord[], kind: string, declared: string, actual: string][] = [
    ["gone", [], "RecordGone", "A 127.0.0.2 ttl 60", "no record"],
    ["with another content", [record({ content: "127.0.0.9" })], "RecordDiffers", "A 127.0.0.2 ttl 60", "A 127.0.0.9 ttl 60"],
    ["with another time to live", [record({ ttl: 300 })], "RecordDiffers", "A 127.0.0.2 ttl 60", "A 127.0.0.2 ttl 300"],
    ["of another type", [record({ type: "CNAME", content: "example.com" })], "RecordDiffers", "A 127.0.0.2 ttl 60", "CNAME example.com ttl 60"],
    ["proxied", [record({ proxied: true, ttl: 1 })], "RecordProxied", "not proxied", "proxied"],
    ["doubled", [record({ id: "r2", content: "127.0.0.9" }), record()], "RecordDoubled", "only A 127.0.0.2", "also A 127.0.0.9"],
    ["joined by an AAAA", [record(), record({ id: "r2", type: "AAAA", content: "::1" })], "RecordDoubled", "only A 127.0.0.2", "also AAAA ::1"],
  ];
  for (const [what, records, kind, declared, actual] of cases) {
    it(`${what}: ${kind}`, () => assert.deepEqual(found(fleet({ records })), [[kind, "alice", declared, actual]]));
  }

  it("takes no notice of records of other types", () => assert.deepEqual(kinds(fleet({ records: [record(), record({ id: "r2", type: "TXT", content: "x" })] })), []));
});

describe("judge, what is being worked on", () => {
  const broken = { vms: [], records: [] };

  for (const [what, users, before] of [
    ["that is not settled", [user({ settled: false, status: "provisioning" })], undefined],
    ["that was not settled before", [user()], [user({ settled: false })]],
    ["that has changed meanwhile", [user({ version: 4 })], [user()]],
    ["that was not there before", [user()], []],
  ] as const) {
    it(`says nothing of a user ${what}`, () => {
      const { findings, examined, unexamined, toProbe } = judge(fleet({ users: [...users], ...(before && { before: [...before] }), ...broken, stacks: new Set() }), OPTIONS);
      assert.deepEqual([findings, examined, toProbe], [[], [], []]);
      assert.deepEqual(unexamined, ["alice"]);
    });
  }

  for (const passing of [{ state: "starting" }, { state: "recreating" }, { actionsLock: "locked" }] as const) {
    it(`says nothing of a user whose VM is ${Object.values(passing).join()}`, () => assert.deepEqual(judge(fleet({ vms: [vm(passing)], records: [] }), OPTIONS).unexamined, ["alice"]));
  }

  it("notes the VMs that are at something by themselves, not those that a run is at", () => {
    const busy = (users: FleetUser[]) => judge(fleet({ users, vms: [vm({ state: "restoring" })] }), OPTIONS).passing;
    assert.deepEqual([busy([user()]), busy([user({ settled: false })]), judge(fleet(), OPTIONS).passing], [[7], [], []]);
  });

  const stuck = new Map([[7, new Date("2025-12-31T22:00:00Z")]]);
  for (const state of ["restoring", "a-new-state"]) {
    it(`a VM that is ${state} and was for long: VmInError, and that alone`, () => {
      assert.deepEqual(found(fleet({ vms: [vm({ state })], stuck })), [["VmInError", "alice", "VM 7 running", `${state} since 2025-12-31 22:00:00 UTC`]]);
      assert.deepEqual(judge(fleet({ vms: [vm({ state })], stuck }), OPTIONS).passing, [7]);
    });
  }
  it("a running VM that is locked for long is judged and probed like any other", () => {
    const { findings, examined, toProbe } = judge(fleet({ vms: [vm({ actionsLock: "locked", hostname: "mallory.spoq.dev" })], stuck }), OPTIONS);
    assert.deepEqual([findings.map(({ kind }) => kind), examined.length, toProbe.length], [["VmRenamed"], 1, 1]);
  });
  it("a VM that runs again is not stuck", () => assert.deepEqual(found(fleet({ stuck })), []));

  it("a stopped VM that is locked is stopped", () => assert.deepEqual(kinds(fleet({ vms: [vm({ state: "stopped", actionsLock: "locked" })] })), ["VmStopped"]));

  it("forgets a user who has given up", () => {
    const { unexamined, examined } = judge(fleet({ users: [user({ status: "deprovisioned", settled: false })], vms: [], records: [], stacks: new Set() }), OPTIONS);
    assert.deepEqual([unexamined, examined], [[], []]);
  });
});

describe("judge, what belongs to nobody", () => {
  const stray = (values: Partial<VirtualMachine> = {}) => vm({ id: 9, hostname: "stray.spoq.dev", subscriptionId: "s9", ...values });
  const withVm = (other: VirtualMachine, more: Parameters<typeof fleet>[0] = {}) => fleet({ vms: [vm(), other], subscriptions: [subscription(), subscription({ id: "s9" })], ...more });
  const waiting = user({ username: "newcomer", hostingerVmId: null, settled: false, status: "provisioning", requestedAt: new Date(NOW_MS - 4 * 3_600_000) });
  const gone = [user(), user({ username: "stray", status: "deprovisioned", settled: false, hostingerVmId: 9 })];

  it("a VM of the domain that no user has: OrphanVm", () => {
    assert.deepEqual(found(withVm(stray())), [["OrphanVm", "9", "belongs to a user", "VM 9 stray.spoq.dev, KVM 1, running, renewed"]]);
  });
  for (const hostname of ["srv9.hstgr.cloud", "", "stray.example.com", "www.spoq.dev", "spoq.dev", "a.b.spoq.dev"]) {
    for (const state of ["running", "initial", "stopped", "error"] as const) {
      it(`a VM called '${hostname}' in the state ${state} is paid for nobody`, () => assert.deepEqual(kinds(withVm(stray({ hostname, state }))), ["OrphanVm"]));
    }
  }
  it("a VM under Hostinger's own name, though somebody is being given one: it is older than the wish, or too old", () => {
    const old = stray({ hostname: "srv9.hstgr.cloud", createdAt: new Date(NOW_MS - 5 * 3_600_000).toISOString() });
    assert.deepEqual(kinds(withVm(old, { users: [user(), waiting] })), ["OrphanVm"]);
    assert.deepEqual(kinds(withVm(stray({ hostname: "srv9.hstgr.cloud" }), { users: [user(), { ...waiting, requestedAt: new Date(0) }] })), ["OrphanVm"]);
  });
  it("a stopped VM that names no subscription may be renewed, which is told", () => {
    assert.match(found(withVm(stray({ state: "stopped", subscriptionId: null })))[0]![3]!, /its subscription is not known, so it may be renewed/);
  });
  it("a VM of a user who has given up, but still renewed", () => {
    assert.deepEqual(found(withVm(stray({ hostname: "srv9.hstgr.cloud", state: "stopped" }), { users: gone })), [["OrphanVm", "9", "given up by stray", "VM 9 srv9.hstgr.cloud, KVM 1, stopped, renewed"]]);
  });
  it("a second VM under a user's host name", () => assert.deepEqual(kinds(withVm(stray({ hostname: "alice.spoq.dev" }))), ["OrphanVm"]));

  for (const [what, observation] of [
    ["that is stopped and not renewed", withVm(stray({ state: "stopped" }), { subscriptions: [subscription(), subscription({ id: "s9", isAutoRenewed: false })] })],
    ["that has just been made", withVm(stray({ createdAt: new Date(NOW_MS - 5_000).toISOString() }))],
    ["that is among the ignored names", withVm(stray({ hostname: "Status-Page.spoq.dev" }))],
    ["that Hostinger suspended and that is not renewed", withVm(stray({ state: "suspended" }), { subscriptions: [subscription(), subscription({ id: "s9", isAutoRenewed: false })] })],
    ["whose subscription has ended", withVm(stray({ state: "stopped" }), { subscriptions: [subscription()] })],
    ["under Hostinger's own name that may be the one a user is being given", withVm(stray({ hostname: "srv9.hstgr.cloud", state: "creating", createdAt: new Date(NOW_MS - 3_600_000).toISOString() }), { users: [user(), waiting] })],
    ["under Hostinger's own name that was bought for a user whose wish a clock ahead of Hostinger's has dated", withVm(stray({ hostname: "srv9.hstgr.cloud", createdAt: new Date(waiting.requestedAt.getTime() - 10_000).toISOString() }), { users: [user(), waiting] })],
    ["of a user who is just being provisioned", withVm(stray(), { users: [user(), user({ username: "stray", hostingerVmId: null, settled: false, status: "provisioning" })] })],
    ["whose user was still there before", withVm(stray(), { users: gone, before: [user(), user({ username: "stray", status: "deprovisioning", hostingerVmId: 9, settled: false })] })],
  ] as const) {
    it(`not a VM ${what}`, () => assert.deepEqual(kinds(observation), []));
  }
  it("a VM of a stack without a row is the stack's", () => assert.deepEqual(kinds(withVm(stray(), { stacks: new Set(["alice", "stray"]) })), ["StackWithoutRecord"]));

  it("what an older backend's users have, by the VM's id or by the host name, is theirs, and its record", () => {
    const bob = { hostingerVmId: 9, hostname: "bob.spoq.dev" };
    const records = [record(), record({ id: "r2", name: "Bob.spoq.dev" })];
    assert.deepEqual(kinds({ ...withVm(stray({ hostname: "srv9.hstgr.cloud" }), { records }), older: [bob] }), []);
    assert.deepEqual(kinds({ ...withVm(stray({ hostname: "Bob.spoq.dev" })), older: [{ ...bob, hostingerVmId: null }] }), []);
    assert.deepEqual(kinds({ ...withVm(stray({ hostname: "" })), older: [{ hostingerVmId: 10, hostname: null }] }), ["OrphanVm"]);
  });

  it("a record of the domain that no user has: OrphanRecord, once a name", () => {
    const records = [record(), record({ id: "r2", name: "stray.spoq.dev" }), record({ id: "r3", name: "stray.spoq.dev", content: "127.0.0.3" })];
    assert.deepEqual(found(fleet({ records })), [["OrphanRecord", "stray.spoq.dev", "belongs to a user", "stray.spoq.dev A 127.0.0.2, A 127.0.0.3"]]);
  });
  it("a record by which the name leads elsewhere, of whatever type: AAAA, CNAME, but no TXT", () => {
    const records = [record(), record({ id: "r2", name: "six.spoq.dev", type: "AAAA", content: "2001:db8::1" }), record({ id: "r3", name: "alias.spoq.dev", type: "CNAME", content: "elsewhere.example.com" }), record({ id: "r4", name: "text.spoq.dev", type: "TXT", content: "a text" })];
    assert.deepEqual(found(fleet({ records })), [
      ["OrphanRecord", "six.spoq.dev", "belongs to a user", "six.spoq.dev AAAA 2001:db8::1"],
      ["OrphanRecord", "alias.spoq.dev", "belongs to a user", "alias.spoq.dev CNAME elsewhere.example.com"],
    ]);
  });
  for (const name of ["spoq.dev", "www.spoq.dev", "*.spoq.dev", "a.b.spoq.dev", "status-page.spoq.dev", "stray.example.com"]) {
    it(`not the record ${name}`, () => assert.deepEqual(kinds(fleet({ records: [record(), record({ id: "r2", name })] })), []));
  }
  it("not a record that has just been made", () => assert.deepEqual(kinds(fleet({ records: [record(), record({ id: "r2", name: "stray.spoq.dev", createdAt: new Date(NOW_MS - 1_000).toISOString() })] })), []));

  it("a stack without a row, and a row without a stack", () => {
    assert.deepEqual(found(fleet({ stacks: new Set(["bob"]) })), [
      ["RecordWithoutStack", "alice", "the stack alice", "no such stack"],
      ["StackWithoutRecord", "bob", "a row in user_vps", "the stack bob"],
    ]);
  });
});

describe("judge, what is paid", () => {
  const paid = (values: Partial<Subscription>) => fleet({ subscriptions: [subscription(values)] });
  const method = (values: Partial<PaymentMethod> = {}) => ({ id: 5, name: "Credit Card", isDefault: true, isExpired: false, isSuspended: false, expiresAt: "2027-01-31T00:00:00Z", ...values }) as PaymentMethod;

  it("a VM that names no subscription, or one that is not listed", () => {
    assert.deepEqual(found(fleet({ vms: [vm({ subscriptionId: null })], subscriptions: [] })), [["VmWithoutSubscription", "alice", "a subscription that pays VM 7", "the VM names none"]]);
    assert.deepEqual(found(fleet({ subscriptions: [] })), [["VmWithoutSubscription", "alice", "a subscription that pays VM 7", "subscription s7 is not listed"]]);
  });

  it("a VM that waits in a pool and is renewed: PooledVmRenewed; one that is not renewed is as it should be", () => {
    const pooled = (values: Partial<Subscription>) => fleet({ users: [user({ isPooled: true })], subscriptions: [subscription(values)], records: [] });
    assert.deepEqual(found(pooled({ nextBillingAt: "2026-02-01T00:00:00Z" })), [["PooledVmRenewed", "alice", "not renewed before a user has it", "subscription s7 is renewed on 2026-02-01"]]);
    for (const values of [{ isAutoRenewed: false }, { status: "not_renewing" }]) assert.deepEqual(kinds(pooled(values)), []);
  });

  it("a subscription that ends within two weeks and is not renewed, though its user stays", () => {
    assert.deepEqual(kinds(paid({ status: "cancelled", expiresAt: "2026-01-10T00:00:00Z" })), ["SubscriptionEndsSoon"]);
    assert.deepEqual(kinds(paid({ isAutoRenewed: false, expiresAt: "2026-01-10T00:00:00Z" })), ["AutoRenewalOff", "SubscriptionEndsSoon"]);
    assert.deepEqual(kinds(paid({ status: "not_renewing", expiresAt: "2026-01-20T00:00:00Z" })), []);
    assert.deepEqual(kinds(paid({ status: "active", expiresAt: "2026-01-10T00:00:00Z" })), []);
  });

  it("a renewed subscription of a VPS that pays no VM, unless it may be a purchase that is under way; other products are none of ours", () => {
    const other = (values: Partial<Subscription>) => fleet({ subscriptions: [subscription(), subscription({ id: "s8", name: "KVM 2", status: "active", createdAt: LONG_AGO, nextBillingAt: "2026-01-20T00:00:00Z", ...values })] });
    assert.deepEqual(found(other({})), [["SubscriptionWithoutVm", "s8", "pays a VM", "subscription s8 (KVM 2, active) pays no VM and is renewed on 2026-01-20"]]);
    for (const values of [{ isAutoRenewed: false }, { status: "cancelled" }, { name: "Premium Web Hosting" }, { name: ".COM Domain" }, { createdAt: new Date(NOW_MS - 1_000).toISOString() }]) assert.deepEqual(kinds(other(values)), []);
  });

  it("no subscription that may be of a user's purchase under way, though the wish was dated by a clock ahead of Hostinger's", () => {
    const newcomer = user({ username: "newcomer", hostingerVmId: null, settled: false, status: "provisioning", requestedAt: new Date(NOW_MS - 3_600_000) });
    const bought = (secondsBefore: number) => subscription({ id: "s8", name: "KVM 2", status: "active", createdAt: new Date(newcomer.requestedAt.getTime() - secondsBefore * 1_000).toISOString() });
    assert.deepEqual(kinds(fleet({ users: [user(), newcomer], subscriptions: [subscription(), bought(10)] })), []);
    assert.deepEqual(kinds(fleet({ users: [user(), newcomer], subscriptions: [subscription(), bought(600)] })), ["SubscriptionWithoutVm"]);
  });

  it("no subscription pays no VM while the list of VMs may lack the one that it pays", () => {
    const subscriptions = [subscription({ name: "KVM 1", status: "active", createdAt: LONG_AGO })];
    assert.deepEqual(kinds(fleet({ users: [user({ settled: false })], vms: [], subscriptions })), ["SubscriptionWithoutVm"]);
    assert.deepEqual(kinds(fleet({ users: [user({ settled: false })], vms: [], subscriptions, lacking: new Set(["virtual machines"]) })), []);
    assert.deepEqual(kinds(fleet({ users: [user({ settled: false })], vms: [], subscriptions, lacking: new Set(["DNS records"]) })), ["SubscriptionWithoutVm"]);
  });

  it("a payment method that cannot pay the next renewals", () => {
    const withMethods = (paymentMethods: PaymentMethod[] | undefined) => found({ ...fleet({ subscriptions: [subscription({ name: "KVM 1", status: "active", nextBillingAt: "2026-02-01T00:00:00Z" })] }), paymentMethods });
    for (const [values, actual] of [
      [{ expiresAt: "2026-01-31T00:00:00Z" }, /expires 2026-01-31, before the next renewal of 1/], [{ isExpired: true }, /has expired/], [{ isSuspended: true }, /is suspended/],
    ] as const) assert.match(withMethods([method(values)])[0]![3]!, actual);
    assert.match(withMethods([])[0]![3]!, /no payment method/);
    assert.deepEqual(withMethods([method(), method({ id: 6, isDefault: false, isExpired: true })]), []);
    assert.deepEqual(withMethods(undefined), [], "what cannot be seen is not judged");
  });

  it("a list of subscriptions that lost many at once is doubted, and believed when the next sweep finds the same", () => {
    const users = Array.from({ length: 10 }, (_, index) => user({ username: `u${index}`, hostname: `u${index}.spoq.dev`, hostingerVmId: index + 1 }));
    const vms = users.map(({ hostingerVmId, hostname }) => vm({ id: hostingerVmId!, hostname }));
    const observation = fleet({ users, vms, subscriptions: [], records: users.map(({ hostname }) => record({ name: hostname })), stacks: new Set(users.map(({ username }) => username)) });
    const of = (doubted: boolean) => ({ of: () => new Set(doubted ? ["subscriptions"] : []) });
    const told = (known: NonNullable<Observation["known"]>) => withoutDoubtfulSubscriptions(judge({ ...observation, known }, OPTIONS).findings, { ...observation, known }).map(({ kind }) => kind);
    assert.deepEqual(told(of(false)), ["ListDoubted"]);
    assert.deepEqual(told(of(true)), Array(10).fill("VmWithoutSubscription"));
  });
});

describe("judge, an entry of the list of VMs that cannot be read", () => {
  const odd = (values: Partial<OddEntry>): OddEntry => ({ id: 8, hostname: "srv8.hstgr.cloud", subscriptionId: "s8", why: "state: expected string", ...values });

  it("is told to operators, as its user's where that can be read of it", () => {
    assert.deepEqual(found(fleet({ odd: [odd({})] })), [["VmUnreadable", "8", "an entry that can be read", "VM 8 (srv8.hstgr.cloud): state: expected string"]]);
    assert.deepEqual(found(fleet({ odd: [odd({ id: 7 })] })).map(([kind, subject]) => `${kind} ${subject}`), ["VmUnreadable alice"]);
    assert.deepEqual(found(fleet({ odd: [odd({ id: null, hostname: "alice.spoq.dev" }), odd({ id: null, hostname: null })] })).map(([kind, subject]) => `${kind} ${subject}`), ["VmUnreadable alice", "VmUnreadable entry 2 without an id"]);
  });

  it("may be what a subscription pays", () => {
    const subscriptions = [subscription(), subscription({ id: "s8", name: "KVM 2", status: "active", createdAt: LONG_AGO })];
    assert.deepEqual(kinds(fleet({ subscriptions })), ["SubscriptionWithoutVm"]);
    assert.deepEqual(kinds(fleet({ subscriptions, odd: [odd({})] })), ["VmUnreadable"]);
    assert.deepEqual(kinds(fleet({ subscriptions, odd: [odd({ subscriptionId: null })] })), ["VmUnreadable"]);
    assert.deepEqual(kinds(fleet({ subscriptions, odd: [odd({ subscriptionId: "s9" })] })), ["VmUnreadable", "SubscriptionWithoutVm"]);
  });
});
