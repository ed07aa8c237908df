import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "vitest";
import { atEnd } from "../../support/at-end.ts";

const INTERRUPTS = join(import.meta.dirname, "..", "..", "..", "providers", "core", "interrupts.ts");

/** A process that says what it is told. */
async function listening() {
  const script = `const { onInterrupts } = await import(${JSON.stringify(INTERRUPTS)});
    onInterrupts((signal, count) => console.log(signal, count)); setInterval(() => {}, 1000); console.log("listens");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  atEnd(async () => { child.kill("SIGKILL"); await exit; });
  const said = async () => String((await once(child.stdout, "data"))[0]).trim();
  assert.equal(await said(), "listens");
  return { child, said };
}

describe("onInterrupts", () => {
  it("takes the same signal again at once, as npm passes it on, for the same one", async () => {
    const { child, said } = await listening();
    const first = said();
    child.kill("SIGINT");
    assert.equal(await first, "SIGINT 1");
    child.kill("SIGINT");
    const second = said();
    child.kill("SIGTERM");
    assert.equal(await second, "SIGTERM 2");
  });

  it("counts the same signal again a while later, and the end of the terminal", async () => {
    const { child, said } = await listening();
    const first = said();
    child.kill("SIGHUP");
    assert.equal(await first, "SIGHUP 1");
    const second = said();
    // However long it takes for the same one.
    const pressing = setInterval(() => child.kill("SIGHUP"), 100);
    assert.equal(await second, "SIGHUP 2");
    clearInterval(pressing);
  });
});
