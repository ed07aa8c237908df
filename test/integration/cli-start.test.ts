/** What a command line loads that only tells something: libraries are most of the time that a start takes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { CHECKOUT, temporaryFolder } from "./cli-support.ts";

function loadedBy(args: readonly string[]): string[] {
  const file = join(temporaryFolder(), "loaded.json");
  const hook = new URL("../support/loaded-packages.ts", import.meta.url).href;
  const { status, error } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", hook, join(CHECKOUT, "src", "cli", "main.ts"), ...args], { env: { PATH: process.env["PATH"], LOADED_PACKAGES: file } });
  assert.equal(error, undefined);
  assert.notEqual(status, null);
  return JSON.parse(readFileSync(file, "utf8")) as string[];
}

describe("a start of the command line", () => {
  it.each([["--version"], ["--help"], ["vm", "create", "--help"], ["completion", "bash"], ["driff"]])("loads nothing but commander for `%s`", (...args: string[]) => {
    assert.deepEqual(loadedBy(args), ["commander"]);
  });

  it("is seen to load what a command works with", () => {
    assert.ok(loadedBy(["init", "--nothing-of-the-kind"]).includes("commander"));
    assert.ok(loadedBy(["plans"]).includes("zod"));
  });
});
