import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { DAY_MS, sleep } from "../../../providers/core/time.ts";
import type { PurchaseOutcome, VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import { obtainVm, readPurchases } from "../../../providers/hostinger/purchase/index.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { RECORD, content, rejectsWithCode, withCalls, fails, ago } from "./cases.ts";

describe("buying a VM", () => {
  it("happens where there is none, and leaves a record that names it", async () => {
    const account = new FakeAccount();
    const { vmId, how, orderId, recordId } = await obtainVm(account.session(), { ...ALICE, owner: "user_a" });
    assert.deepEqual([how, orderId, account.purchases], ["bought", "o-1", 1]);
    const [record] = await readPurchases(account.session(), ALICE.hostname);
    assert.deepEqual([record?.id, record?.state, record?.vmId, record?.orderId, record?.owner], [recordId, "seen", vmId, "o-1", "user_a"]);
    assert.deepEqual(record?.moves.map(({ state }) => state), ["intended", "sent", "seen"]);
    assert.ok(!account.scripts.some((script) => script.content?.includes(ALICE.rootPassword)), "the record holds no secret");
  });

  it("goes on with the VM that the record names, whatever its host name", async () => {
    const account = new FakeAccount();
    const { vmId } = await obtainVm(account.session(), ALICE);
    account.vms.find(({ id }) => id === vmId)!.hostname = "srv1.hstgr.cloud";
    const again = await obtainVm(account.session(), ALICE);
    assert.deepEqual([again.vmId, again.how, account.purchases], [vmId, "interrupted", 1]);
  });

  it("does not happen where the stack may not", async () => {
    const account = new FakeAccount();
    await rejectsWithCode(obtainVm(account.session(), { ...ALICE, allowPurchase: false }), "PURCHASE_NOT_ALLOWED");
    assert.deepEqual([account.purchases, account.scripts.length], [0, 0]);
  });

  it("happens once when several runs start at the same instant", async () => {
    const account = new FakeAccount();
    const obtained = await Promise.all(Array.from({ length: 8 }, () => obtainVm(account.session(), ALICE)));
    assert.equal(account.purchases, 1);
    assert.equal(new Set(obtained.map(({ vmId }) => vmId)).size, 1);
  });

  it("happens once when 12 runs start at once and the list of scripts leaves the content out", async () => {
    const account = new FakeAccount();
    const runs = Array.from({ length: 12 }, () => {
      const session = account.session();
      const { newest, createOrFind, update } = session.client.scripts;
      const without = <T extends object>(script: T) => ({ ...script, content: null });
      return withCalls(session, "scripts", {
        newest: async (...given: Parameters<typeof newest>) => (await newest(...given)).map(without),
        createOrFind: async (...given: Parameters<typeof createOrFind>) => without(await createOrFind(...given)),
        update: async (...given: Parameters<typeof update>) => without(await update(...given)),
      });
    });
    const obtained = await Promise.all(runs.map((session) => obtainVm(session, ALICE)));
    assert.equal(account.purchases, 1);
    assert.equal(new Set(obtained.map(({ vmId }) => vmId)).size, 1);
  });

  it("ends its wait for somebody else's when it is cancelled, and leaves nothing behind", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state: "intended", intentMs: 60_000 }));
    const cancel = AbortSignal.timeout(100);
    await assert.rejects(obtainVm(account.session({}, cancel), ALICE), (error) => error === cancel.reason);
    assert.deepEqual([account.purchases, account.scripts.length], [0, 1]);
  });
});

describe("a VM that has the host name already", () => {
  it("is refused where nothing but its name ties it to the stack, with the way to take it over", async () => {
    const account = new FakeAccount();
    const vm = account.addVm({ hostname: "Alice.Spoq.dev" });
    await rejectsWithCode(obtainVm(account.session(), ALICE), "VM_NOT_OURS", new RegExp(`importVmId ${vm.id}`));
    assert.deepEqual([account.purchases, account.scripts.length], [0, 0]);
  });

  it("is refused also if it comes up after the records were read", async () => {
    const account = new FakeAccount();
    account.onListVms = (call) => {
      if (call === 1) account.addVm({ hostname: ALICE.hostname });
    };
    await rejectsWithCode(obtainVm(account.session(), ALICE), "VM_NOT_OURS");
    assert.deepEqual([account.purchases, account.scripts.length], [0, 0]);
  });

  it("does not count while it is being destroyed, or is to be given up for a new one", async () => {
    const account = new FakeAccount();
    account.addVm({ hostname: ALICE.hostname, state: "destroyed" });
    const old = account.addVm({ hostname: ALICE.hostname, plan: "KVM 8" });
    assert.equal((await obtainVm(account.session(), { ...ALICE, allowReplaceOf: old.id })).how, "bought");
  });

  it("might be an entry of the list that cannot be read: nothing is bought", async () => {
    for (const entry of [{ id: 7, hostname: ALICE.hostname, subscriptionId: "s" }, { id: 7, hostname: null, subscriptionId: "s" }, { id: null, hostname: "", subscriptionId: "" }, { id: 7, hostname: "bob.spoq.dev", subscriptionId: null }]) {
      const account = new FakeAccount();
      account.odd.push({ ...entry, why: "state: Invalid input" });
      await rejectsWithCode(obtainVm(account.session(), ALICE), "API_ANSWER_UNEXPECTED");
      assert.equal(account.purchases, 0);
    }
    const account = new FakeAccount();
    account.odd.push({ id: 7, hostname: "bob.spoq.dev", subscriptionId: "s", why: "state: Invalid input" });
    assert.equal((await obtainVm(account.session(), ALICE)).how, "bought");
  });
});

describe("a purchase of another owner for the same host name", () => {
  it("is not gone on with, and nothing is bought beside it", async () => {
    const account = new FakeAccount();
    await obtainVm(account.session(), { ...ALICE, owner: "user_a" });
    await rejectsWithCode(obtainVm(account.session(), { ...ALICE, owner: "user_b" }), "VM_NOT_OURS");
    assert.equal(account.purchases, 1);
  });
});

describe("errors of other calls than the purchase", () => {
  const codes = ["API_UNREACHABLE", "API_NOT_FOUND", "API_FORBIDDEN", "API_RATE_LIMITED", "API_REJECTED"] as const;
  for (const code of codes) {
    it(`${code} when an accepted order is written down leaves a purchase that nobody makes again`, async () => {
      const account = new FakeAccount();
      account.outcomes = ["initiated"];
      const session = account.session({ runningTimeoutMs: 50 });
      let updates = 0;
      const { update } = session.client.scripts;
      // The first one is the fence.
      const broken = withCalls(session, "scripts", { update: async (...given: Parameters<typeof update>) => (++updates === 1 ? update(...given) : fails(code)()) });
      await assert.rejects(obtainVm(broken, ALICE));
      assert.equal(account.purchases, 1);
      const { vmId, how } = await obtainVm(account.session({ purchaseSettleMs: 5_000 }), ALICE);
      assert.deepEqual([account.vms.find(({ id }) => id === vmId)?.hostname, how, account.purchases], [ALICE.hostname, "interrupted", 1]);
    });

    it(`${code} of the lists after a lost answer leaves a purchase that nobody makes again`, async () => {
      const account = new FakeAccount();
      account.outcomes = ["lost-after-effect"];
      const session = account.session();
      const { listEntries } = session.client.virtualMachines;
      let lists = 0;
      const broken = withCalls(session, "virtualMachines", { listEntries: async (...given: Parameters<typeof listEntries>) => (++lists > 1 ? fails(code)() : listEntries(...given)) });
      await rejectsWithCode(obtainVm(broken, ALICE), code);
      assert.equal((await obtainVm(account.session(), ALICE)).how, "interrupted");
      assert.equal(account.purchases, 1);
    });

    it(`${code} of the fence: nothing is sent, and the next run buys`, async () => {
      const account = new FakeAccount();
      const broken = withCalls(account.session(), "scripts", { update: fails(code) });
      if (code === "API_NOT_FOUND") return void (await rejectsWithCode(obtainVm(broken, ALICE), "API_UNAVAILABLE"));
      await rejectsWithCode(obtainVm(broken, ALICE), code);
      assert.deepEqual([account.purchases, account.scripts.length], [0, 0]);
      assert.equal((await obtainVm(account.session(), ALICE)).how, "bought");
    });
  }
});

describe("the outcome of the call", () => {
  const refused: [string, ErrorCode][] = [["refused", "PAYMENT_REFUSED"], ["refused", "API_REJECTED"], ["notSent", "API_RATE_LIMITED"], ["notSent", "API_UNREACHABLE"]];
  for (const [kind, code] of refused) {
    it(`${kind} (${code}) closes the purchase`, async () => {
      const account = new FakeAccount();
      account.outcomes = [{ kind: kind as "refused", error: new UserVpsError(code, "simulated") }];
      await rejectsWithCode(obtainVm(account.session(), ALICE), code);
      assert.deepEqual(account.scripts, []);
    });
  }

  it("lost after the effect: the VM is found", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-after-effect"];
    assert.equal((await obtainVm(account.session(), ALICE)).how, "interrupted");
    assert.equal(account.purchases, 1);
  });

  it("lost without a trace: PURCHASE_UNCERTAIN, in this run and the next, and nothing is bought", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-before-effect"];
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN", /the connection was cut.*0 VMs and 0 subscriptions were looked at/);
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    assert.equal(account.purchases, 0);
    const late = account.addVm({ hostname: ALICE.hostname });
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, late.id);
  });

  it("lost, in a run that is not to wait: NOT_YET at once until the settle time is over, then PURCHASE_UNCERTAIN", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-before-effect"];
    const run = (purchaseSettleMs: number) => obtainVm(account.session({ patience: "none", purchaseSettleMs }), ALICE);
    await rejectsWithCode(run(600_000), "NOT_YET", /purchase: alice\.spoq\.dev: .*nothing is ordered again/);
    await rejectsWithCode(run(600_000), "NOT_YET");
    assert.deepEqual(account.reports.filter((line) => line.includes("may have been made")), [], "no run waited");
    await sleep(5);
    await rejectsWithCode(run(1), "PURCHASE_UNCERTAIN");
    account.addVm({ hostname: ALICE.hostname });
    assert.equal((await run(600_000)).how, "interrupted");
    assert.equal(account.purchases, 0);
  });

  for (const going of ["unnamed", "initiated"] as const) {
    it(`accepted (${going}): waits for the VM`, async () => {
      const account = new FakeAccount();
      account.outcomes = [going];
      const { how, orderId } = await obtainVm(account.session(), ALICE);
      assert.deepEqual([how, orderId, account.purchases], ["interrupted", "o-1", 1]);
    });
  }

  it("accepted without an end: AWAITING_PAYMENT, in this run and the next, with one order, until the VM of its subscription shows", async () => {
    const account = new FakeAccount();
    account.outcomes = [{ kind: "accepted", orderId: "o-1", subscriptionId: "sub-1", orderStatus: "payment_initiated" }];
    await rejectsWithCode(obtainVm(account.session({ runningTimeoutMs: 50 }), ALICE), "AWAITING_PAYMENT", /Order o-1/);
    account.addVm({ hostname: "srv1.hstgr.cloud", state: "initial", subscriptionId: "sub-of-another" });
    await rejectsWithCode(obtainVm(account.session({ runningTimeoutMs: 50 }), ALICE), "AWAITING_PAYMENT");
    const vm = account.addVm({ hostname: "srv2.hstgr.cloud", state: "initial", subscriptionId: "sub-1" });
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, vm.id);
  });

  const named = (vmId: number, subscriptionId: string | undefined): PurchaseOutcome => ({ kind: "named", vmId, orderId: "o-1", subscriptionId, orderStatus: "completed" });
  const old: [string, (vm: VirtualMachine) => PurchaseOutcome, RegExp][] = [
    ["VM", ({ id }) => named(id, undefined), /answered with VM \d+, which was there before/],
    ["subscription beside a new VM", () => named(7_000, "sub-of-bob"), /the subscription sub-of-bob of VM \d+, which was there before/],
    ["subscription", () => ({ kind: "accepted", orderId: "o-1", subscriptionId: "sub-of-bob", orderStatus: "pending" }), /the subscription sub-of-bob of VM/],
  ];
  for (const [what, outcome, told] of old) {
    it(`an answer that names another user's ${what} from before: doubt, and that VM is nobody's but theirs`, async () => {
      const account = new FakeAccount();
      const bobs = account.addVm({ hostname: "bob.spoq.dev", subscriptionId: "sub-of-bob", createdAt: ago(DAY_MS) });
      account.addSubscription({ id: "sub-of-bob", createdAt: ago(DAY_MS) });
      account.outcomes = [outcome(bobs)];
      await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN", told);
      const [record] = await readPurchases(account.session(), ALICE.hostname);
      assert.deepEqual([record?.state, record?.vmId, record?.subscriptionId], ["uncertain", undefined, undefined]);
    });
  }

  it("named, and the buyer dies before Hostinger finds the VM: it is looked for, not gone", async () => {
    const account = new FakeAccount();
    account.outcomes = [named(5_000, "sub-1")];
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, 5_000);
    await rejectsWithCode(obtainVm(account.session({ patience: "none", notFoundGraceMs: 2_000 }), ALICE), "NOT_YET", /purchase: alice\.spoq\.dev: VM 5000 is sold, but not found yet/);
    setTimeout(() => account.addVm({ id: 5_000, hostname: ALICE.hostname, subscriptionId: "sub-1" }), 300).unref();
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, 5_000);
    account.vms.splice(0);
    await rejectsWithCode(obtainVm(account.session({ patience: "none", notFoundGraceMs: 1 }), ALICE), "VM_GONE");
    assert.equal(account.purchases, 0);
  });

  it("accepted, and then cancelled: PAYMENT_REFUSED, and the purchase is over", async () => {
    const account = new FakeAccount();
    account.outcomes = [{ kind: "accepted", orderId: "o-1", subscriptionId: "sub-1", orderStatus: "payment_initiated" }];
    account.addSubscription({ id: "sub-1", status: "cancelled" });
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PAYMENT_REFUSED");
    assert.deepEqual(account.scripts, []);
  });
});
