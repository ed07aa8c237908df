import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { answerOf } from "../../../src/http/error-answer.ts";
import { HttpError } from "../../../src/http/http-error.ts";

describe("answerOf", () => {
  it("takes a code of the catalogue that the caller can act on, with message and advice apart", () => {
    const { status, body } = answerOf(new UserVpsError("USERNAME_TAKEN", "The user name 'alice' belongs to another user."), "r1");
    assert.equal(status, 409);
    assert.deepEqual(body, { error: { code: "USERNAME_TAKEN", message: "The user name 'alice' belongs to another user.", next: "Choose another user name.", requestId: "r1" } });
  });

  it("tells nothing of an error that is not for the caller", () => {
    for (const error of [new Error("fake-secret-for-tests"), new UserVpsError("CONFIG_INVALID", "fake-secret-for-tests"), "fake-secret-for-tests", undefined, null]) {
      const { status, body } = answerOf(error, "r1");
      assert.deepEqual([status, body.error.code], [500, "INTERNAL"]);
      assert.doesNotMatch(JSON.stringify(body), /fake-secret/);
    }
  });

  it("is 503 for a database that is away", () => {
    for (const error of [{ code: "ECONNREFUSED" }, { code: "57P01" }, { code: "08006" }, new Error("Connection terminated unexpectedly"), new Error("timeout exceeded when trying to connect")]) {
      assert.deepEqual([answerOf(error, "r1").status, answerOf(error, "r1").body.error.code], [503, "DATABASE_FAILED"]);
    }
  });

  it("is 500 for a mistake in a statement", () => {
    assert.equal(answerOf({ code: "42601", message: "syntax error" }, "r1").status, 500);
  });

  it("keeps headers and details of what HTTP refuses", () => {
    const { status, headers, body } = answerOf(new HttpError("RATE_LIMITED", "Too many.", { headers: { "retry-after": "7" }, details: [{ path: "a", message: "b" }] }), "r1");
    assert.deepEqual([status, headers, body.error.details], [429, { "retry-after": "7" }, [{ path: "a", message: "b" }]]);
  });
});
