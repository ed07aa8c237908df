import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { startPurchaseTurns } from "../../../src/jobs/purchase-turns.ts";

type Context = Parameters<typeof startPurchaseTurns>[0];

const HOUR_MS = 3_600_000;
const PAUSE_MS = 15_000;

beforeEach(() => { vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date", "performance"] }); });
afterEach(() => { vi.useRealTimers(); });

describe("the turns of those who wait to buy", () => {
  it("go on after an error at their usual pace, also when the machine's clock was set back meanwhile", async () => {
    let looks = 0;
    const pool = { query: async () => { looks += 1; throw new Error("the database is away"); } };
    const turns = startPurchaseTurns({ pool, purchases: {}, vms: { openSession: () => ({}) }, log: () => undefined } as unknown as Context);
    await vi.advanceTimersByTimeAsync(1_000);
    assert.equal(looks, 1);
    vi.setSystemTime(Date.now() - HOUR_MS);
    await vi.advanceTimersByTimeAsync(PAUSE_MS - 2_000);
    assert.equal(looks, 1, "it rests after an error");
    await vi.advanceTimersByTimeAsync(4_000);
    assert.equal(looks, 2);
    await turns.stop();
  });
});
