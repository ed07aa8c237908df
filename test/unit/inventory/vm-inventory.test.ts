import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { VmInventory } from "../../../src/inventory/vm-inventory.ts";

describe("the list that is asked for once for all", () => {
  /** Answers with nothing when it is told to, unless it is broken off. */
  function listing() {
    const answer = Promise.withResolvers<void>();
    const asked: AbortSignal[] = [];
    const inventory = new VmInventory(async (signal) => {
      asked.push(signal);
      signal.addEventListener("abort", () => answer.reject(signal.reason));
      await answer.promise;
      return [];
    });
    return { inventory, asked, answer: answer.resolve };
  }

  it("comes to the others when the one who asked first waits no longer", async () => {
    const { inventory, asked, answer } = listing();
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [first, second].map(({ signal }) => inventory.notOlderThan(0, signal));
    first.abort(new Error("no longer"));
    await assert.rejects(waiting[0]!, /no longer/);
    answer();
    assert.equal((await waiting[1]!).vms.size, 0);
    assert.equal(asked.length, 1);
  });

  it("is broken off when nobody is to ask any more", async () => {
    const { inventory } = listing();
    const waiting = inventory.notOlderThan(0, new AbortController().signal);
    inventory.close();
    await assert.rejects(waiting, { name: "AbortError" });
  });
});
