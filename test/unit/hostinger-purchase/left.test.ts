import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { DAY_MS } from "../../../providers/core/time.ts";
import { abandonPurchase, leftPurchases } from "../../../providers/hostinger/purchase/index.ts";
import type { PurchaseData } from "../../../providers/hostinger/purchase/record.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { ago, content, RECORD } from "./cases.ts";

const OF_ALICE = { hostname: ALICE.hostname, owner: "user_a" };

function accountWith(data: Partial<PurchaseData>, ageMs: number): FakeAccount {
  const account = new FakeAccount();
  account.addScript(RECORD, content(ALICE.hostname, { owner: "user_a", ...data }), ago(ageMs));
  return account;
}
const look = async (account: FakeAccount) => await leftPurchases(account.session({ purchaseSettleMs: 600_000 }), OF_ALICE);

describe("a purchase of a user who is given up", () => {
  it("is still to come for as long as its order stands, however long ago it was sent", async () => {
    const account = accountWith({ state: "accepted", subscriptionId: "sub-1" }, 29 * DAY_MS);
    assert.deepEqual((await look(account)).map(({ isStillToCome }) => isStillToCome), [true]);
    account.addSubscription({ id: "sub-1", status: "cancelled" });
    assert.deepEqual((await look(account)).map(({ isStillToCome }) => isStillToCome), [false]);
  });

  it("in doubt is still to come until the settle time is over", async () => {
    assert.deepEqual((await look(accountWith({ state: "uncertain" }, 10))).map(({ isStillToCome }) => isStillToCome), [true]);
    assert.deepEqual((await look(accountWith({ state: "uncertain" }, DAY_MS))).map(({ isStillToCome }) => isStillToCome), [false]);
  });

  it("that was refused is not to come where nothing shows of it", async () => {
    const account = accountWith({ state: "refused" }, 10);
    const byHand = account.addVm({ hostname: "srv9.hstgr.cloud" });
    assert.deepEqual((await look(account)).map(({ vmId, isStillToCome }) => [vmId, isStillToCome]), [[undefined, true]]);
    byHand.hostname = "bob.spoq.dev";
    assert.deepEqual((await look(account)).map(({ vmId, isStillToCome }) => [vmId, isStillToCome]), [[undefined, false]]);
  });

  it("is not renewed, also where its VM does not name the subscription that pays it", async () => {
    const account = accountWith({ state: "accepted", subscriptionId: "sub-1" }, 60_000);
    account.addSubscription({ id: "sub-1", isAutoRenewed: true });
    const vm = account.addVm({ hostname: ALICE.hostname, subscriptionId: null });
    const [left] = await look(account);
    assert.deepEqual([left?.vmId, left?.isStillToCome], [vm.id, false]);
    await abandonPurchase(account.session(), left!);
    assert.deepEqual([account.subscriptions[0]?.isAutoRenewed, account.scripts], [false, []]);
  });

  it("is ended also where its record was moved to another id since it was looked at", async () => {
    const account = accountWith({ state: "accepted" }, DAY_MS);
    const [left] = await look(account);
    account.scripts[0] = { ...account.scripts[0]!, id: 999 };
    await abandonPurchase(account.session(), left!);
    assert.deepEqual(account.scripts, []);
  });
});
