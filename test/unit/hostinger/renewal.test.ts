/** The renewal of a subscription, whose switching is answered with a refusal: of a call whose answer was lost, the repetition is. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { beginAutoRenewal, endAutoRenewal } from "../../../providers/hostinger/renewal.ts";
import type { Session } from "../../../providers/hostinger/session.ts";

const VM = { vmId: 7, hostname: "alice.spoq.dev" };

/** The call is answered with the code; what it has done shows in the list. */
function sessionOf({ was, becomes, answer }: { was: boolean; becomes: boolean; answer: ErrorCode }): Session {
  const subscription = { id: "sub-1", status: "active", isAutoRenewed: was, expiresAt: "2026-12-31T00:00:00.000Z" };
  const refuse = async () => {
    subscription.isAutoRenewed = becomes;
    throw new UserVpsError(answer, "There is nothing to do.");
  };
  return {
    signal: new AbortController().signal, report: () => undefined, settings: { patience: "own", notFoundGraceMs: 0 },
    client: {
      virtualMachines: { get: async () => ({ id: 7, subscriptionId: "sub-1" }) },
      subscriptions: { list: async () => [{ ...subscription }], disableAutoRenewal: refuse, enableAutoRenewal: refuse },
    },
  } as unknown as Session;
}

describe("a renewal whose switching is refused", () => {
  for (const answer of ["API_REJECTED", "API_NOT_FOUND"] as const) {
    it(`(${answer}) is switched where the list of subscriptions says so`, async () => {
      assert.deepEqual((await endAutoRenewal(sessionOf({ was: true, becomes: false, answer }), VM)).isOff, true);
      assert.equal(await beginAutoRenewal(sessionOf({ was: false, becomes: true, answer }), VM), true);
    });
  }

  it("stays a refusal where nothing has come of it", async () => {
    await assert.rejects(endAutoRenewal(sessionOf({ was: true, becomes: true, answer: "API_REJECTED" }), VM), /API_REJECTED: There is nothing to do/);
    await assert.rejects(beginAutoRenewal(sessionOf({ was: false, becomes: false, answer: "API_REJECTED" }), VM), /API_REJECTED/);
  });

  it("is not known where Hostinger does not find the subscription, and lists it as it was", async () => {
    assert.equal((await endAutoRenewal(sessionOf({ was: true, becomes: true, answer: "API_NOT_FOUND" }), VM)).isOff, false);
    assert.equal(await beginAutoRenewal(sessionOf({ was: false, becomes: false, answer: "API_NOT_FOUND" }), VM), false);
  });
});
