import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { hasStarted } from "../../../src/provisioning/started-child.ts";

const CHILD = join(import.meta.dirname, "..", "..", "support", "no-descriptors-engine-child.ts");

describe.skipIf(process.platform !== "linux")("a process that has no descriptor left for an engine's pipes", () => {
  it("goes on: the run alone fails, and says which limit to raise", async () => {
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", 'ulimit -n 60; exec "$0" --disable-warning=ExperimentalWarning "$@"', process.execPath, CHILD]);
    const ends = JSON.parse(stdout) as { name: string; code: string; message: string; next: string }[];
    assert.equal(ends.length, 2);
    for (const { code, message, next } of ends) {
      assert.equal(code, "ENGINE_FAILED");
      assert.match(message, /`pulumi up` cannot be started: .*EMFILE/);
      assert.match(next, /LimitNOFILE/);
    }
  });
});

describe("hasStarted", () => {
  it("tells why a command was not started that is not there", async () => {
    await assert.rejects(hasStarted(spawn("/nowhere/pulumi", [], { stdio: ["pipe", "pipe", "pipe"] }), "pulumi up"), { code: "ENGINE_FAILED", message: /ENOENT/ });
  });

  it("lets one go on that was started", async () => {
    const child = spawn("/bin/sh", ["-c", "exit 0"], { stdio: "ignore" });
    await hasStarted(child, "sh");
    await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(child.exitCode, 0);
  });
});
