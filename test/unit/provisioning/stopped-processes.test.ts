import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { findTagged, tagEnvironment } from "../../../src/provisioning/process-tags.ts";
import { createPulumiCommand } from "../../../src/provisioning/pulumi-command.ts";
import { STOPPED_LIMIT_MS, watchForStopped } from "../../../src/provisioning/stopped-processes.ts";
import { processStat } from "../../../providers/core/process-stat.ts";

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
    await signal(engine, "SIGSTOP");
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

  it("ends the command that it is of, which says so", async () => {
    const binDir = await mkdtemp(join(tmpdir(), "user-vps-bin-"));
    await writeFile(join(binDir, "pulumi"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    const started = Promise.withResolvers<number>();
    const { run: call, last } = createPulumiCommand({ binDir, version: "3.0.0", env: { PATH: process.env["PATH"]! }, tags: { run, worker, stack: "x/alice" }, beforeStart: async (pid) => started.resolve(pid) });
    const ended = call(["up"], binDir, {}).then(() => undefined, (error: unknown) => error);
    const engine = await started.promise;
    await vi.waitUntil(() => readFileSync(`/proc/${engine}/cmdline`, "latin1").startsWith("sleep"), 30_000);
    await signal(engine, "SIGSTOP");
    await look(LOOKS);
    assert.match(String(await ended), /process \d+ was stopped \(SIGSTOP\) for 30 s/);
    assert.match(last.end, /was stopped/);
    assert.deepEqual(await findTagged("run", run), []);
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
