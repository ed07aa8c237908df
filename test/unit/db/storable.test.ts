import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { storableJson, storableText } from "../../../src/db/storable.ts";

describe("JSON for jsonb", () => {
  it("holds neither NUL nor half of a surrogate pair, in names and values, however deep", () => {
    const odd = `a\0b\ud83dc\udc00${"😀"}`;
    assert.deepEqual(JSON.parse(storableJson({ [odd]: [{ text: odd }] })), { "ab\ufffdc\ufffd😀": [{ text: "ab\ufffdc\ufffd😀" }] });
  });

  it("is what it was where a text only looks so", () => {
    for (const text of ["\\u0000", "\\\\ud83d", "\\", '"\\u0000"', "\n\t\u001b", "C:\\ud\\u0000x"]) assert.equal(JSON.parse(storableJson(text)), text);
  });
});

describe("text for PostgreSQL", () => {
  it("holds no NUL; none stays none", () => {
    assert.deepEqual([storableText("a\0b"), storableText(null), storableText(undefined)], ["ab", null, null]);
  });
});
