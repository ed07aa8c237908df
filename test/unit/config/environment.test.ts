import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { loadEnvironment } from "../../../src/config/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "user-vps-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("loadEnvironment", () => {
  it("is the environment where there is no .env", () => {
    assert.deepEqual(loadEnvironment({ A: "1" }, join(folder, "none")), { A: "1" });
  });

  it("reads .env beneath the environment, which beats it", () => {
    writeFileSync(join(folder, ".env"), "A=file\nB='with blanks # and more'\n# a comment\n");
    assert.deepEqual(loadEnvironment({ A: "environment" }, folder), { A: "environment", B: "with blanks # and more" });
  });

  it("says what is wrong with a .env that cannot be read", () => {
    assert.throws(() => loadEnvironment({}, join(folder, ".env")), { code: "CONFIG_INVALID" });
  });
});
