import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../providers/core/time.ts";
import { readNewestScripts } from "../../../providers/hostinger/purchase/index.ts";
import { recordName } from "../../../providers/hostinger/purchase/record.ts";
import type { PurchaseState } from "../../../providers/hostinger/purchase/states.ts";
import { FakeAccount } from "../../support/fake-account.ts";
import { ago, content, fails, withCalls } from "./cases.ts";

const BOB = "bob.spoq.dev";

/** Bob's record, and scripts of others that were made after it. */
function accountWith(state: PurchaseState, ageMs: number, newer = 40): { account: FakeAccount; id: number } {
  const account = new FakeAccount();
  const { id } = account.addScript(recordName(BOB), content(BOB, { state, moves: [{ state: "intended", at: ago(DAY_MS) }, { state, at: ago(ageMs) }], ...(state === "seen" && { vmId: 7 }) }), ago(DAY_MS));
  for (let other = 0; other < newer; other++) account.addScript(`user${other}.spoq.dev`, "#!/bin/sh\n");
  return { account, id };
}
function openContent(hostname: string): string {
  return content(hostname, { state: "accepted", moves: [{ state: "accepted", at: ago(DAY_MS) }] });
}
function addOthers(account: FakeAccount, count: number): void {
  for (let other = 0; other < count; other++) account.addScript("a setup script", "#!/bin/sh\n");
}
const records = (account: FakeAccount) => account.scripts.filter(({ name }) => name === recordName(BOB));

describe("whoever reads the newest scripts", () => {
  for (const state of ["sent", "uncertain", "refused", "accepted"] as const) {
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

  it("leaves alone what was written less than an hour ago, what is seen, closed or only intended, and what is not far behind", async () => {
    const cases: [PurchaseState, number, number?][] = [["accepted", 45 * MINUTE_MS], ["uncertain", 45 * MINUTE_MS], ["sent", 45 * MINUTE_MS], ["seen", DAY_MS], ["closed", DAY_MS], ["intended", DAY_MS], ["accepted", DAY_MS, 20]];
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
      const { account } = accountWith("uncertain", 2 * HOUR_MS);
      const session = account.session();
      const { createOrFind } = session.client.scripts;
      await readNewestScripts(withCalls(session, "scripts", {
        createOrFind: async (...given: Parameters<typeof createOrFind>) => {
          meanwhile(account);
          return await createOrFind(...given);
        },
      }));
      assert.deepEqual(records(account).map((record) => /"state":"(\w+)"/.exec(record.content!)![1]), left, what);
    }
  });

  it("reads them also where none can be moved, and moves at most two", async () => {
    const { account } = accountWith("accepted", DAY_MS);
    assert.equal((await readNewestScripts(withCalls(account.session(), "scripts", { createOrFind: fails("API_UNAVAILABLE") }))).length, 41);
    assert.match(account.reports.join("\n"), /records of purchases could not be moved/);
    const many = new FakeAccount();
    const names = Array.from({ length: 60 }, (_, place) => `user${String(place).padStart(2, "0")}.spoq.dev`);
    for (const name of names) many.addScript(recordName(name), openContent(name), ago(DAY_MS));
    addOthers(many, 25);
    await readNewestScripts(many.session());
    assert.deepEqual(many.scripts.slice(-2).map(({ name }) => name), names.slice(0, 2).map(recordName), "the furthest behind first");
  });

  for (const open of [15, 30, 60]) {
    it(`moves one only when 25 scripts that are no open records are newer: ${open} that stay open cost few calls`, async () => {
      const account = new FakeAccount();
      for (let n = 0; n < open; n++) account.addScript(recordName(`user${n}.spoq.dev`), openContent(`user${n}.spoq.dev`), ago(DAY_MS));
      const calls: number[] = [];
      for (let signup = 0; signup < 100; signup++) {
        let made = 0;
        const { scripts } = account.session().client;
        const counted = Object.fromEntries(Object.entries(scripts).map(([name, call]) => [name, async (...given: unknown[]) => (made++, await (call as (...given: unknown[]) => unknown)(...given))]));
        await readNewestScripts(withCalls(account.session(), "scripts", counted));
        calls.push(made);
        addOthers(account, 1);
        const newest = account.scripts.slice(-51);
        if (open === 15) assert.equal(newest.filter(({ name }) => name.startsWith(recordName(""))).length, open, `in sight after signup ${signup}`);
      }
      assert.deepEqual(calls.slice(0, 25), Array.from({ length: 25 }, () => 1));
      assert.ok(Math.max(...calls) <= 1 + 2 * 5, String(calls));
    });
  }
});
