import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { DAY_MS } from "../../../providers/core/time.ts";
import { obtainVm, readPurchases, resolvePurchase } from "../../../providers/hostinger/purchase/index.ts";
import { recordContent, recordName } from "../../../providers/hostinger/purchase/record.ts";
import type { PurchaseData } from "../../../providers/hostinger/purchase/record.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";

const RECORD = recordName(ALICE.hostname);
const BY = { who: "an operator", why: "the test" };

/** As 0.1.0 wrote it. */
function oldMark(lifeMs: number): string {
  return `#!/bin/sh\n# at=${Date.now()} lifeMs=${lifeMs}\n`;
}

function content(hostname: string, data: Partial<Omit<PurchaseData, "version">>): string {
  return recordContent(hostname, { key: `key-of-${hostname}`, plan: ALICE.plan, intentMs: 100, state: "sent", moves: [{ state: "intended", at: new Date().toISOString() }], ...data }, Date.now());
}

async function rejectsWithCode(promise: Promise<unknown>, code: ErrorCode, told = /./): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof UserVpsError && error.code === code && told.test(error.message));
}

/** `scripts` or another group of calls, with some of them replaced. */
function withCalls(session: Session, group: "scripts" | "virtualMachines" | "subscriptions", calls: object): Session {
  const client = { ...session.client, [group]: { ...session.client[group], ...calls } };
  return { ...session, client: client as unknown as Session["client"] };
}

function fails(code: ErrorCode): () => Promise<never> {
  return () => Promise.reject(new UserVpsError(code, "simulated"));
}

function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}

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
      const { newest, create, update } = session.client.scripts;
      const without = <T extends object>(script: T) => ({ ...script, content: null });
      return withCalls(session, "scripts", {
        newest: async (...given: Parameters<typeof newest>) => (await newest(...given)).map(without),
        create: async (...given: Parameters<typeof create>) => without(await create(...given)),
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

  it("is refused also if it comes up between the looks", async () => {
    const account = new FakeAccount();
    account.onListVms = (call) => {
      if (call === 2) account.addVm({ hostname: ALICE.hostname });
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
      const broken = withCalls(session, "virtualMachines", { listEntries: async (...given: Parameters<typeof listEntries>) => (++lists > 2 ? fails(code)() : listEntries(...given)) });
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

  it("accepted, and then cancelled: PAYMENT_REFUSED, and the purchase is over", async () => {
    const account = new FakeAccount();
    account.outcomes = [{ kind: "accepted", orderId: "o-1", subscriptionId: "sub-1", orderStatus: "payment_initiated" }];
    account.addSubscription({ id: "sub-1", status: "cancelled" });
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PAYMENT_REFUSED");
    assert.deepEqual(account.scripts, []);
  });
});

describe("evidence", () => {
  const lost = (): FakeAccount => {
    const account = new FakeAccount();
    account.outcomes = ["lost-before-effect"];
    return account;
  };

  for (const state of ["initial", "creating"]) {
    it(`is a VM in '${state}' under Hostinger's own name, the only one that was made since`, async () => {
      const account = lost();
      const older = account.addVm({ hostname: "srv1.hstgr.cloud", state, createdAt: ago(60_000) });
      account.onListVms = (call) => {
        if (call === 3) account.addVm({ hostname: "srv2.hstgr.cloud", state });
      };
      const { vmId } = await obtainVm(account.session(), ALICE);
      assert.equal(account.vms.find(({ id }) => id === vmId)?.hostname, "srv2.hstgr.cloud");
      assert.deepEqual([older.hostname, account.purchases], ["srv1.hstgr.cloud", 0]);
    });
  }

  it("is no VM that another purchase names, by id or by subscription", async () => {
    const account = lost();
    account.onListVms = (call) => {
      if (call !== 3) return;
      const bobs = account.addVm({ hostname: "srv8.hstgr.cloud", state: "initial" });
      account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "seen", vmId: bobs.id }));
      account.addSubscription({ id: "sub-carol" });
      account.addVm({ hostname: "srv9.hstgr.cloud", state: "initial", subscriptionId: "sub-carol" });
      account.addScript(recordName("carol.spoq.dev"), content("carol.spoq.dev", { state: "accepted", subscriptionId: "sub-carol" }));
    };
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    assert.ok(account.vms.every(({ hostname }) => hostname !== ALICE.hostname));
  });

  it("is the VM that is left beside one that another purchase names", async () => {
    const account = lost();
    account.onListVms = (call) => {
      if (call !== 3) return;
      const bobs = account.addVm({ hostname: "srv8.hstgr.cloud", state: "initial" });
      account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "seen", vmId: bobs.id }));
      account.addVm({ hostname: "srv9.hstgr.cloud", state: "initial" });
    };
    const { vmId } = await obtainVm(account.session(), ALICE);
    assert.equal(account.vms.find(({ id }) => id === vmId)?.hostname, "srv9.hstgr.cloud");
  });

  it("is no VM that another open purchase of the same plan may have bought as well", async () => {
    const account = lost();
    account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "sent" }));
    account.onListVms = (call) => {
      if (call === 3) account.addVm({ hostname: "srv8.hstgr.cloud", state: "initial" });
    };
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN", /it may be VM \d+ .*the purchase for bob\.spoq\.dev \(record \d+\) may have bought it as well/);
  });

  it("is no one of two VMs that look alike, no VM of another plan, and none of a subscription of before", async () => {
    for (const add of [
      (account: FakeAccount) => [1, 2].map(() => account.addVm({ hostname: "", state: "initial" })),
      (account: FakeAccount) => account.addVm({ hostname: "", state: "initial", plan: "KVM 8" }),
      (account: FakeAccount) => account.addVm({ hostname: "", state: "initial", subscriptionId: account.addSubscription({ createdAt: ago(DAY_MS) }).id }),
      (account: FakeAccount) => account.addVm({ hostname: "", state: "stopped" }),
    ]) {
      const account = lost();
      account.onListVms = (call) => {
        if (call === 3) add(account);
      };
      await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    }
  });

  it("is a subscription of this plan that was made since and has no VM: the order stands", async () => {
    const account = lost();
    account.onListVms = (call) => {
      if (call === 3) account.addSubscription({ id: "sub-new" });
    };
    await rejectsWithCode(obtainVm(account.session({ runningTimeoutMs: 300 }), ALICE), "AWAITING_PAYMENT", /subscription sub-new/);
    const vm = account.addVm({ hostname: "", state: "initial", subscriptionId: "sub-new" });
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, vm.id);
  });
});

describe("a buyer that did not live to say what became of its purchase", () => {
  it("before it sent anything: its intent is taken away once its deadline is over, not before", async () => {
    const account = new FakeAccount();
    const intent = account.addScript(RECORD, content(ALICE.hostname, { state: "intended", intentMs: 100 }));
    const startMs = Date.now();
    assert.equal((await obtainVm(account.session(), ALICE)).how, "bought");
    assert.ok(Date.now() - startMs >= 2_000, "the deadline, and a margin for clocks that tell whole seconds");
    assert.deepEqual([account.purchases, account.scripts.some(({ id }) => id === intent.id)], [1, false]);
  });

  it("after it may have sent it: doubt, never a second purchase", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state: "sent" }), ago(60_000));
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    const paid = account.addVm({ hostname: "srv100.hstgr.cloud", state: "initial" });
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, paid.id);
    assert.equal(account.purchases, 0);
  });

  it("whose intent cannot be removed although Hostinger says so: nothing is bought", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state: "intended", intentMs: 1 }), ago(60_000));
    const session = account.session();
    await rejectsWithCode(obtainVm(withCalls(session, "scripts", { delete: async () => undefined }), ALICE), "API_UNAVAILABLE", /still there/);
    assert.equal(account.purchases, 0);
  });

  it("whose record cannot be read: in force until a person decides", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, "# purchase={\"version\":3}\n", ago(30 * DAY_MS));
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    await resolvePurchase(account.session(), ALICE.hostname, { kind: "buy-again" }, BY);
    assert.equal((await obtainVm(account.session(), ALICE)).how, "bought");
  });

  it("whose record is answered without its content: an error, not 'nothing there'", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, null);
    await rejectsWithCode(obtainVm(account.session(), ALICE), "API_LIST_INCOMPLETE");
    assert.equal(account.purchases, 0);
  });
});

describe("a fence that is taken away", () => {
  it("lets nothing be sent: the record is gone when `sent` is to be written", async () => {
    const account = new FakeAccount();
    const session = account.session();
    const { update } = session.client.scripts;
    let isFirst = true;
    const raced = withCalls(session, "scripts", {
      update: async (...given: Parameters<typeof update>) => {
        if (isFirst) account.scripts.splice(0);
        isFirst = false;
        return update(...given);
      },
    });
    const calls: number[] = [];
    account.onListVms = (call) => void calls.push(account.purchases * 100 + call);
    assert.equal((await obtainVm(raced, ALICE)).how, "bought");
    assert.equal(account.purchases, 1);
    assert.ok(calls.length >= 4, "it looked anew before it bought");
  });

  it("lets nothing be sent once the deadline is over, however the time was lost", async () => {
    const account = new FakeAccount();
    const session = account.session({ purchaseIntentMs: 200 });
    const { listEntries } = session.client.virtualMachines;
    let calls = 0;
    const slow = withCalls(session, "virtualMachines", {
      listEntries: async (...given: Parameters<typeof listEntries>) => {
        if (++calls === 2) await new Promise((resolve) => setTimeout(resolve, 250));
        return listEntries(...given);
      },
    });
    assert.equal((await obtainVm(slow, ALICE)).how, "bought");
    assert.deepEqual([account.purchases, calls], [1, 4]);
    assert.equal(account.scripts.length, 1);
  });
});

describe("marks of 0.1.0", () => {
  it("are in force for their life, then over", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, oldMark(1_200));
    const startMs = Date.now();
    assert.equal((await obtainVm(account.session(), ALICE)).how, "bought");
    assert.ok(Date.now() - startMs >= 1_100, "it waited for the mark to end");
    assert.equal(account.purchases, 1);
  });

  it("tie the VM to the stack that shows meanwhile, also one in `initial` under Hostinger's own name", async () => {
    for (const hostname of [ALICE.hostname, "srv100.hstgr.cloud"]) {
      const account = new FakeAccount();
      account.addScript(RECORD, oldMark(60_000), ago(5_000));
      const vm = account.addVm({ hostname, state: "initial", createdAt: ago(3_000) });
      assert.equal((await obtainVm(account.session(), ALICE)).vmId, vm.id);
      assert.equal(account.purchases, 0);
    }
  });

  it("that cannot be read are in force for the longest life", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, "#!/bin/sh\n", ago(DAY_MS - 60_000));
    await rejectsWithCode(obtainVm(account.session({ runningTimeoutMs: 100 }), ALICE), "PURCHASE_UNCERTAIN");
    account.scripts[0]!.content = "#!/bin/sh\n";
    Object.assign(account.scripts[0]!, { createdAt: ago(DAY_MS + 60_000) });
    assert.equal((await obtainVm(account.session(), ALICE)).how, "bought");
  });
});

describe("what a person decides", () => {
  const inDoubt = async (): Promise<FakeAccount> => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state: "sent" }), ago(60_000));
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    return account;
  };

  it("it is this VM: the next run takes it, and the record says who and why", async () => {
    const account = await inDoubt();
    const vm = account.addVm({ hostname: "somebody.example.com", createdAt: ago(DAY_MS) });
    const record = await resolvePurchase(account.session(), ALICE.hostname, { kind: "vm", vmId: vm.id }, BY);
    assert.deepEqual([record?.state, record?.vmId, record?.decision?.who, record?.decision?.why], ["seen", vm.id, BY.who, BY.why]);
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, vm.id);
    assert.equal(account.purchases, 0);
  });

  it("buy again: the next run buys, once", async () => {
    const account = await inDoubt();
    await resolvePurchase(account.session(), ALICE.hostname, { kind: "buy-again" }, BY);
    assert.deepEqual(await readPurchases(account.session(), ALICE.hostname), []);
    account.outcomes = ["lost-before-effect"];
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    assert.equal(account.outcomes.length, 0);
    assert.equal(account.purchases, 0);
  });

  it("is refused while the purchase may still show by itself, and for a VM of another plan", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state: "sent" }));
    await rejectsWithCode(resolvePurchase(account.session({ purchaseSettleMs: 60_000 }), ALICE.hostname, { kind: "buy-again" }, BY), "INPUT_INVALID");
    const vm = account.addVm({ plan: "KVM 8" });
    await new Promise((resolve) => setTimeout(resolve, 120));
    await rejectsWithCode(resolvePurchase(account.session(), ALICE.hostname, { kind: "vm", vmId: vm.id }, BY), "VM_MISMATCH");
  });

  it("the policy buys again by itself, once, and only if there is nothing that it may be", async () => {
    const account = new FakeAccount();
    const session = account.session({ purchaseUncertainPolicy: "buy-again-without-evidence" });
    account.outcomes = ["lost-before-effect", "lost-before-effect"];
    await rejectsWithCode(obtainVm(session, ALICE), "PURCHASE_UNCERTAIN");
    assert.equal(account.outcomes.length, 0, "two calls");
    await rejectsWithCode(obtainVm(session, ALICE), "PURCHASE_UNCERTAIN");

    const ambiguous = new FakeAccount();
    ambiguous.outcomes = ["lost-before-effect"];
    ambiguous.onListVms = (call) => {
      if (call === 3) for (const _ of [1, 2]) ambiguous.addVm({ hostname: "", state: "initial" });
    };
    await rejectsWithCode(obtainVm(ambiguous.session({ purchaseUncertainPolicy: "buy-again-without-evidence" }), ALICE), "PURCHASE_UNCERTAIN");
    assert.equal(ambiguous.purchases, 0);
  });
});
