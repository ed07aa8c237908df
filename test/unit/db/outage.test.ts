/** A database that is away is one thing, whoever meets it: a worker, or HTTP. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { isDatabaseOutage } from "../../../src/db/outage.ts";
import { answerOf } from "../../../src/http/error-answer.ts";
import { codeOf } from "../../../src/jobs/end-run.ts";

const withCode = (code: string) => Object.assign(new Error("as it comes from the network or the driver"), { code });
const AWAY = [
  ...["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT", "57P01", "08006", "25006"].map(withCode),
  new Error("Client has encountered a connection error and is not queryable"), new Error("Connection terminated unexpectedly"),
];

describe("a database that is away", () => {
  for (const error of AWAY) {
    it(`is an outage to the worker and to HTTP alike: ${(error as { code?: string }).code ?? error.message}`, () => {
      assert.equal(isDatabaseOutage(error), true);
      assert.equal(codeOf(error), "DATABASE_FAILED");
      const { status, body } = answerOf(error, "r1");
      assert.deepEqual([status, body.error.code], [503, "DATABASE_FAILED"]);
    });
  }

  it("is not every error", () => {
    for (const error of [new Error("x"), withCode("23505"), new TypeError("x is not a function")]) {
      assert.deepEqual([isDatabaseOutage(error), codeOf(error), answerOf(error, "r1").status], [false, "ENGINE_FAILED", 500]);
    }
  });
});
