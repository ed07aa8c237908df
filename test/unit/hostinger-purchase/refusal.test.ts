import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { DAY_MS } from "../../../providers/core/time.ts";
import type { PurchaseOutcome } from "../../../providers/hostinger/api/client.ts";
import { obtainVm, readPurchases } from "../../../providers/hostinger/purchase/index.ts";
import { recordName } from "../../../providers/hostinger/purchase/record.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { RECORD, ago, content, fails, rejectsWithCode, withCalls } from "./cases.ts";

const refused = (more: object = {}): PurchaseOutcome => ({ kind: "refused", error: new UserVpsError("API_REJECTED", "The template is invalid.", { status: 422 }), ...more });
const cameToNothing = (subscriptionId: string): PurchaseOutcome => ({ kind: "refused", subscriptionId, error: new UserVpsError("PAYMENT_REFUSED", "Order o-1 is 'failed'.") });

describe("a refusal of the purchase", () => {
  it("whose VM is there all the same, not set up: it is found, and nothing is bought again", async () => {
    const account = new FakeAccount();
    account.outcomes = ["setup-refused"];
    const { vmId, how } = await obtainVm(account.session(), ALICE);
    assert.deepEqual([account.vms.map(({ id }) => id), how, account.purchases], [[vmId], "interrupted", 1]);
    const [record] = await readPurchases(account.session(), ALICE.hostname);
    assert.match(record?.reason ?? "", /not available for this item.*VM \d+ is there/);
  });

  it("that only its words tell to be about the payment is looked at as any other: they may tell of one that was made", async () => {
    for (const [status, listsOfVms, code] of [[422, 3, "NOT_YET"], [402, 1, "PAYMENT_REFUSED"]] as const) {
      const account = new FakeAccount();
      account.outcomes = [{ kind: "refused", error: new UserVpsError("PAYMENT_REFUSED", "The payment was taken, but the setup failed.", { status }) }];
      let lists = 0;
      account.onListVms = (call) => {
        lists = call;
        if (call === 2) account.addSubscription({});
      };
      await rejectsWithCode(obtainVm(account.session({ patience: "none", purchaseSettleMs: 600_000 }), ALICE), code);
      assert.deepEqual([lists, account.scripts.length], [listsOfVms, status === 422 ? 1 : 0]);
    }
  });

  for (const state of ["error", "stopped", "a state to come"]) {
    it(`whose VM is there all the same in the state '${state}' is a doubt, and no reason to buy another`, async () => {
      const account = new FakeAccount();
      account.outcomes = [refused()];
      account.onListVms = (call) => {
        if (call === 2) account.addVm({ hostname: "srv7.hstgr.cloud", state, subscriptionId: account.addSubscription({}).id });
      };
      await rejectsWithCode(obtainVm(account.session({ purchaseUncertainPolicy: "buy-again-without-evidence" }), ALICE), "PURCHASE_UNCERTAIN", /it may be VM \d+ \(srv7\.hstgr\.cloud/);
      await rejectsWithCode(obtainVm(account.session({ purchaseUncertainPolicy: "buy-again-without-evidence" }), ALICE), "PURCHASE_UNCERTAIN");
      assert.deepEqual([account.purchases, account.scripts.length], [0, 1]);
    });
  }

  it("is a doubt as long as a subscription shows that nobody has a VM of", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    account.onListVms = (call) => {
      if (call === 2) account.addSubscription({});
    };
    await rejectsWithCode(obtainVm(account.session({ patience: "none", purchaseSettleMs: 600_000 }), ALICE), "NOT_YET");
    assert.equal((await readPurchases(account.session(), ALICE.hostname))[0]?.state, "refused");
  });

  it("is what the run ends with once that which showed is another's by its host name", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    const { id: subscriptionId } = account.addSubscription({ createdAt: null });
    account.onListVms = (call) => {
      if (call !== 2) return;
      account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "sent" }));
      account.subscriptions[0]!.createdAt = new Date().toISOString();
    };
    const session = account.session({ patience: "none", purchaseSettleMs: 600_000 });
    await rejectsWithCode(obtainVm(session, ALICE), "NOT_YET");
    account.addVm({ hostname: "bob.spoq.dev", subscriptionId });
    await rejectsWithCode(obtainVm(session, ALICE), "API_REJECTED", /^API_REJECTED: The template is invalid\. Next/);
    assert.deepEqual(await readPurchases(account.session(), ALICE.hostname), []);
  });

  it("stays a doubt while what showed is not another's for certain, whatever state it comes to and whatever a list lacks", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    account.onListVms = (call) => {
      if (call !== 2) return;
      account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "sent" }));
      account.addVm({ hostname: "srv7.hstgr.cloud", state: "initial", subscriptionId: account.addSubscription({}).id });
    };
    const session = account.session({ patience: "none", purchaseSettleMs: 600_000 });
    const isInDoubt = () => rejectsWithCode(obtainVm(session, ALICE), "NOT_YET");
    await isInDoubt();
    const vm = account.vms[0]!;
    for (const state of ["error", "stopped", "suspended", "recreating"] as const) {
      vm.state = state;
      await isInDoubt();
    }
    const subscriptions = account.subscriptions.splice(0);
    await isInDoubt();
    account.subscriptions.push(...subscriptions);
    const vms = account.vms.splice(0);
    await isInDoubt();
    account.vms.push(...vms);
    assert.equal(account.purchases, 0);
    vm.hostname = "bob.spoq.dev";
    await rejectsWithCode(obtainVm(session, ALICE), "API_REJECTED");
  });

  it("is not in doubt for what is made long after it", async () => {
    const account = new FakeAccount();
    const moves = [{ state: "sent" as const, at: ago(3_600_000) }, { state: "refused" as const, at: ago(3_590_000) }];
    const refusal = { code: "API_REJECTED" as const, said: "The template is invalid.", vmIds: [], subscriptionIds: [] };
    account.addScript(RECORD, content(ALICE.hostname, { state: "refused", refusal, moves }), ago(3_600_000));
    // A VM whose order was paid at the time of the call is made later.
    const late = account.addVm({ hostname: "srv9.hstgr.cloud", state: "initial", subscriptionId: account.addSubscription({ createdAt: ago(3_595_000) }).id });
    account.addVm({ hostname: "srv10.hstgr.cloud", state: "initial", subscriptionId: account.addSubscription({ createdAt: ago(1_000) }).id });
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    late.hostname = "bob.spoq.dev";
    await rejectsWithCode(obtainVm(account.session(), ALICE), "API_REJECTED");
    assert.equal(account.purchases, 0);
  });

  it("is in doubt for what was made before it was written down, by the clock that tells both", async () => {
    const account = new FakeAccount();
    const moves = [{ state: "sent" as const, at: ago(3_600_000) }, { state: "refused" as const, at: ago(3_590_000) }];
    const refusal = { code: "API_REJECTED" as const, said: "The template is invalid.", vmIds: [], subscriptionIds: [] };
    account.addScript(RECORD, content(ALICE.hostname, { state: "refused", refusal, moves }), ago(3_600_000)).updatedAt = ago(3_000_000);
    account.addVm({ hostname: "srv9.hstgr.cloud", state: "initial", subscriptionId: account.addSubscription({ createdAt: ago(3_100_000) }).id });
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN");
    assert.equal(account.purchases, 0);
  });

  it("is a doubt where something shows that does not tell when it was made", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    account.onListVms = (call) => {
      if (call === 2) account.addVm({ hostname: "srv9.hstgr.cloud", state: "initial", createdAt: null });
    };
    await rejectsWithCode(obtainVm(account.session({ patience: "none", purchaseSettleMs: 600_000 }), ALICE), "NOT_YET");
    assert.deepEqual([(await readPurchases(account.session(), ALICE.hostname))[0]?.state, account.purchases], ["refused", 0]);
  });

  it("is none where what does not tell when it was made was there before the call", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    const { id: subscriptionId } = account.addSubscription({ createdAt: null });
    account.addVm({ hostname: "srv9.hstgr.cloud", createdAt: null });
    account.addVm({ hostname: "srv10.hstgr.cloud", subscriptionId, createdAt: null });
    await rejectsWithCode(obtainVm(account.session({ patience: "none", purchaseSettleMs: 600_000 }), ALICE), "API_REJECTED");
    assert.deepEqual([account.scripts, account.purchases], [[], 0]);
  });

  it("in doubt for something else is over when that is another's, whatever was there before the call", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    account.addVm({ hostname: "srv9.hstgr.cloud", createdAt: null });
    account.addVm({ hostname: "srv10.hstgr.cloud", subscriptionId: account.addSubscription({ createdAt: null }).id, createdAt: null });
    account.onListVms = (call) => {
      if (call === 2) account.addVm({ hostname: "srv11.hstgr.cloud", createdAt: null });
    };
    const session = account.session({ patience: "none", purchaseSettleMs: 600_000 });
    await rejectsWithCode(obtainVm(session, ALICE), "NOT_YET");
    account.vms.at(-1)!.hostname = "bob.spoq.dev";
    await rejectsWithCode(obtainVm(session, ALICE), "API_REJECTED");
  });

  it("beside which nobody but this purchase can have made a subscription is followed to the VM of that one", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    account.onListVms = (call) => {
      if (call === 2) account.addSubscription({});
    };
    const session = account.session({ patience: "none", purchaseSettleMs: 600_000 });
    await rejectsWithCode(obtainVm(session, ALICE), "NOT_YET");
    const { id } = account.addVm({ hostname: "srv6.hstgr.cloud", state: "initial", subscriptionId: account.subscriptions[0]!.id });
    assert.deepEqual([(await obtainVm(session, ALICE)).vmId, account.purchases], [id, 0]);
  });

  it("leaves alone what merely is new later, and takes a VM of its host name", async () => {
    const account = new FakeAccount();
    const data = { code: "API_REJECTED" as const, said: "The template is invalid.", vmIds: [], subscriptionIds: [] };
    account.addScript(RECORD, content(ALICE.hostname, { state: "refused", refusal: data }), ago(60_000));
    const byHand = account.addVm({ hostname: "srv9.hstgr.cloud" });
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN", new RegExp(`it may be VM ${byHand.id}`));
    const own = account.addVm({ hostname: ALICE.hostname });
    assert.equal((await obtainVm(account.session(), ALICE)).vmId, own.id);
  });

  it("closes the purchase where all that is new is another's by its record", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    account.onListVms = (call) => {
      if (call !== 2) return;
      const bobs = account.addVm({ hostname: "srv8.hstgr.cloud", state: "initial" });
      account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "seen", vmId: bobs.id }));
    };
    await rejectsWithCode(obtainVm(account.session({ purchaseSettleMs: 600_000 }), ALICE), "API_REJECTED");
    assert.deepEqual(await readPurchases(account.session(), ALICE.hostname), []);
  });

  it("is a doubt where the lists cannot be asked", async () => {
    const account = new FakeAccount();
    account.outcomes = [refused()];
    const session = account.session();
    const { listEntries } = session.client.virtualMachines;
    let lists = 0;
    const broken = withCalls(session, "virtualMachines", { listEntries: async (...given: Parameters<typeof listEntries>) => (++lists > 1 ? fails("API_UNREACHABLE")() : listEntries(...given)) });
    await rejectsWithCode(obtainVm(broken, ALICE), "API_UNREACHABLE");
    assert.equal((await readPurchases(account.session(), ALICE.hostname))[0]?.state, "refused");
    await rejectsWithCode(obtainVm(account.session(), ALICE), "API_REJECTED");
    assert.deepEqual(account.scripts, []);
  });

  it("leaves nothing behind in a run that was cancelled meanwhile", async () => {
    const account = new FakeAccount();
    const gone = new AbortController();
    const session = account.session({}, gone.signal);
    const { listEntries } = session.client.virtualMachines;
    const cancelled = withCalls(session, "virtualMachines", {
      listEntries: async (call: { signal: AbortSignal | null }) => {
        call.signal?.throwIfAborted();
        return await listEntries();
      },
      purchase: async () => {
        gone.abort(new Error("cancelled"));
        return refused();
      },
    });
    await rejectsWithCode(obtainVm(cancelled, ALICE), "API_REJECTED");
    assert.deepEqual(account.scripts, []);
  });
});

describe("an order that came to nothing by its answer, and names a subscription", () => {
  it("is a doubt while that subscription is listed and not cancelled", async () => {
    for (const [status, code, records] of [["active", "NOT_YET", 1], ["cancelled", "PAYMENT_REFUSED", 0]] as const) {
      const account = new FakeAccount();
      account.outcomes = [cameToNothing("sub-1")];
      account.onListVms = (call) => {
        if (call === 2) account.addSubscription({ id: "sub-1", status });
      };
      await rejectsWithCode(obtainVm(account.session({ patience: "none", purchaseSettleMs: 600_000 }), ALICE), code);
      assert.equal(account.scripts.length, records, status);
    }
  });

  it("is over where that subscription is not listed", async () => {
    const account = new FakeAccount();
    account.outcomes = [cameToNothing("sub-1")];
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PAYMENT_REFUSED");
    assert.deepEqual(account.scripts, []);
  });

  it("is judged by that subscription alone, whatever else is new", async () => {
    for (const isListed of [false, true]) {
      const account = new FakeAccount();
      account.outcomes = [cameToNothing("sub-1")];
      account.onListVms = (call) => {
        if (call !== 2) return;
        const bobs = account.addVm({ hostname: "srv8.hstgr.cloud", state: "initial", subscriptionId: account.addSubscription({}).id });
        account.addScript(recordName("bob.spoq.dev"), content("bob.spoq.dev", { state: "seen", vmId: bobs.id }));
        if (isListed) account.addSubscription({ id: "sub-1", createdAt: null });
      };
      const session = account.session({ patience: "none", purchaseSettleMs: 600_000 });
      await rejectsWithCode(obtainVm(session, ALICE), isListed ? "NOT_YET" : "PAYMENT_REFUSED");
      if (!isListed) continue;
      const [known] = account.subscriptions.splice(-1);
      await rejectsWithCode(obtainVm(session, ALICE), "NOT_YET"); // It is missing from one list, which proves nothing.
      account.subscriptions.push({ ...known!, status: "cancelled" });
      await rejectsWithCode(obtainVm(session, ALICE), "PAYMENT_REFUSED", /Order o-1 is 'failed'/);
    }
  });

  it("is a doubt where another's VM of before has it, which stays theirs", async () => {
    const account = new FakeAccount();
    account.addVm({ hostname: "bob.spoq.dev", subscriptionId: "sub-of-bob", createdAt: ago(DAY_MS) });
    account.outcomes = [cameToNothing("sub-of-bob")];
    await rejectsWithCode(obtainVm(account.session(), ALICE), "PURCHASE_UNCERTAIN", /the subscription sub-of-bob of VM/);
  });
});
