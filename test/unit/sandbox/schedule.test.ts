import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";
import type { Step } from "../../../src/sandbox/model.ts";
import { Schedule } from "../../../src/sandbox/schedule.ts";
import type { World } from "../../../src/sandbox/world.ts";
import { atEnd } from "../../support/at-end.ts";
import { until } from "../../support/until.ts";

afterEach(() => void vi.restoreAllMocks());

describe("the sandbox's schedule", () => {
  it("does what is due to a VM in its order, also if the machine stood still while it was planned", async () => {
    const done: string[] = [];
    const world = { state: { steps: [] as Step[] } } as World;
    const schedule = new Schedule(world, ({ what }) => void done.push(what.kind));
    atEnd(() => schedule.close());
    const clock = vi.spyOn(Date, "now").mockReturnValue(0);
    schedule.add(1, 100, { kind: "action-sent", actionId: 1 });
    // The second one's time is over before its timer is set.
    clock.mockReturnValueOnce(0).mockReturnValue(1_000);
    schedule.add(1, 400, { kind: "action-done", actionId: 1, succeeds: true, params: {} });
    clock.mockRestore();
    await until("both", () => done.length === 2);
    assert.deepEqual([done, world.state.steps], [["action-sent", "action-done"], []]);
  });
});
