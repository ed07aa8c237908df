import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { DAY_MS } from "../../../providers/core/time.ts";
import { obtainVm, resolvePurchase } from "../../../providers/hostinger/purchase/index.ts";
import { recordName } from "../../../providers/hostinger/purchase/record.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { RECORD, BY, content, rejectsWithCode, withCalls, ago } from "./cases.ts";

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

  it("of a VM that was made since, in another state or of a subscription that is not listed yet, is no proof, and no reason to buy again without evidence", async () => {
    for (const vm of [{ state: "error" }, { state: "stopped" }, { state: "a state to come" }, { state: "initial", subscriptionId: "sub-to-come" }]) {
      const account = lost();
      account.onListVms = (call) => {
        if (call === 3) account.addVm({ hostname: "srv8.hstgr.cloud", ...vm });
      };
      await rejectsWithCode(obtainVm(account.session({ purchaseUncertainPolicy: "buy-again-without-evidence" }), ALICE), "PURCHASE_UNCERTAIN", /it may be VM \d+/);
      assert.equal(account.purchases, 0, vm.state);
    }
  });

  it("of an entry that cannot be read, of nobody's name, counts unless it was there before the call", async () => {
    const entry = (id: number) => ({ id, hostname: "srv8.hstgr.cloud", subscriptionId: "sub-8", why: "state: missing" });
    const settings = { purchaseUncertainPolicy: "buy-again-without-evidence" } as const;
    const before = lost();
    before.odd.push(entry(8));
    assert.equal((await obtainVm(before.session(settings), ALICE)).how, "bought");
    const since = lost();
    since.onListVms = (call) => {
      if (call === 3) since.odd.push(entry(8));
    };
    await rejectsWithCode(obtainVm(since.session(settings), ALICE), "PURCHASE_UNCERTAIN", /an entry that cannot be read \(VM 8/);
    assert.equal(since.purchases, 0);
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
