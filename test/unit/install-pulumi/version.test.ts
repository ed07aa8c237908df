import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, it } from "vitest";
import { ENGINE_VERSION, isUsableEngine, parseVersion, SDK_VERSION } from "../../../src/install-pulumi/version.ts";

describe("parseVersion", () => {
  it("reads a version with and without v, and out of a sentence", () => {
    assert.deepEqual(parseVersion("v3.274.1"), { major: 3, minor: 274, patch: 1, prerelease: false });
    assert.deepEqual(parseVersion("go version go1.26.8 linux/amd64"), { major: 1, minor: 26, patch: 8, prerelease: false });
    assert.equal(parseVersion("3.251.0-alpha.x1")?.prerelease, true);
  });
  it("finds none in a text without one", () => assert.equal(parseVersion("unknown"), undefined));
});

describe("isUsableEngine", () => {
  for (const version of ["v3.274.1", "3.270.0", "v3.300.0", "v3.275.0-alpha.1"]) {
    it(`takes ${version}`, () => assert.equal(isUsableEngine(version), true));
  }
  for (const version of ["v3.269.9", "v2.300.0", "v4.0.0", "v3.270.0-alpha.1", "", "dev"]) {
    it(`refuses '${version}'`, () => assert.equal(isUsableEngine(version), false));
  }
});

describe("SDK_VERSION and ENGINE_VERSION", () => {
  it("are the versions of the SDK in node_modules and of the Go module that is built", async () => {
    const sdk = createRequire(import.meta.url)("@pulumi/pulumi/package.json") as { version: string };
    assert.equal(sdk.version, SDK_VERSION);
    const goModule = await readFile(new URL("../../../src/install-pulumi/cli/go.mod", import.meta.url), "utf8");
    assert.match(goModule, new RegExp(`github.com/pulumi/pulumi/pkg/v3 v${ENGINE_VERSION.replaceAll(".", "\\.")}\\b`));
  });
});
