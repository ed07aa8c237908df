import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { generateJwtSecret, generatePassword, PASSWORD_ALPHABET, PASSWORD_LENGTH } from "../../../providers/credentials/generate.ts";

const SAMPLES = 2_000;

describe("generatePassword", () => {
  const passwords = Array.from({ length: SAMPLES }, generatePassword);

  it("has at least 24 characters, all of the alphabet, with an upper-case letter, a lower-case letter and a digit", () => {
    assert.ok(PASSWORD_LENGTH >= 24);
    for (const password of passwords) {
      assert.equal(password.length, PASSWORD_LENGTH);
      assert.match(password, /^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9]+$/);
      for (const character of password) assert.ok(PASSWORD_ALPHABET.includes(character));
    }
  });

  it("holds no look-alikes", () => assert.doesNotMatch(PASSWORD_ALPHABET, /[0O1lI]/));

  it("is another one each time", () => assert.equal(new Set(passwords).size, SAMPLES));

  it("uses the whole alphabet about evenly", () => {
    const counts = new Map([...PASSWORD_ALPHABET].map((character) => [character, 0]));
    for (const character of passwords.join("")) counts.set(character, (counts.get(character) ?? 0) + 1);
    const expected = (SAMPLES * PASSWORD_LENGTH) / PASSWORD_ALPHABET.length;
    // 982 expected, with a standard deviation of 31: 25 % off is eight of them. The rule of one digit adds under 1 %.
    for (const [character, count] of counts) assert.ok(Math.abs(count / expected - 1) < 0.25, `${character}: ${count} instead of about ${expected}`);
  });
});

describe("generateJwtSecret", () => {
  const secrets = Array.from({ length: SAMPLES }, generateJwtSecret);

  it("is 32 bytes as 43 characters of base64url", () => {
    for (const secret of secrets) {
      assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
      assert.equal(Buffer.from(secret, "base64url").length, 32);
    }
  });

  it("is another one each time", () => assert.equal(new Set(secrets).size, SAMPLES));
});
