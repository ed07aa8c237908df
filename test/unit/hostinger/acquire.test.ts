import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { acquire } from "../../../providers/hostinger/acquire.ts";
import { markName } from "../../../providers/hostinger/purchase-mark.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";

const MARK = markName("alice.spoq.dev");

function markContent(lifeMs: number): string {
  return `# at=${Date.now()} lifeMs=${lifeMs}\n`;
}

async function rejectsWithCode(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof UserVpsError && error.code === code);
}

describe("acquiring a VM", () => {
  it("buys one where there is none, and leaves no mark behind", async () => {
    const account = new FakeAccount();
    const acquired = await acquire(account.session(), ALICE);
    assert.equal(acquired.how, "bought");
    assert.equal(acquired.orderId, "o-1");
    assert.equal(account.purchases, 1);
    assert.deepEqual(account.scripts, []);
  });

  it("adopts the VM of the host name, whatever the case of its letters, instead of buying", async () => {
    const account = new FakeAccount();
    const vm = account.addVm({ hostname: "Alice.Spoq.dev" });
    assert.deepEqual(await acquire(account.session(), ALICE), { vmId: vm.id, how: "adopted", orderId: undefined });
    assert.equal(account.purchases, 0);
  });

  it("does not adopt a VM that is being destroyed", async () => {
    const account = new FakeAccount();
    account.addVm({ hostname: "alice.spoq.dev", state: "destroyed" });
    assert.equal((await acquire(account.session(), ALICE)).how, "bought");
  });

  it("refuses a VM of the host name that is not as declared", async () => {
    const account = new FakeAccount();
    account.addVm({ hostname: "alice.spoq.dev", plan: "KVM 8" });
    await rejectsWithCode(acquire(account.session(), ALICE), "VM_MISMATCH");
    assert.equal(account.purchases, 0);
  });

  it("buys nothing where the stack may not", async () => {
    const account = new FakeAccount();
    await rejectsWithCode(acquire(account.session(), { ...ALICE, allowPurchase: false }), "PURCHASE_NOT_ALLOWED");
    assert.equal(account.purchases, 0);
  });

  it("finds the VM when the purchase took effect but its answer was lost", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-after-effect"];
    const acquired = await acquire(account.session(), ALICE);
    assert.equal(acquired.how, "interrupted");
    assert.equal(account.purchases, 1);
    assert.deepEqual(account.scripts, []);
  });

  it("starts over when the purchase was lost without effect, after looking for its VM", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-before-effect"];
    assert.equal((await acquire(account.session(), ALICE)).how, "bought");
    assert.equal(account.purchases, 1);
  });

  it("gives up after three lost purchases, without a mark", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-before-effect", "lost-before-effect", "lost-before-effect"];
    await rejectsWithCode(acquire(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    assert.deepEqual(account.scripts, []);
  });

  it("fails at once, without a mark, when the payment is refused", async () => {
    const account = new FakeAccount();
    account.outcomes = [new UserVpsError("PAYMENT_REFUSED", "card declined")];
    await rejectsWithCode(acquire(account.session(), ALICE), "PAYMENT_REFUSED");
    assert.deepEqual(account.scripts, []);
  });

  it("keeps the mark when the purchase ends in a way that tells nothing", async () => {
    const account = new FakeAccount();
    account.outcomes = [new Error("something else broke")];
    await assert.rejects(acquire(account.session(), ALICE), /something else broke/);
    assert.equal(account.scripts.filter((script) => script.name === MARK).length, 1);
  });

  it("waits for an accepted order whose answer names no VM", async () => {
    const account = new FakeAccount();
    account.outcomes = ["unnamed"];
    const acquired = await acquire(account.session(), ALICE);
    assert.deepEqual([acquired.how, acquired.orderId, account.purchases], ["bought", "o-1", 1]);
  });

  it("buys nothing more after an accepted order whose VM does not show up, in this run and the next", async () => {
    const account = new FakeAccount();
    account.outcomes = ["unnamed"];
    account.onListVms = () => void account.vms.splice(0);
    await rejectsWithCode(acquire(account.session({ runningTimeoutMs: 100 }), ALICE), "PURCHASE_UNCERTAIN");
    await rejectsWithCode(acquire(account.session({ runningTimeoutMs: 100 }), ALICE), "PURCHASE_UNCERTAIN");
    assert.equal(account.purchases, 1);
  });

  it("waits for the VM of an orphaned run that marked its intent before", async () => {
    const account = new FakeAccount();
    account.addScript(MARK, markContent(60_000));
    account.onListVms = (call) => {
      if (call === 3) account.addVm({ hostname: "alice.spoq.dev" });
    };
    const acquired = await acquire(account.session(), ALICE);
    assert.equal(acquired.how, "interrupted");
    assert.equal(account.purchases, 0);
    assert.deepEqual(account.scripts, []);
  });

  it("buys when the purchase of an orphaned run can no longer land", async () => {
    const account = new FakeAccount();
    account.addScript(MARK, markContent(1_200));
    const startMs = Date.now();
    assert.equal((await acquire(account.session(), ALICE)).how, "bought");
    assert.ok(Date.now() - startMs >= 1_100, "it waited for the mark to end");
    assert.equal(account.purchases, 1);
    assert.deepEqual(account.scripts, []);
  });

  it("ignores marks of other host names", async () => {
    const account = new FakeAccount();
    account.addScript(markName("bob.spoq.dev"), markContent(60_000));
    assert.equal((await acquire(account.session(), ALICE)).how, "bought");
    assert.equal(account.scripts.length, 1);
  });

  it("looks once more after its mark, and adopts what came in between", async () => {
    const account = new FakeAccount();
    account.onListVms = (call) => {
      if (call === 2) account.addVm({ hostname: "alice.spoq.dev" });
    };
    assert.equal((await acquire(account.session(), ALICE)).how, "interrupted");
    assert.equal(account.purchases, 0);
  });

  it("buys one VM when several runs start at the same instant", async () => {
    const account = new FakeAccount();
    const acquired = await Promise.all(Array.from({ length: 8 }, () => acquire(account.session(), ALICE)));
    assert.equal(account.purchases, 1);
    assert.equal(new Set(acquired.map(({ vmId }) => vmId)).size, 1);
  });

  it("sets up a VM that was bought but never set up, when the answer was lost", async () => {
    const account = new FakeAccount();
    account.outcomes = ["lost-before-effect"];
    const older = account.addVm({ hostname: "srv1.hstgr.cloud", state: "initial", createdAt: new Date(Date.now() - 60_000).toISOString() });
    let unfinished: { id: number } | undefined;
    account.onListVms = (call) => {
      if (call === 3) unfinished = account.addVm({ hostname: "srv2.hstgr.cloud", state: "initial" });
    };
    const acquired = await acquire(account.session(), ALICE);
    assert.equal(acquired.vmId, unfinished?.id);
    assert.equal(account.purchases, 0);
    assert.equal(older.hostname, "srv1.hstgr.cloud");
  });

  it("does not adopt the VM that is to be given up for a new one", async () => {
    const account = new FakeAccount();
    const old = account.addVm({ hostname: "alice.spoq.dev", plan: "KVM 8" });
    const acquired = await acquire(account.session(), { ...ALICE, allowReplaceOf: old.id });
    assert.equal(acquired.how, "bought");
  });

  it("ends its wait when it is cancelled", async () => {
    const account = new FakeAccount();
    account.addScript(MARK, markContent(60_000));
    const cancel = AbortSignal.timeout(100);
    await assert.rejects(acquire(account.session({}, cancel), ALICE), (error) => error === cancel.reason);
    assert.equal(account.purchases, 0);
  });
});
