import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { RunPatience } from "../../../providers/core/patience.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { VirtualMachineInputs } from "../../../providers/hostinger/virtual-machine-args.ts";
import { getVm, waitForRunning } from "../../../providers/hostinger/wait-for-running.ts";

/** A stopped VM that runs after so many starts; each start ends as told. */
function stoppedVm(ends: readonly ("refused" | "nowhere" | "error" | "success" | "sent" | "unfound")[], { runsAfter, notFoundGraceMs = 180_000 }: { runsAfter: number; notFoundGraceMs?: number }) {
  let starts = 0;
  const vm = () => ({ id: 7, state: starts >= runsAfter ? "running" : "stopped", actionsLock: "unlocked", ipv4: [{ address: "127.0.0.2" }] });
  const session = {
    signal: new AbortController().signal, report: () => undefined, settings: { patience: "own", runningTimeoutMs: 3_000, initialGraceMs: 0, notFoundGraceMs },
    client: { virtualMachines: {
      get: async () => vm(),
      actions: async () => [],
      start: async () => {
        const end = ends[starts++];
        if (end === "refused") throw new UserVpsError("API_REJECTED", "an example");
        if (end === "nowhere") throw new UserVpsError("API_NOT_FOUND", "an example");
        return { id: starts, name: "start", state: "sent" };
      },
      action: async (_vm: number, id: number) => {
        if (ends[id - 1] === "unfound") throw new UserVpsError("API_NOT_FOUND", "an example");
        return { id, name: "start", state: ends[id - 1] };
      },
    } },
  } as unknown as Session;
  return { wait: () => waitForRunning(session, 7, { hostname: "alice.spoq.dev" } as VirtualMachineInputs), starts: () => starts };
}

describe("waiting for a VM that is new and not found yet", () => {
  const unfound = (patience: RunPatience, foundAfter: number) => {
    let looks = 0;
    const session = {
      signal: new AbortController().signal, report: () => undefined, settings: { patience, runningTimeoutMs: 3_000, initialGraceMs: 0, notFoundGraceMs: 400 },
      client: { virtualMachines: {
        get: async () => {
          if (++looks <= foundAfter) throw new UserVpsError("API_NOT_FOUND", "an example");
          return { id: 7, state: "running", actionsLock: "unlocked", ipv4: [{ address: "127.0.0.2" }] };
        },
        listEntries: async () => ({ vms: [], odd: [] }),
      } },
    } as unknown as Session;
    return { wait: () => waitForRunning(session, 7, { hostname: "alice.spoq.dev" } as VirtualMachineInputs, { isNew: true }), looks: () => looks };
  };

  it("looks again", async () => assert.equal((await unfound("own", 1).wait()).state, "running"));
  it("is VM_GONE after the grace", async () => await assert.rejects(unfound("own", Infinity).wait(), /VM_GONE/));
  it("is told soon as NOT_YET without patience: no run is held", async () => {
    const { wait, looks } = unfound("none", Infinity);
    await assert.rejects(wait(), /^UserVpsError: NOT_YET: running: alice\.spoq\.dev: not found yet\./);
    assert.ok(looks() < 4);
  });
});

describe("a VM that nobody has seen and that is not found", () => {
  const looked = async (listed: { vms?: object[]; odd?: object[] }) => {
    const virtualMachines = { get: async () => { throw new UserVpsError("API_NOT_FOUND", "an example"); }, listEntries: async () => ({ vms: [], odd: [], ...listed }) };
    await getVm({ signal: new AbortController().signal, report: () => undefined, settings: { patience: "own", notFoundGraceMs: 400 }, client: { virtualMachines } } as unknown as Session, 7, "alice.spoq.dev");
  };

  it("is gone where the list of VMs lacks it, or tells that it is destroyed", async () => {
    await assert.rejects(looked({ vms: [{ id: 8, state: "running" }], odd: [{ id: 9 }] }), /VM_GONE: VM 7/);
    await assert.rejects(looked({ vms: [{ id: 7, state: "destroyed" }] }), /VM_GONE: VM 7/);
  });

  it("is not gone where it is listed, or an entry that cannot be read may be it", async () => {
    for (const listed of [{ vms: [{ id: 7, state: "running" }] }, { odd: [{ id: 7 }] }, { odd: [{ id: null }] }]) await assert.rejects(looked(listed), /VM_NOT_FOUND: .*VM 7 of alice/);
  });
});

describe("waiting for a VM that was never set up", () => {
  const neverSetUp = (patience: RunPatience) => {
    let setups = 0;
    const session = {
      signal: new AbortController().signal, report: () => undefined, settings: { patience, runningTimeoutMs: 3_000, initialGraceMs: 0, notFoundGraceMs: 400 },
      client: { virtualMachines: {
        get: async () => ({ id: 7, state: setups < 3 ? "initial" : "running", actionsLock: "unlocked", ipv4: [{ address: "127.0.0.2" }] }),
        actions: async () => [],
        setup: async () => {
          if (++setups < 3) throw new UserVpsError("API_NOT_FOUND", "an example");
        },
      } },
    } as unknown as Session;
    return { wait: () => waitForRunning(session, 7, { hostname: "alice.spoq.dev" } as VirtualMachineInputs), setups: () => setups };
  };

  it("sets it up once, as soon as it is found by whoever takes the order", async () => {
    const { wait, setups } = neverSetUp("own");
    assert.equal((await wait()).state, "running");
    assert.equal(setups(), 3);
  });

  it("tells the watcher that it has tried, without patience: else another run would come at once", async () => {
    const { wait, setups } = neverSetUp("none");
    await assert.rejects(wait(), /NOT_YET: running: alice\.spoq\.dev: initial, not found by its setup\./);
    assert.equal(setups(), 1);
  });
});

describe("waiting for a stopped VM", () => {
  it("starts it again where a start was refused, failed, or did not last", async () => {
    const { wait, starts } = stoppedVm(["refused", "nowhere", "error", "success", "success"], { runsAfter: 5 });
    assert.equal((await wait()).state, "running");
    assert.equal(starts(), 5);
  });

  it("waits for the start that is under way, and starts it only so often", async () => {
    const underWay = stoppedVm(["sent"], { runsAfter: 99 });
    await assert.rejects(underWay.wait(), /VM_NOT_RUNNING/);
    assert.equal(underWay.starts(), 1);
    const unfound = stoppedVm(["unfound"], { runsAfter: 99 });
    await assert.rejects(unfound.wait(), /VM_NOT_RUNNING/);
    assert.equal(unfound.starts(), 1);
    const inVain = stoppedVm(Array(9).fill("error"), { runsAfter: 99 });
    await assert.rejects(inVain.wait(), /VM_NOT_RUNNING/);
    assert.equal(inVain.starts(), 5);
  });

  it("starts it again where the action of the start is never found", async () => {
    const lost = stoppedVm(["unfound"], { runsAfter: 2, notFoundGraceMs: 200 });
    assert.equal((await lost.wait()).state, "running");
    assert.equal(lost.starts(), 2);
  });
});
