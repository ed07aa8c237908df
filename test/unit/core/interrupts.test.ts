import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "vitest";
import { atEnd } from "../../support/at-end.ts";

const INTERRUPTS = join(import.meta.dirname, "..", "..", "..", "providers", "core", "interrupts.ts");

/** A process that says what it is told. */
async function listening(further = "") {
  const script = `const { onInterrupts } = await import(${JSON.stringify(INTERRUPTS)}); const told = [];
    onInterrupts((signal, count) => { told.push(signal + " " + count); console.log(signal, count); }); setInterval(() => {}, 1000); ${further} console.log("listens", ...told);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  atEnd(async () => { child.kill("SIGKILL"); await exit; });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => { text += more; });
  const until = async (line: string) => { while (!text.split("\n").includes(line)) await once(child.stdout, "data"); };
  return { child, until };
}

describe("onInterrupts", () => {
  it("takes the same signal again at once, as npm passes it on, for the same one", async () => {
    const { until } = await listening(`for (const signal of ["SIGINT", "SIGINT", "SIGTERM", "SIGINT"]) process.emit(signal, signal);`);
    await until("listens SIGINT 1 SIGTERM 2");
  });

  it("counts the same signal again a while later, and the end of the terminal", async () => {
    const { child, until } = await listening();
    await until("listens");
    child.kill("SIGHUP");
    await until("SIGHUP 1");
    // However long it takes for the same one.
    const pressing = setInterval(() => child.kill("SIGHUP"), 100);
    atEnd(() => clearInterval(pressing));
    await until("SIGHUP 2");
  });
});
