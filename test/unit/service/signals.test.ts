import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "vitest";
import { atEnd } from "../../support/at-end.ts";

const SIGNALS = join(import.meta.dirname, "..", "..", "..", "src", "service", "signals.ts");

/** A process whose service takes forever to close unless it is told to do so at once. */
function closing() {
  const script = `const { startUntilSignals } = await import(${JSON.stringify(SIGNALS)});
    await startUntilSignals(async () => ({ close: ({ atOnce }) => atOnce ? Promise.resolve() : new Promise(() => {}) }), console.log);
    setInterval(() => {}, 1000); console.log("started");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  atEnd(() => child.kill("SIGKILL"));
  return child;
}

describe("startUntilSignals", () => {
  it("waits at the first signal, and no longer at the second", async () => {
    const child = closing();
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [first] = await once(child.stdout, "data");
    assert.match(String(first), /finishing what runs/);
    assert.equal(child.exitCode, null);
    const exit = once(child, "exit");
    child.kill("SIGINT");
    assert.deepEqual(await exit, [0, null]);
  });
});
