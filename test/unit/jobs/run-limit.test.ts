import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { VARIABLES } from "../../../src/config/index.ts";
import { LONGEST_JOB_SECONDS } from "../../../src/jobs/queue.ts";
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
    const limit = startRunLimit(60_000, 60_000);
    assert.equal(await limit.hold(Promise.resolve("done")), "done");
    limit.clear();
    assert.equal(limit.over.aborted, false);
  });

  it("comes, whatever is set, long before the queue takes the run's job for lost", () => {
    const longest = LONGEST_JOB_SECONDS / 60;
    assert.equal(VARIABLES.runLimitMinutes.schema.safeParse(String(longest - 30)).success, false);
    assert.equal(VARIABLES.runLimitMinutes.schema.safeParse(String(longest - 60)).success, true);
  });
});
