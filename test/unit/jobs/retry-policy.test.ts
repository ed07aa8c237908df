import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";
import { ERROR_CATALOGUE } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { waitAskedMs } from "../../../providers/core/retry.ts";
import { decide } from "../../../src/jobs/retry-policy.ts";

const MOST = 0.999999;
const LEAST = 0;

afterEach(() => void vi.restoreAllMocks());

function decideByChance(chance: number, code: ErrorCode, attempt: number): ReturnType<typeof decide> {
  vi.spyOn(Math, "random").mockReturnValue(chance);
  return decide(code, attempt);
}

describe("decide", () => {
  it("parks at once what somebody has to change first", () => {
    for (const code of ["PAYMENT_REFUSED", "CONFIG_INVALID", "VM_ERROR", "CANCELLED"] as const) {
      assert.deepEqual(decide(code, 1), { kind: "park", exhausted: false });
    }
  });

  it("tries a transient fault again, each time later, up to ten minutes", () => {
    const delays = [1, 2, 3, 4, 11].map((attempt) => {
      const decision = decideByChance(MOST, "API_UNAVAILABLE", attempt);
      assert.equal(decision.kind, "again");
      return decision.kind === "again" ? decision.delayMs : 0;
    });
    assert.deepEqual(delays, [2_000, 4_000, 8_000, 16_000, 600_000]);
  });

  it("keeps at least half of the delay, whatever the chance", () => {
    assert.deepEqual(decideByChance(LEAST, "API_UNAVAILABLE", 3), { kind: "again", delayMs: 4_000 });
  });

  it("gives up after twelve tries, and says that it was tried", () => {
    assert.equal(decide("API_TIMEOUT", 11).kind, "again");
    assert.deepEqual(decide("API_TIMEOUT", 12), { kind: "park", exhausted: true });
  });

  it("does not give up while an API has asked for the longest rest that it is given, whatever the chance", () => {
    let triedForMs = 0;
    for (let attempt = 1; attempt < 1_000; attempt++) {
      const decision = decideByChance(LEAST, "API_RATE_LIMITED", attempt);
      if (decision.kind === "park") break;
      triedForMs += decision.delayMs;
    }
    assert.ok(triedForMs > 1.1 * (waitAskedMs({ "retry-after": "99999999" }) ?? 0), String(triedForMs));
    assert.equal(decide("API_RATE_LIMITED", 1_000).kind, "park");
  });

  it("waits patiently for a lock that a person holds, never longer than 20 s at a time", () => {
    assert.deepEqual(decideByChance(MOST, "STACK_LOCKED", 499), { kind: "again", delayMs: 20_000 });
    assert.equal(decide("STACK_LOCKED", 500).kind, "park");
  });

  it("tries a few times what somebody has to mend on the VPS: each try may last long there", () => {
    assert.equal(decide("CONFIGURATION_FAILED", 4).kind, "again");
    assert.deepEqual(decide("CONFIGURATION_FAILED", 5), { kind: "park", exhausted: true });
    assert.equal(decide("RELEASE_TIMED_OUT", 2).kind, "again");
    assert.deepEqual(decide("RELEASE_TIMED_OUT", 3), { kind: "park", exhausted: true });
  });

  it("asks for a payment that is to come for as long as it takes, and parks a purchase in doubt at once", () => {
    assert.deepEqual(decideByChance(MOST, "AWAITING_PAYMENT", 100_000), { kind: "again", delayMs: 600_000 });
    assert.equal(decide("PURCHASE_UNCERTAIN", 1).kind, "park");
  });

  it("knows what to do about every code of the catalogue, however often", () => {
    for (const code of Object.keys(ERROR_CATALOGUE) as ErrorCode[]) {
      assert.ok(["again", "park"].includes(decide(code, 1).kind), code);
      assert.equal(decide(code, 100_000).kind, code === "AWAITING_PAYMENT" ? "again" : "park", code);
    }
  });
});
