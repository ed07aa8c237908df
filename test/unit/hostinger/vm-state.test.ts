import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { VM_STATES } from "../../../providers/hostinger/api/virtual-machine.ts";
import { isGone, isLost, isSuspended, restStateOf } from "../../../providers/hostinger/vm-state.ts";

describe("a state of a VM", () => {
  it("is at rest, or something runs or is about to", () => {
    const atRest = VM_STATES.filter((state) => restStateOf({ state }) !== undefined);
    assert.deepEqual(atRest, ["stopped", "initial", "error", "suspending", "suspended", "destroying", "destroyed"]);
    assert.equal(restStateOf({ state: "something-new" }), undefined, "what nobody knows is not taken for a VM at rest");
  });

  it("tells which VM is none any more, and which Hostinger has suspended", () => {
    assert.deepEqual(VM_STATES.filter((state) => isLost({ state })), ["destroying", "destroyed"]);
    assert.deepEqual(VM_STATES.filter((state) => isSuspended({ state })), ["suspending", "suspended"]);
  });
});

describe("a VM is gone", () => {
  it("by the one error that says so", () => {
    assert.equal(isGone(new UserVpsError("VM_GONE", "an example")), true);
    assert.equal(isGone(new UserVpsError("API_NOT_FOUND", "an example")), false);
    assert.equal(isGone(new Error("VM_GONE")), false);
  });
});
