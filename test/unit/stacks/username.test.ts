import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";

function refuses(text: string, why: RegExp): void {
  assert.throws(() => parseUsername(text), (error: unknown) => {
    assert.ok(error instanceof UserVpsError);
    assert.equal(error.code, "USERNAME_INVALID");
    assert.match(error.message, why);
    return true;
  });
}

describe("parseUsername", () => {
  for (const name of ["alice", "a", "a1", "1a", "b-o-b", "a--b", "x".repeat(63), "wwww", "api-user", "xn-x"]) {
    it(`accepts ${name}`, () => assert.equal(parseUsername(name), name));
  }

  it("refuses nothing at all", () => refuses("", /expected at least one character/));
  it("refuses more than 63 characters, without repeating all of them", () => {
    refuses("x".repeat(64), /expected at most 63 characters, got 64/);
    assert.throws(() => parseUsername("x".repeat(5_000)), (error: Error) => error.message.length < 400);
  });
  it("refuses upper case and gives the lower-case form instead of using it", () => refuses("Alice", /"Alice" cannot be used: expected lower case; 'alice' would be the lower-case form/));
  for (const [text, got] of [["a.b", '"."'], ["a_b", '"_"'], ["a b", '" "'], ["alice\n", '"\\\\n"'], ["älice", '"ä"'], ["a😀", '"😀"'], ["Ålice", '"Å"'], ["a/../b", '"/"'], ["$(id)", '"\\$"']] as const) {
    it(`refuses ${JSON.stringify(text)} and names the character`, () => refuses(text, new RegExp(`expected only a-z, 0-9 and '-', got ${got}`)));
  }
  for (const text of ["-a", "a-", "-", "--"]) {
    it(`refuses ${text} with '-' at an end`, () => refuses(text, /at the beginning and at the end/));
  }
  for (const text of ["xn--alice", "ab--c"]) {
    it(`refuses ${text} with '--' in places 3 and 4`, () => refuses(text, /'--' in places 3 and 4/));
  }
  it("refuses only digits", () => refuses("123", /at least one letter/));
  for (const text of ["www", "api", "admin", "mail", "root", "ns1", "smtp", "ftp", "status", "blog", "test", "staging", "postmaster", "autoconfig", "localhost"]) {
    it(`refuses the reserved name ${text}`, () => refuses(text, /got a reserved one/));
  }
});
