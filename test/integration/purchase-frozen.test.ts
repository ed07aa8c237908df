import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import { INSTANTS, playFrozen, wrongOf } from "../support/frozen-buyer.ts";

describe.concurrent("a buyer that is stopped, past the deadline of its intent, while another one buys: one order, one VM", () => {
  for (const at of INSTANTS) {
    it(`${at.when === "before" ? "as its call" : "while the answer to its call"} ${at.call} is on the way`, async () => {
      const sandbox = await startSandbox({ bootMs: 600_000 });
      try {
        const trial = { hostname: "alice.spoq.dev", at, stoppedMs: 2_000 };
        assert.deepEqual(wrongOf(trial, await playFrozen(sandbox, trial)), []);
      } finally {
        await sandbox.close();
      }
    });
  }
});
