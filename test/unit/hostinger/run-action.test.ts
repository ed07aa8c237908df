/** An order for a VM that is refused or not found, though the VM is there. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import type { Action } from "../../../providers/hostinger/api/client.ts";
import { runAction } from "../../../providers/hostinger/run-action.ts";
import type { Session } from "../../../providers/hostinger/session.ts";

/** Each order ends as told; the VM is locked at those looks. */
function vm(ends: readonly (ErrorCode | "taken")[], lockedAt: readonly number[] = []) {
  let [looks, orders] = [0, 0];
  const session = {
    signal: new AbortController().signal, report: () => undefined, settings: { patience: "own", notFoundGraceMs: 400 },
    client: { virtualMachines: { get: async () => ({ id: 7, state: "running", actionsLock: lockedAt.includes(++looks) ? "locked" : "unlocked" }) } },
  } as unknown as Session;
  const order = async () => {
    const end = ends[Math.min(orders++, ends.length - 1)]!;
    if (end !== "taken") throw new UserVpsError(end, "an example");
    return { id: 40 + orders, name: "set_hostname", state: "success" } as Action;
  };
  return { run: () => runAction(session, { vmId: 7, hostname: "alice.spoq.dev" }, "an order", order), orders: () => orders };
}

describe("an order for a VM", () => {
  it("that was refused for an action which is over at the next look is given again", async () => {
    const { run, orders } = vm(["API_REJECTED", "taken"]);
    assert.equal(await run(), 42);
    assert.equal(orders(), 2);
  });

  it("that is refused as long as the VM is locked is given again each time", async () => {
    const { run } = vm(["API_REJECTED", "API_REJECTED", "API_REJECTED", "taken"], [2, 4, 6]);
    assert.equal(await run(), 44);
  });

  it("whose VM is not found by whoever takes it, though it is shown, is given again, and is tried again later in the end", async () => {
    assert.equal(await vm(["API_NOT_FOUND", "taken"]).run(), 42);
    const never = vm(["API_NOT_FOUND"]);
    await assert.rejects(never.run(), (error) => error instanceof UserVpsError && error.code === "VM_NOT_FOUND" && error.retry === "backoff" && /shows VM 7 of alice/.test(error.message));
    assert.equal(never.orders(), 2);
  });

  it("that is refused for what it holds is a refusal", async () => {
    const { run, orders } = vm(["API_REJECTED"]);
    await assert.rejects(run(), /API_REJECTED/);
    assert.equal(orders(), 2);
  });
});
