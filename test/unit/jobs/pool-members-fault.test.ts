import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { isPoolMembersFault } from "../../../src/jobs/pool-members-fault.ts";

const CLAIMED = { poolMemberId: "m-1", readyAt: null };

describe("a pool's member whose VM does not come to be the user's", () => {
  const cases: [what: string, code: ErrorCode, message: string, attempt: number, expected: boolean][] = [
    ["is set aside at once if it is gone", "VM_GONE", "", 1, true],
    ["is set aside at once if it lets nobody in", "SSH_LOGIN_REFUSED", "", 1, true],
    ["is tried again if SSH does not answer", "SSH_UNREACHABLE", "", 1, false],
    ["is set aside if SSH does not answer three times", "SSH_UNREACHABLE", "", 3, true],
    ["is tried again if the hand-over fails", "HANDOVER_FAILED", "", 2, false],
    ["is set aside if the hand-over fails three times", "HANDOVER_FAILED", "", 3, true],
    ["is set aside if it does not take its user's credentials three times", "CONFIGURATION_FAILED", "", 3, true],
    ["is not told by what a text quotes", "ENGINE_FAILED", "CONFIGURATION_FAILED: no", 3, false],
    ["is set aside if it does not answer at its address", "HEALTH_CHECK_FAILED", "at TCP for 60 s", 1, true],
    ["is not to blame for a certificate that does not come", "HEALTH_CHECK_FAILED", "at TLS for 60 s", 1, false],
    ["is not to blame for an API that is away", "API_UNREACHABLE", "", 12, false],
    ["is not to blame for a name that somebody uses", "NAME_IN_USE", "", 1, false],
  ];
  for (const [what, code, message, attempt, expected] of cases) it(what, () => assert.equal(isPoolMembersFault(CLAIMED, { code, message }, attempt), expected));

  it("is never set aside once the user had it ready, or where it came from no pool", () => {
    const gone = { code: "VM_GONE", message: "" } as const;
    assert.equal(isPoolMembersFault({ ...CLAIMED, readyAt: new Date() }, gone, 1), false);
    assert.equal(isPoolMembersFault({ ...CLAIMED, poolMemberId: null }, gone, 1), false);
  });
});
