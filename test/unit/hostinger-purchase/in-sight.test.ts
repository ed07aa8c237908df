import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { DAY_MS, HOUR_MS } from "../../../providers/core/time.ts";
import { readNewestScripts } from "../../../providers/hostinger/purchase/index.ts";
import { recordName } from "../../../providers/hostinger/purchase/record.ts";
import type { PurchaseState } from "../../../providers/hostinger/purchase/states.ts";
import { FakeAccount } from "../../support/fake-account.ts";
import { ago, content, fails, withCalls } from "./cases.ts";

const BOB = "bob.spoq.dev";

/** Bob's record, and scripts of others that were made after it. */
function accountWith(state: PurchaseState, ageMs: number, newer = 40): { account: FakeAccount; id: number } {
  const account = new FakeAccount();
  const { id } = account.addScript(recordName(BOB), content(BOB, { state, ...(state === "seen" && { vmId: 7 }) }), ago(ageMs));
  for (let other = 0; other < newer; other++) account.addScript(`user${other}.spoq.dev`, "#!/bin/sh\n");
  return { account, id };
}
const records = (account: FakeAccount) => account.scripts.filter(({ name }) => name === recordName(BOB));

describe("whoever reads the newest scripts", () => {
  for (const state of ["sent", "uncertain", "accepted"] as const) {
    it(`moves another's record that is '${state}' and left behind to the newest end, with all that it says`, async () => {
      const { account, id } = accountWith(state, DAY_MS);
      const [before] = records(account);
      await readNewestScripts(account.session());
      const [after, ...more] = records(account);
      assert.deepEqual([more, account.scripts.at(-1)], [[], after]);
      assert.ok(after!.id > id);
      const dataOf = (text: string | null) => JSON.parse(/purchase=(.*)/.exec(text!)![1]!) as Record<string, unknown>;
      assert.deepEqual(dataOf(after!.content), { ...dataOf(before!.content), madeAt: before!.createdAt });
    });
  }

  it("leaves alone what its buyer is still at work on, what is seen, closed or only intended, and what is not far behind", async () => {
    const cases: [PurchaseState, number, number?][] = [["accepted", 30_000], ["uncertain", 30_000], ["sent", 60_000], ["seen", DAY_MS], ["closed", DAY_MS], ["intended", DAY_MS], ["accepted", DAY_MS, 20]];
    for (const [state, ageMs, newer] of cases) {
      const { account, id } = accountWith(state, ageMs, newer);
      await readNewestScripts(account.session());
      assert.deepEqual(records(account).map((record) => record.id), [id], `${state}, ${ageMs} ms old`);
    }
  });

  it("brings nothing back that was ended, and undoes nothing that was written, meanwhile", async () => {
    for (const [what, meanwhile, left] of [
      ["ended", (account: FakeAccount) => void account.scripts.splice(0, 1), []],
      ["decided", (account: FakeAccount) => void (account.scripts[0]!.content = content(BOB, { state: "closed" })), ["closed"]],
    ] as const) {
      const { account } = accountWith("uncertain", HOUR_MS);
      const session = account.session();
      const { create } = session.client.scripts;
      await readNewestScripts(withCalls(session, "scripts", {
        create: async (...given: Parameters<typeof create>) => {
          meanwhile(account);
          return await create(...given);
        },
      }));
      assert.deepEqual(records(account).map((record) => /"state":"(\w+)"/.exec(record.content!)![1]), left, what);
    }
  });

  it("reads them also where none can be moved, and moves at most five", async () => {
    const { account } = accountWith("accepted", DAY_MS);
    assert.equal((await readNewestScripts(withCalls(account.session(), "scripts", { create: fails("API_UNAVAILABLE") }))).length, 41);
    assert.match(account.reports.join("\n"), /records of purchases could not be moved/);
    const many = new FakeAccount();
    const names = Array.from({ length: 60 }, (_, place) => `user${String(place).padStart(2, "0")}.spoq.dev`);
    for (const name of names) many.addScript(recordName(name), content(name, { state: "accepted" }), ago(DAY_MS));
    await readNewestScripts(many.session());
    assert.deepEqual(many.scripts.slice(-5).map(({ name }) => name), names.slice(0, 5).map(recordName), "the furthest behind first");
  });
});
