import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { newBuyer, obtain, obtainOnce, replaceCalls } from "../support/buyers.ts";
import type { Buyer, Ending } from "../support/buyers.ts";
import { ANSWERS, CRASHES, ordersOf, playCell } from "../support/purchase-table.ts";

describe.concurrent("one order and the same VM for the next buyer, wherever the first one dies, if the purchase is answered by", () => {
  for (const answer of ANSWERS) {
    it(answer.name, async () => {
      const wrong = await Promise.all(CRASHES.map((crash) => playCell(answer, crash)));
      assert.deepEqual(wrong.flat(), []);
    });
  }
});

/** A list in which only one's own records show. */
function withoutOthersRecords(buyer: Buyer): void {
  const own = new Set<number>();
  replaceCalls(buyer, "scripts", ({ createOrFind, newest }) => ({
    createOrFind: async (...given) => {
      const script = await createOrFind(...given);
      own.add(script.id);
      return script;
    },
    newest: async (...given) => (await newest(...given)).filter(({ id }) => own.has(id)),
  }));
}

describe.concurrent("the table sees second orders of a buyer to whom the records do not show, if the purchase was", () => {
  /** Those whose VM does not show under its host name: there is no other fence then. */
  const names = ["202, never paid", "200 awaiting payment", "lost, listed under Hostinger's name", "lost, listed in initial", "200 with VM, never listed"];
  for (const answer of ANSWERS.filter(({ name }) => names.includes(name))) {
    it(answer.name, async () => {
      const wrong = await Promise.all(CRASHES.slice(2).map((crash) => playCell(answer, crash, { tampered: withoutOthersRecords })));
      for (const [at, sentences] of wrong.entries()) assert.match(sentences.join("\n"), /: 2 orders, expected 1$/m, CRASHES[at + 2]);
    });
  }
});

describe("a machine that is paused, with all its clocks, right before it writes `sent`", () => {
  let sandbox: Sandbox;
  beforeEach(async () => void (sandbox = await startSandbox({ bootMs: 600_000 })));
  afterEach(() => sandbox.close());

  /** Another buyer buys meanwhile. `unfenced`: the write and the look after it say what they would if nobody had come. */
  async function paused(hostname: string, { unfenced }: { unfenced: boolean }): Promise<{ resumed: Ending; other: Ending }> {
    const buyer = newBuyer(sandbox);
    // What it goes by itself, then what it writes down for the others: its clocks stand still with it.
    let reads = 0;
    const settings = { ...buyer.session.settings };
    Object.defineProperty(settings, "purchaseIntentMs", { get: () => (reads++ === 0 ? 600_000 : 500) });
    let other: Ending | undefined;
    replaceCalls(buyer, "scripts", ({ update, get }) => {
      let forged: Awaited<ReturnType<typeof update>> | undefined;
      return {
        update: async (id, script, call) => {
          other ??= await obtainOnce(sandbox, { hostname });
          if (!unfenced || forged) return await update(id, script, call);
          return (forged = { id, ...script, createdAt: new Date().toISOString(), updatedAt: null });
        },
        get: async (id, call) => (forged && id === forged.id ? forged : await get(id, call)),
      };
    });
    const resumed = await obtain({ ...buyer, session: { ...buyer.session, settings } }, { hostname }).finally(() => buyer.end());
    return { resumed, other: other! };
  }

  it("finds its record gone and buys nothing: the record alone is fence enough", async () => {
    const { resumed, other } = await paused("carol.spoq.dev", { unfenced: false });
    assert.deepEqual(resumed, other);
    assert.deepEqual(ordersOf(sandbox, "carol.spoq.dev").map(({ vmId }) => ({ vmId })), [other]);
  });

  it("would buy a second one if that write could not fail", async () => {
    await paused("erin.spoq.dev", { unfenced: true });
    assert.equal(ordersOf(sandbox, "erin.spoq.dev").length, 2);
  });
});
