import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { findTagged, killTagged, tagEnvironment } from "../../../src/provisioning/process-tags.ts";

function sleeper(tags: { run: string; stack: string; worker: string }, script = "exec sleep 30") {
  return spawn("/bin/sh", ["-c", script], { env: { ...process.env, ...tagEnvironment(tags) }, stdio: "ignore", detached: true });
}

describe("killTagged", () => {
  it("ends a process and its children in other process groups, and no process with another tag", async () => {
    const tags = { run: randomUUID(), stack: "x/alice", worker: "w" };
    const child = sleeper(tags, "setsid sleep 30 & sleep 30");
    const other = sleeper({ ...tags, run: `${tags.run}-other` });
    try {
      const exited = once(child, "exit");
      while ((await findTagged("run", tags.run)).length < 3) await new Promise((resume) => setTimeout(resume, 5));
      await killTagged("run", tags.run);
      await exited;
      assert.deepEqual(await findTagged("run", tags.run), []);
      assert.deepEqual(await findTagged("run", `${tags.run}-other`), [other.pid]);
    } finally {
      other.kill("SIGKILL");
      await once(other, "exit");
    }
  });
});

describe("the watchdog", () => {
  it("ends the worker's processes and removes its folder when the worker is gone", async () => {
    const worker = randomUUID();
    const folder = await mkdtemp(join(tmpdir(), "user-vps-watchdog-test-"));
    const start = join(import.meta.dirname, "..", "..", "..", "src", "provisioning", "start-watchdog.ts");
    const parent = spawn(process.execPath, ["--input-type=module", "-e", `(await import(${JSON.stringify(start)})).startWatchdog(${JSON.stringify(worker)}, ${JSON.stringify(folder)}); console.log("started"); setInterval(() => {}, 1000);`], { stdio: ["ignore", "pipe", "inherit"] });
    const child = sleeper({ run: randomUUID(), stack: "x/alice", worker });
    const exited = once(child, "exit");
    await once(parent.stdout, "data");
    parent.kill("SIGKILL");
    const [, signal] = await exited;
    assert.equal(signal, "SIGKILL");
    for (let looks = 0; existsSync(folder) && looks < 200; looks++) await new Promise((resume) => setTimeout(resume, 10));
    assert.equal(existsSync(folder), false);
  });
});
