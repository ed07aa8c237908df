import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { nameOf } from "../../../src/http/single-sign-on.ts";

describe("the name of an operator who logs in by single sign-on", () => {
  it("is the e-mail address only where the provider says that it is verified, else the provider's own id", () => {
    const named = (isVerified: unknown) => nameOf({ sub: "id-1", email: "bob@example.com", ...(isVerified !== undefined && { email_verified: isVerified }) }, undefined);
    assert.deepEqual([true, "true"].map(named), ["bob@example.com", "bob@example.com"]);
    assert.deepEqual([undefined, false, "false", null, 1].map(named), ["id-1", "id-1", "id-1", "id-1", "id-1"]);
    assert.equal(nameOf({ sub: "id-1", email_verified: true }, undefined), "id-1");
  });

  it("is what the claim says that the settings name, if it says anything", () => {
    const claims = { sub: "id-1", email: "bob@example.com", email_verified: true, preferred_username: "bob@corp.example.com", groups: ["a"], empty: "" };
    assert.deepEqual(["preferred_username", "missing", "groups", "empty"].map((claim) => nameOf(claims, claim)), ["bob@corp.example.com", "id-1", "id-1", "id-1"]);
  });

  it("is no longer than a name may be", () => {
    assert.equal(nameOf({ sub: "x".repeat(300) }, undefined).length, 255);
  });
});
