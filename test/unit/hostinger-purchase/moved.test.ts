import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { DAY_MS } from "../../../providers/core/time.ts";
import { obtainVm, readNewestScripts, readPurchases } from "../../../providers/hostinger/purchase/index.ts";
import type { PurchaseRecord } from "../../../providers/hostinger/purchase/index.ts";
import { follow } from "../../../providers/hostinger/purchase/follow.ts";
import { parseRecord } from "../../../providers/hostinger/purchase/record.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { ago, content, RECORD, withCalls } from "./cases.ts";

/** Alice's record of yesterday, with so many newer scripts that whoever comes moves it. */
function leftBehind(): { account: FakeAccount; id: number; record: PurchaseRecord } {
  const account = new FakeAccount();
  const text = content(ALICE.hostname, { state: "uncertain", moves: [{ state: "uncertain", at: ago(DAY_MS) }] });
  const script = account.addScript(RECORD, text, ago(DAY_MS));
  for (let other = 0; other < 40; other++) account.addScript(`user${other}.spoq.dev`, "#!/bin/sh\n");
  return { account, id: script.id, record: parseRecord({ ...script, content: text }) };
}
/** As another one moves it. */
function move(account: FakeAccount): void {
  const place = account.scripts.findIndex(({ name }) => name === RECORD);
  const [script] = account.scripts.splice(place, 1);
  account.scripts.push({ ...script!, id: 999 });
}
const states = async (account: FakeAccount) => (await readPurchases(account.session(), ALICE.hostname)).map(({ state }) => state);

describe("a record that another one moves to the newest scripts", () => {
  it("when its buyer has just written down the VM keeps nobody from replacing that VM", async () => {
    const { account, id, record } = leftBehind();
    const vm = account.addVm({ hostname: ALICE.hostname });
    const session = account.session();
    const { delete: remove } = session.client.scripts;
    await readNewestScripts(withCalls(session, "scripts", {
      delete: async (...given: Parameters<typeof remove>) => {
        if (given[0] === id) assert.equal((await follow(account.session(), ALICE, record))?.recordId, id);
        return await remove(...given);
      },
    }));
    assert.deepEqual(await states(account), ["uncertain"], "the copy");
    const { how, vmId } = await obtainVm(account.session({ patience: "none" }), { ...ALICE, allowReplaceOf: vm.id });
    assert.deepEqual([how, vmId === vm.id, account.purchases, await states(account)], ["bought", false, 1, ["seen"]]);
  });

  it("is not what has become the VM that is replaced if it was made after that one", async () => {
    const account = new FakeAccount();
    const vm = account.addVm({ hostname: ALICE.hostname, createdAt: ago(DAY_MS) });
    account.addScript(RECORD, content(ALICE.hostname, { state: "uncertain" }), ago(60_000));
    await assert.rejects(obtainVm(account.session(), { ...ALICE, allowReplaceOf: vm.id }), /PURCHASE_UNCERTAIN/);
    assert.equal(account.purchases, 0);
  });

  it("stays another owner's, whenever the VM that is replaced was made", async () => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state: "uncertain", owner: "other-backend" }), ago(60_000));
    const vm = account.addVm({ hostname: ALICE.hostname });
    await assert.rejects(obtainVm(account.session(), { ...ALICE, owner: "this-backend", allowReplaceOf: vm.id }), /VM_NOT_OURS/);
    assert.deepEqual([account.purchases, await states(account)], [0, ["uncertain"]]);
  });

  it("right after its buyer's write is written to where it is now", async () => {
    const { account } = leftBehind();
    const vm = account.addVm({ hostname: ALICE.hostname });
    const session = account.session();
    const { update } = session.client.scripts;
    let writes = 0;
    const { vmId, recordId } = await obtainVm(withCalls(session, "scripts", {
      update: async (...given: Parameters<typeof update>) => {
        const before = account.scripts.find(({ name }) => name === RECORD)!.content;
        const script = await update(...given);
        if (++writes === 1) {
          move(account);
          account.scripts.at(-1)!.content = before;
        }
        return script;
      },
    }), ALICE);
    assert.deepEqual([vmId, recordId, await states(account)], [vm.id, 999, ["seen"]]);
  });

  it("while its buyer's call goes on is written to where it is by then", async () => {
    const account = new FakeAccount();
    const session = account.session();
    const { purchase } = session.client.virtualMachines;
    const { recordId } = await obtainVm(withCalls(session, "virtualMachines", {
      purchase: async (...given: Parameters<typeof purchase>) => {
        move(account);
        return await purchase(...given);
      },
    }), ALICE);
    assert.deepEqual([recordId, await states(account)], [999, ["seen"]]);
  });
});
