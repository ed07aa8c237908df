import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { setAsideMembers } from "../../../src/drift/set-aside-members.ts";

const member = { username: "pool-0a1b2c3d4e", vmId: 7, claimedByUsername: "alice", reason: "SSH does not answer" };
const find = (vms: { id: number; state: string }[]) => setAsideMembers({ setAside: [member], vms } as never);

describe("a VM from a pool that was set aside", () => {
  it("is a finding for as long as the account has it, which tells whose it was to be, and why it is not", () => {
    const [finding] = find([{ id: 7, state: "stopped" }]);
    assert.deepEqual([finding?.kind, finding?.subject], ["PoolMemberSetAside", "pool-0a1b2c3d4e"]);
    assert.match(JSON.stringify(finding), /the VPS of alice.*VM 7 \(stopped\): SSH does not answer/);
  });

  it("is none when it is gone", () => {
    assert.deepEqual(find([]), []);
    assert.deepEqual(find([{ id: 7, state: "destroyed" }]), []);
  });
});
