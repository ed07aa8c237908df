import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { DAY_MS } from "../../../providers/core/time.ts";
import { obtainVm, readPurchases, resolvePurchase } from "../../../providers/hostinger/purchase/index.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { RECORD, BY, oldMark, content, rejectsWithCode, withCalls, ago } from "./cases.ts";

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
    await rejectsWithCode(obtainVm(raced, ALICE), "API_UNAVAILABLE", /taken away.*nothing was bought/);
    assert.deepEqual([account.purchases, account.scripts], [0, []], "its place may be another's by then");
    assert.equal((await obtainVm(raced, ALICE)).how, "bought");
  });

  it("lets nothing be sent once the deadline is over, however the time was lost", async () => {
    const account = new FakeAccount();
    const session = account.session({ purchaseIntentMs: 200 });
    const { listEntries } = session.client.virtualMachines;
    let calls = 0;
    const slow = withCalls(session, "virtualMachines", {
      listEntries: async (...given: Parameters<typeof listEntries>) => {
        if (++calls === 1) await new Promise((resolve) => setTimeout(resolve, 250));
        return listEntries(...given);
      },
    });
    assert.equal((await obtainVm(slow, ALICE)).how, "bought");
    assert.deepEqual([account.purchases, calls], [1, 3]);
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
    await rejectsWithCode(resolvePurchase(account.session({ purchaseSettleMs: 100 }), ALICE.hostname, { kind: "vm", vmId: vm.id }, BY), "VM_MISMATCH");
  });

  it("buy again, of a purchase that has become a VM meanwhile: refused, and that VM is taken", async () => {
    for (const state of ["sent", "accepted"] as const) {
      const account = new FakeAccount();
      account.addScript(RECORD, content(ALICE.hostname, { state, subscriptionId: "sub-1" }), ago(60_000));
      const paid = account.addVm({ hostname: "srv100.hstgr.cloud", state: "initial", subscriptionId: "sub-1" });
      await rejectsWithCode(resolvePurchase(account.session(), ALICE.hostname, { kind: "buy-again" }, BY), "INPUT_INVALID", new RegExp(`has become VM ${paid.id} by now`));
      assert.equal((await obtainVm(account.session(), ALICE)).vmId, paid.id);
      assert.equal(account.purchases, 0);
    }
  });

  it("of an order that is accepted and never paid: buy again buys once, give up nothing", async () => {
    for (const [kind, purchases] of [["buy-again", 1], ["give-up", 0]] as const) {
      const account = new FakeAccount();
      account.addScript(RECORD, content(ALICE.hostname, { state: "accepted", subscriptionId: "sub-1" }), ago(60_000));
      await rejectsWithCode(obtainVm(account.session({ patience: "none" }), ALICE), "AWAITING_PAYMENT");
      await resolvePurchase(account.session(), ALICE.hostname, { kind }, BY);
      assert.deepEqual(await readPurchases(account.session(), ALICE.hostname), []);
      if (kind === "buy-again") await obtainVm(account.session(), ALICE);
      assert.equal(account.purchases, purchases);
    }
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
