import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { text, USER_ID } from "../../../src/http/texts.ts";

describe("a user's id", () => {
  const taken = { "an e-mail address": "alice@example.com", "letters of any script": "アリス ", "a character that no version of Unicode has assigned yet": "\u{49657}", "joined emoji": "👩‍💻" };
  for (const [what, id] of Object.entries(taken)) it(`${what} is taken as it is`, () => assert.equal(USER_ID.parse(id), id));

  const refused = { "nothing": "", "256 characters": "a".repeat(256), "a NUL": "a\0", "a line end": "a\nb", "a control character of Latin-1": "a\x85", "half of a surrogate pair": "a\ud800" };
  for (const [what, id] of Object.entries(refused)) it(`${what} is refused`, () => assert.equal(USER_ID.safeParse(id).success, false));
});

describe("a text", () => {
  it("may have lines, but no NUL", () => {
    assert.equal(text(5).parse("a\nb"), "a\nb");
    assert.equal(text(5).safeParse("a\0b").success, false);
    assert.equal(text(5).safeParse("abcdef").success, false);
  });
});
