import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { describe, it } from "vitest";
import { giveWay } from "../../../src/slots/give-way.ts";

const NICENESS = 5;
const niceOfSession = (pid: number) => (existsSync(`/proc/${pid}/autogroup`) ? Number(/nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, "utf8"))?.[1]) : undefined);

async function withSleeper(detached: boolean, look: (pid: number) => void): Promise<void> {
  const child = spawn("sleep", ["30"], { detached, stdio: "ignore" });
  try {
    look(child.pid!);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

describe("giving way", () => {
  it("lowers a process that leads a session, and where Linux groups by sessions, its session", () => withSleeper(true, (pid) => {
    const before = niceOfSession(pid);
    giveWay(pid);
    assert.equal(getPriority(pid), NICENESS);
    assert.equal(niceOfSession(pid), before === undefined ? undefined : NICENESS);
  }));

  it("leaves the session alone of whoever started a process that has none of its own", () => withSleeper(false, (pid) => {
    const [before, own] = [niceOfSession(pid), getPriority(process.pid)];
    giveWay(pid);
    assert.equal(getPriority(pid), NICENESS);
    assert.deepEqual([niceOfSession(pid), getPriority(process.pid)], [before, own]);
  }));

  it("of a process that is gone, or never was, says nothing", async () => {
    const child = spawn("true");
    await once(child, "exit");
    assert.doesNotThrow(() => giveWay(child.pid));
    assert.doesNotThrow(() => giveWay(undefined));
  });
});
