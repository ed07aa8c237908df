import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { coloured, wantsColours } from "../../../src/cli/colours.ts";
import { usualTime } from "../../../src/cli/user-record.ts";
import { table } from "../../../src/cli/output.ts";

describe("colours", () => {
  it("are put on words that say how something is, where a cell begins, and on no part of another word or sentence", () => {
    assert.equal(coloured("alice  ready  x"), "alice  \u001b[32mready\u001b[39m  x");
    assert.equal(coloured("status  failed: VM_ERROR"), "status  \u001b[31mfailed\u001b[39m: VM_ERROR");
    for (const text of ["it is ready", "ready-made", "alice  already", "READY"]) assert.equal(coloured(text), text);
  });

  it("change nothing else of a table", () => {
    const text = table(["USER", "STATUS", "VM"], [["alice", "ready", 1], ["bob", "queued, vm", 2]]);
    assert.equal(coloured(text).replaceAll(/\u001b\[\d+m/g, ""), text);
    assert.notEqual(coloured(text), text);
  });

  it("are for terminals alone, and not where NO_COLOR is set", () => {
    assert.deepEqual([wantsColours({ isTTY: true }, {}), wantsColours({}, {}), wantsColours({ isTTY: true }, { NO_COLOR: "1" }), wantsColours({ isTTY: true }, { NO_COLOR: "" }), wantsColours({ isTTY: true }, { TERM: "dumb" })], [true, false, false, true, false]);
  });
});

describe("the usual time", () => {
  it("is told while it is to come; then it takes longer than usual", () => {
    assert.equal(usualTime({ estimatedReadyAt: null }), undefined);
    assert.equal(usualTime({ estimatedReadyAt: "2999-01-31T12:00:00.000Z" }), "usually at 2999-01-31 12:00:00 UTC");
    assert.equal(usualTime({ estimatedReadyAt: "2020-01-31T12:00:00.000Z" }), "takes longer than usual");
  });
});
