import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { csvLine } from "../../../src/http/csv.ts";

describe("csvLine", () => {
  it("quotes what would end a value or a line", () => {
    assert.equal(csvLine(["a,b", 'say "x"', "two\nlines", "plain", 7, true, null]), '"a,b","say ""x""","two\nlines",plain,7,true,\r\n');
  });

  it("makes text of what a spreadsheet would take for a formula", () => {
    assert.equal(csvLine(["=1+1", "+1", "-1", "@x", -1]), "'=1+1,'+1,'-1,'@x,-1\r\n");
  });
});
