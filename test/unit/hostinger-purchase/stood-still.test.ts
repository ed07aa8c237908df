import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { sleep } from "../../../providers/core/time.ts";
import { obtainVm } from "../../../providers/hostinger/purchase/index.ts";
import { recordContent, recordName } from "../../../providers/hostinger/purchase/record.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";

/** The buyer's intent is taken away, and its VM bought by another. */
function anotherBuys(account: FakeAccount): void {
  account.scripts.splice(0);
  const { id: vmId } = account.addVm({ hostname: ALICE.hostname });
  account.addScript(recordName(ALICE.hostname), recordContent(ALICE.hostname, { key: "another", intentMs: 100, state: "seen", moves: [], vmId }, Date.now()));
}

describe("a buyer that stood still while another one bought goes on with that one's VM", () => {
  it("if it stood before its look at the others' records", async () => {
    const account = new FakeAccount();
    const session = account.session();
    const { createOrFind } = session.client.scripts;
    Object.assign(session.client, {
      scripts: {
        ...session.client.scripts,
        createOrFind: async (...given: Parameters<typeof createOrFind>): ReturnType<typeof createOrFind> => {
          const made = await createOrFind(...given);
          anotherBuys(account);
          return made;
        },
      },
    });
    assert.deepEqual([(await obtainVm(session, ALICE)).vmId, account.purchases, account.scripts.length], [account.vms[0]?.id, 0, 1]);
  });

  it("if it stood before its look at the VMs", async () => {
    const account = new FakeAccount();
    account.onListVms = (call) => {
      if (call === 1) anotherBuys(account);
    };
    assert.deepEqual([(await obtainVm(account.session(), ALICE)).vmId, account.purchases, account.scripts.length], [account.vms[0]?.id, 0, 1]);
  });
});

/** After its look at the VMs, which sees nothing, the buyer stands still for as long as the doubt lasts, and the VM that was bought shows. */
function sleepsInLook(account: FakeAccount, settings: Parameters<FakeAccount["session"]>[0]): ReturnType<FakeAccount["session"]> {
  const session = account.session({ ...settings, purchaseSettleMs: 300 });
  const { list } = session.client.subscriptions;
  let isLooking = false;
  account.outcomes = ["lost-before-effect"];
  account.onListVms = (call) => { isLooking = call === 2; };
  Object.assign(session.client.subscriptions, {
    list: async (...given: Parameters<typeof list>): ReturnType<typeof list> => {
      const before = await list(...given);
      if (!isLooking) return before;
      isLooking = false;
      await sleep(400);
      account.addVm({ hostname: "srv2.hstgr.cloud", state: "initial" });
      return before;
    },
  });
  return session;
}

describe("a buyer that stood still after a look that saw nothing looks again before it makes anything of it", () => {
  for (const purchaseUncertainPolicy of ["ask", "buy-again-without-evidence"] as const) {
    it(`with the policy '${purchaseUncertainPolicy}'`, async () => {
      const account = new FakeAccount();
      const { vmId } = await obtainVm(sleepsInLook(account, { purchaseUncertainPolicy }), ALICE);
      assert.deepEqual([vmId, account.purchases, account.vms.length], [account.vms[0]?.id, 0, 1]);
    });
  }
});
