import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { obtainVm, readPurchases, withdrawIntents } from "../../../providers/hostinger/purchase/index.ts";
import { ALICE, FakeAccount } from "../../support/fake-account.ts";
import { RECORD, ago, content, rejectsWithCode, withCalls } from "./cases.ts";

describe("an intent to buy that nobody follows any more", () => {
  const left = (agoMs: number, state: "intended" | "sent" = "intended", movedAgoMs = agoMs) => {
    const account = new FakeAccount();
    account.addScript(RECORD, content(ALICE.hostname, { state, intentMs: 60_000, moves: [{ state, at: ago(movedAgoMs) }] }), ago(agoMs));
    return account;
  };
  const always = () => Promise.resolve(true);

  it("is taken away once its deadline is over", async () => {
    for (const [agoMs, states] of [[63_000, []], [60_000, ["intended"]], [0, ["intended"]]] as const) {
      const account = left(agoMs);
      await withdrawIntents(account.session(), ALICE.hostname, always);
      assert.deepEqual((await readPurchases(account.session(), ALICE.hostname)).map(({ state }) => state), states, `${agoMs} ms`);
    }
  });

  it("is not what was sent since it was looked at, however late", async () => {
    const account = left(600_000);
    const session = account.session();
    const { get } = session.client.scripts;
    await withdrawIntents(withCalls(session, "scripts", {
      get: async (id: number) => {
        account.scripts[0]!.content = content(ALICE.hostname, { state: "sent" });
        return await get(id);
      },
    }), ALICE.hostname, always);
    assert.deepEqual((await readPurchases(account.session(), ALICE.hostname)).map(({ state }) => state), ["sent"]);
    const sent = left(600_000, "sent");
    await withdrawIntents(sent.session(), ALICE.hostname, always);
    assert.equal(sent.scripts.length, 1);
  });

  it("stays while its deadline is not over by the clock of its moves, whatever the other one says", async () => {
    for (const [agoMs, movedAgoMs] of [[7_200_000, 0], [122_000, 20_000], [0, 7_200_000]] as const) {
      const account = left(agoMs, "intended", movedAgoMs);
      await withdrawIntents(account.session(), ALICE.hostname, always);
      assert.equal(account.scripts.length, 1, `${agoMs} ms, ${movedAgoMs} ms`);
    }
  });

  it("stays where somebody goes on meanwhile, who is asked for just before", async () => {
    const account = left(600_000);
    let asked = 0;
    await withdrawIntents(account.session(), ALICE.hostname, () => Promise.resolve(++asked > 1));
    assert.deepEqual([account.scripts.length, asked], [1, 1]);
  });
});

describe("a buyer whose intent was taken away", () => {
  it("buys nothing in that run if it finds so when it looks for others, and there are none", async () => {
    const account = new FakeAccount();
    const session = account.session();
    const { createOrFind } = session.client.scripts;
    const late = withCalls(session, "scripts", {
      createOrFind: async (...given: Parameters<typeof createOrFind>) => {
        const made = await createOrFind(...given);
        account.scripts.splice(0);
        return made;
      },
    });
    await rejectsWithCode(obtainVm(late, ALICE), "API_UNAVAILABLE", /taken away/);
    assert.equal(account.purchases, 0);
    assert.equal((await obtainVm(session, ALICE)).how, "bought");
  });
});
