import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { printable } from "../../../providers/core/printable.ts";

describe("printable", () => {
  it("shows what would be a command to a terminal, and keeps everything else", () => {
    assert.equal(printable("release 1.4.2: \u001b]0;owned\u0007\u001b[2J all is well"), "release 1.4.2: \\u001b]0;owned\\u0007\\u001b[2J all is well");
    assert.equal(printable("\u009b2J\u007f\b\r\u202eecila"), "\\u009b2J\\u007f\\u0008\\u000d\\u202eecila");
    assert.equal(printable("one\r\ntwo\n\tthree, größer 🙂"), "one\ntwo\n\tthree, größer 🙂");
  });

  it("keeps JSON what it is", () => {
    for (let code = 0; code <= 0x3000; code++) {
      const text = `a${String.fromCharCode(code)}b`;
      const printed = printable(JSON.stringify({ text }));
      assert.deepEqual(JSON.parse(printed), { text });
      assert.doesNotMatch(printed, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }
  });
});
