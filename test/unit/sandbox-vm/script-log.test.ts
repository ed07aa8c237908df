import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { scriptLog } from "../../../src/sandbox/vm/script-log.ts";
import { failedOutcome, scriptOutcome } from "../../../src/sandbox/vm/script-outcome.ts";
import { renderPostInstallScript } from "../../../stacks/post-install.ts";

const SECRET = "fake-secret-for-tests-1234567";
const OWN = renderPostInstallScript({
  sshPassword: SECRET, ownerId: SECRET, jwtSecret: SECRET, hostname: "bob.spoq.dev",
  conductorUrl: "https://downloads.example.com/conductor", cliUrl: "https://downloads.example.com/spoq",
});
const SPECIFIED = readFileSync(new URL("specification-script.sh", import.meta.url), "utf8");
const stopped = (script: string, failsInStep?: number) => scriptLog(script, { outcome: failedOutcome("an example"), succeeds: false, failsInStep }).split("\n");

describe("the log of a simulated post-install script", () => {
  it("names every step of the project's own script as that does itself", () => {
    const lines = scriptLog(OWN, { outcome: scriptOutcome(OWN), succeeds: true }).split("\n");
    const titles = [...OWN.matchAll(/^step (\d+) "(.*)"$/gm)].map(([, number, title]) => `=== step ${number}/12: ${title}`);
    assert.equal(titles.length, 12);
    assert.deepEqual(lines.filter((line) => line.startsWith("=== step")), titles);
    assert.deepEqual(lines.slice(-4), ["=== Provisioning Complete ===", "Conductor: active", "Caddy: active", ""]);
  });

  it("stops at the first download, or in the step that it is told, with the script's own last words", () => {
    assert.deepEqual(stopped(OWN).slice(-4), ["=== step 4/12: Conductor", "curl: (22) The requested URL returned error: 404", "!!! Provisioning failed in step 4/12: Conductor (exit status 22)", ""]);
    assert.equal(stopped(OWN, 11).at(-2), "!!! Provisioning failed in step 11/12: Caddy (exit status 22)");
    assert.equal(stopped(OWN, 11).filter((line) => line.startsWith("=== step")).length, 11);
  });

  it("has no steps for a script that announces none", () => {
    assert.deepEqual(stopped(SPECIFIED).slice(-2), ["curl: (22) The requested URL returned error: 404", ""]);
  });

  it("never says a value of the script", () => {
    assert.ok(!stopped(OWN).join().includes(SECRET));
  });
});
