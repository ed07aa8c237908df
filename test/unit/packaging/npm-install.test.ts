/** npm may be run by an older Node than the one that the program brings: it is not to warn of each package then. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, it } from "vitest";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");

/** `npm test` hands the settings of the checkout on to whatever it runs. */
function withoutNpmsOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.toLowerCase().startsWith("npm_config_loglevel")));
}

describe("npm in the checkout", () => {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-npm-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "modern"));
  writeFileSync(join(folder, "modern", "package.json"), JSON.stringify({ name: "modern", version: "1.0.0", engines: { node: ">=999" } }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "checkout", private: true, dependencies: { modern: "file:modern" } }));
  const install = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("npm", ["install", "--offline", "--no-audit", "--no-fund", ...args], { cwd: folder, encoding: "utf8", env: withoutNpmsOwn(process.env) });
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  };

  it("says nothing of packages that want a newer Node", () => {
    for (const left of [".npmrc", "node_modules", "package-lock.json"]) rmSync(join(folder, left), { recursive: true, force: true });
    assert.match(install(), /EBADENGINE/, "without the project's settings it would");
    copyFileSync(join(CHECKOUT, ".npmrc"), join(folder, ".npmrc"));
    assert.doesNotMatch(install(), /EBADENGINE/);
  });
});
