import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { whatHappened } from "../../../src/http/what-happened.ts";

describe("what happened", () => {
  const { message, code, next } = new UserVpsError("VM_ERROR", "VM 42 is broken.");

  it("does not repeat the code and the advice that are told beside it", () => {
    assert.equal(whatHappened(message, { code, next }), "VM 42 is broken.");
    assert.equal(whatHappened(message, { code, next: `It was tried 5 times. ${next} Then have an operator retry it.` }), "VM 42 is broken.");
  });

  it("keeps an advice that is told nowhere else", () => {
    for (const other of [null, "Nothing: it is tried again by itself."]) assert.equal(whatHappened(message, { code, next: other }), `VM 42 is broken. Next: ${next}`);
  });

  it("leaves any other text as it is", () => {
    assert.equal(whatHappened("an example", { code: "VM_ERROR", next: "none" }), "an example");
    assert.equal(whatHappened("DNS_ERROR: an example", { code: null }), "DNS_ERROR: an example");
  });
});
