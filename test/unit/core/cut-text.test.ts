import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { beginningOf, endingOf, shortened } from "../../../providers/core/cut-text.ts";

describe("a text that is cut", () => {
  it("keeps its beginning or its end, never half of a character", () => {
    assert.deepEqual([2, 3, 4, 5].map((longest) => beginningOf("ab😀c", longest)), ["ab", "ab", "ab😀", "ab😀c"]);
    assert.deepEqual([1, 2, 3, 9].map((longest) => endingOf("ab😀c", longest)), ["c", "c", "😀c", "ab😀c"]);
  });

  it("tells that something is cut off, if anything is", () => {
    assert.deepEqual([shortened("ab😀c", 3), shortened("ab😀c", 5)], ["ab…", "ab😀c"]);
  });
});
