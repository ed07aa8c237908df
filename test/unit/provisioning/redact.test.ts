import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { createRedactor } from "../../../src/provisioning/redact.ts";

describe("createRedactor", () => {
  it("takes known values out, wherever they stand and however often", () => {
    const { redact } = createRedactor("fake-hostinger-token-for-tests", undefined);
    assert.equal(redact("a fake-hostinger-token-for-tests b fake-hostinger-token-for-tests"), "a [secret] b [secret]");
  });

  it("takes a value out as it stands inside JSON", () => {
    const { redact } = createRedactor('pass"word\\1');
    assert.equal(redact(JSON.stringify({ password: 'pass"word\\1' })), '{"password":"[secret]"}');
  });

  it("learns of secrets later", () => {
    const redactor = createRedactor();
    assert.equal(redactor.redact("late-secret"), "late-secret");
    redactor.add("late-secret");
    assert.equal(redactor.redact("late-secret"), "[secret]");
  });

  it("takes user and password out of any URL, and bearer tokens", () => {
    const { redact } = createRedactor();
    assert.equal(redact("postgres://user:pw@db.example.com/x"), "postgres://[secret]@db.example.com/x");
    assert.equal(redact("Authorization: Bearer abcdef123456"), "Authorization: Bearer [secret]");
  });

  it("leaves ordinary words alone, also when a secret is very short", () => {
    const { redact } = createRedactor("up", "");
    assert.equal(redact("up succeeded at https://alice.spoq.dev/health"), "up succeeded at https://alice.spoq.dev/health");
  });
});
