import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { changedProperties } from "../../../src/provisioning/changed-properties.ts";

describe("what a step changes", () => {
  it("is told property by property, what was declared before what came of it", () => {
    const changed = changedProperties({
      op: "update",
      old: { inputs: { ttl: 60, content: "127.9.9.9", tags: ["a"] }, outputs: { content: "127.9.9.9", modifiedOn: "monday" } },
      new: { inputs: { ttl: 60, content: "192.0.2.1", tags: ["a", "b"] }, outputs: { content: "192.0.2.1", modifiedOn: "tuesday" } },
    });
    assert.deepEqual(changed, [
      { name: "content", before: "127.9.9.9", after: "192.0.2.1" },
      { name: "tags", before: '["a"]', after: '["a","b"]' },
      { name: "modifiedOn", before: "monday", after: "tuesday" },
    ]);
  });

  it("is nothing where nothing was before, and where nothing is done", () => {
    const state = { inputs: { a: 1 } };
    assert.deepEqual(changedProperties({ op: "create", new: state }), []);
    assert.deepEqual(changedProperties({ op: "same", old: {}, new: state }), []);
  });

  it("leaves out what the engine keeps for itself, and shortens what is long", () => {
    const [script, ...others] = changedProperties({ op: "update", old: { inputs: { __provider: "x", script: "a".repeat(1_000) } }, new: { inputs: { __provider: "y", script: "b" } } });
    assert.deepEqual(others, []);
    assert.ok(script!.before!.length < 400 && script!.before!.endsWith("(1000 characters)"));
  });
});
