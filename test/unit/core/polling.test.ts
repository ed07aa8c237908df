import assert from "node:assert/strict";
import { describe, it } from "vitest";

import { UserVpsError } from "../../../providers/core/errors.ts";
import { poll, type PollWait } from "../../../providers/core/polling.ts";

const quick = { what: "VM 42 to run", initialIntervalMs: 2, maxIntervalMs: 5, factor: 2, timeoutMs: 2_000 };

describe("poll", () => {
  it("looks until it finds something", async () => {
    let looks = 0;
    const found = await poll({ ...quick, check: async () => (++looks === 3 ? "running" : undefined) });
    assert.equal(found, "running");
    assert.equal(looks, 3);
  });

  it("waits longer from look to look, up to the maximum, and says what for", async () => {
    const waits: PollWait[] = [];
    let looks = 0;
    await poll({ ...quick, check: async () => (++looks === 5 ? true : undefined), onWait: (wait) => waits.push(wait) });
    assert.deepEqual(waits.map((wait) => wait.nextLookInMs), [2, 4, 5, 5]);
    assert.deepEqual(waits.map((wait) => wait.looks), [1, 2, 3, 4]);
    assert.equal(waits[0]?.what, "VM 42 to run");
  });

  it("ends at its limit with a code and what it waited for", async () => {
    const waiting = poll({ ...quick, timeoutMs: 20, timeoutCode: "VM_NOT_RUNNING", check: async () => undefined });
    await assert.rejects(waiting, (error) => error instanceof UserVpsError && error.code === "VM_NOT_RUNNING" && error.message.includes("VM 42 to run"));
  });

  it("looks once even when there is no time", async () => {
    assert.equal(await poll({ ...quick, timeoutMs: 0, check: async () => 7 }), 7);
  });

  it("ends with what the look throws", async () => {
    await assert.rejects(poll({ ...quick, check: async () => Promise.reject(new Error("the VM is gone")) }), /the VM is gone/);
  });

  it("is cancelled in the middle of a wait", async () => {
    const cancel = new AbortController();
    const startedMs = Date.now();
    const waiting = poll({ ...quick, initialIntervalMs: 5_000, maxIntervalMs: 5_000, timeoutMs: 60_000, signal: cancel.signal, check: async () => undefined });
    setTimeout(() => cancel.abort(), 10);
    await assert.rejects(waiting, (error) => error instanceof UserVpsError && error.code === "CANCELLED");
    assert.ok(Date.now() - startedMs < 2_000);
  });

  it("ends with the signal's reason when that says something", async () => {
    const reason = new UserVpsError("STACK_LOCKED", "The lease was lost.");
    await assert.rejects(poll({ ...quick, signal: AbortSignal.abort(reason), check: async () => 1 }), reason);
  });
});
