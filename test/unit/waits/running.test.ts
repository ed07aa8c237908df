import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import { lookAtVm } from "../../../src/waits/running.ts";

const vm = (state: string, address = "127.0.0.2") => ({ id: 7, state, ipv4: address ? [{ id: 1, address, ptr: null }] : [] }) as unknown as VirtualMachine;

describe("a look at a VM that is to run", () => {
  it("is over when it runs and has an address", () => {
    assert.deepEqual(lookAtVm(vm("running"), "creating", 1_000), { isOver: true, isThere: true });
    assert.deepEqual(lookAtVm(vm("running", ""), "creating", 1_000), { isOver: false, seen: "running, without an address" });
  });

  it("goes on while a state ends by itself, and while a new VM is not listed", () => {
    for (const state of ["creating", "starting", "recreating", "initial"]) assert.deepEqual(lookAtVm(vm(state), "creating", 1_000), { isOver: false, seen: state });
    assert.deepEqual(lookAtVm(undefined, "creating", 1_000), { isOver: false, seen: "not listed yet" });
  });

  it("wants one run for a state that asks for something, and no second one for the same state", () => {
    for (const state of ["stopped", "error", "suspended", "destroyed"]) assert.deepEqual(lookAtVm(vm(state), "creating", 1_000), { isOver: true, isThere: false });
    assert.deepEqual(lookAtVm(vm("stopped"), "stopped", 1_000), { isOver: false, seen: "stopped" });
  });

  it("wants no run for a VM in 'initial' as long as it is locked: it could order nothing", () => {
    assert.deepEqual(lookAtVm({ ...vm("initial"), actionsLock: "locked" }, "initial", 60_000), { isOver: false, seen: "initial" });
  });

  it("wants a run that sets up a VM which stays in 'initial', once", () => {
    assert.deepEqual(lookAtVm(vm("initial"), "initial", 60_000), { isOver: true, isThere: false });
    for (const seenByRun of ["initial, set up", "initial, not found by its setup"]) assert.deepEqual(lookAtVm(vm("initial"), seenByRun, 60_000), { isOver: false, seen: "initial" });
  });
});
