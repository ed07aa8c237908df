import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { tagEnvironment } from "../../../src/provisioning/process-tags.ts";
import { STOPPED_LIMIT_MS, watchForStopped } from "../../../src/provisioning/stopped-processes.ts";
import { processStat } from "../../../src/slots/process-stat.ts";

const LOOKS = 6;
const LOOK_MS = STOPPED_LIMIT_MS / LOOKS;

describe.skipIf(process.platform !== "linux")("the watch for stopped processes of a run (on Linux, by /proc)", () => {
  const worker = "w";
  let run: string;
  let found: number[];
  const children: ChildProcess[] = [];

  const start = (tags: Partial<Record<"run" | "slot", string>>) => {
    const child = spawn("sleep", ["600"], { env: { ...process.env, ...tagEnvironment({ worker, ...tags }) }, stdio: "ignore", detached: true });
    children.push(child);
    return child.pid!;
  };
  const signal = async (pid: number, name: "SIGSTOP" | "SIGCONT") => {
    process.kill(pid, name);
    await vi.waitUntil(() => (processStat(pid).state === "T") === (name === "SIGSTOP"), 30_000);
  };
  /** So many looks, one after the other. */
  const look = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      vi.advanceTimersByTime(LOOK_MS);
      // A look goes through /proc in steps.
      for (let turn = 0; turn < 200; turn += 1) await new Promise((resume) => setImmediate(resume));
    }
  };
  const watch = (slot?: string) => watchForStopped({ run, worker, stack: "x/alice", ...(slot !== undefined && { slot }) }, (pid) => found.push(pid));

  beforeEach(() => {
    run = randomUUID();
    found = [];
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(children.splice(0).map((child) => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      return exited;
    }));
  });

  it("tells of one once, after the limit and no sooner, and of none that goes on", async () => {
    const [engine] = [start({ run }), start({ run })];
    watch();
    await signal(engine!, "SIGSTOP");
    await look(LOOKS - 1);
    assert.deepEqual(found, []);
    await look(1);
    assert.deepEqual(found, [engine]);
    await look(LOOKS);
    assert.deepEqual(found, [engine]);
  });

  it("tells of the warm process that serves the run", async () => {
    const slot = randomUUID();
    start({ run, slot });
    const serving = start({ slot });
    watch(slot);
    await signal(serving, "SIGSTOP");
    await look(LOOKS);
    assert.deepEqual(found, [serving]);
  });

  it("begins to count anew when the process goes on", async () => {
    const engine = start({ run });
    const end = watch();
    await signal(engine, "SIGSTOP");
    await look(LOOKS - 1);
    await signal(engine, "SIGCONT");
    await look(1);
    await signal(engine, "SIGSTOP");
    await look(LOOKS - 1);
    assert.deepEqual(found, []);
    end();
    await look(LOOKS);
    assert.deepEqual(found, [], "the run has ended");
  });
});
