import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { startRunLimit } from "../../../src/jobs/run-limit.ts";

describe("the limit of a run", () => {
  it("asks it to end, then kills it, and then waits for it no longer", async () => {
    const limit = startRunLimit(10, 20);
    const seen: string[] = [];
    limit.over.addEventListener("abort", () => seen.push("over"));
    limit.kill.addEventListener("abort", () => seen.push("kill"));
    await assert.rejects(limit.hold(new Promise(() => undefined)), { code: "RUN_TIMED_OUT" });
    assert.deepEqual(seen, ["over", "kill"]);
    limit.clear();
  });

  it("does nothing to a run that ends in time", async () => {
    const limit = startRunLimit(60_000);
    assert.equal(await limit.hold(Promise.resolve("done")), "done");
    limit.clear();
    assert.equal(limit.over.aborted, false);
  });
});
