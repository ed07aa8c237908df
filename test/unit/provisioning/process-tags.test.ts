import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { sleep } from "../../../providers/core/time.ts";
import { findTagged, killTagged, tagEnvironment } from "../../../src/provisioning/process-tags.ts";
import { atEnd } from "../../support/at-end.ts";
import { until } from "../../support/until.ts";

const PROVISIONING = join(import.meta.dirname, "..", "..", "..", "src", "provisioning");

function sleeper(tags: { run: string; stack: string; worker: string }, script = "exec sleep 300") {
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

describe.skipIf(process.platform !== "linux")("a process with hardly a descriptor left (on Linux, by /proc)", () => {
  const CHILD = join(import.meta.dirname, "..", "..", "support", "few-descriptors-child.ts");
  const look = async (run: string, keptMs: number) => {
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", 'ulimit -n 60; exec "$0" --disable-warning=ExperimentalWarning "$@"', process.execPath, CHILD, run, String(keptMs)]);
    return JSON.parse(stdout) as { held: number; outcome: { pids?: number[]; code?: string; next?: string } };
  };

  it("finds all processes of a run as soon as it can look, and else says that it cannot tell: never that they are gone", async () => {
    const run = randomUUID();
    const engines = Array.from({ length: 5 }, () => sleeper({ run, stack: "x/alice", worker: "w" }));
    try {
      while ((await findTagged("run", run)).length < engines.length) await new Promise((resume) => setTimeout(resume, 5));
      const [soon, never] = await Promise.all([look(run, 500), look(run, 300_000)]);
      assert.ok(soon.held > 10 && never.held > 10);
      assert.deepEqual(soon.outcome.pids?.toSorted(), engines.map(({ pid }) => pid!).toSorted());
      assert.equal(never.outcome.code, "ENGINE_FAILED");
      assert.match(never.outcome.next!, /LimitNOFILE/);
    } finally {
      await Promise.all(engines.map((engine) => { engine.kill("SIGKILL"); return once(engine, "exit"); }));
    }
  });
});

/** Loaded before a watchdog: with SIGUSR2 one of its clocks is an hour further. */
const anHourLater = (clock: "wall" | "boot") => `data:text/javascript,${encodeURIComponent(`
  import os from "node:os";
  import { syncBuiltinESMExports } from "node:module";
  const { now } = Date;
  const { uptime } = os;
  process.on("SIGUSR2", () => {
    if (${clock === "wall"}) Date.now = () => now() + 3_600_000;
    else os.uptime = () => uptime() + 3_600;
    syncBuiltinESMExports();
  });
`)}`;

describe("the watchdog", () => {
  async function startWorker() {
    const worker = randomUUID();
    const folder = await mkdtemp(join(tmpdir(), "user-vps-watchdog-test-"));
    const start = join(PROVISIONING, "start-watchdog.ts");
    const parent = spawn(process.execPath, ["--input-type=module", "-e", `(await import(${JSON.stringify(start)})).startWatchdog(${JSON.stringify(worker)}, ${JSON.stringify(folder)}); console.log("started"); setInterval(() => {}, 1000);`], { stdio: ["ignore", "pipe", "inherit"] });
    const child = sleeper({ run: randomUUID(), stack: "x/alice", worker });
    for (const one of [parent, child]) atEnd(() => one.kill("SIGKILL"));
    const exited = once(child, "exit");
    await once(parent.stdout, "data");
    return { worker, folder, parent, exited };
  }

  async function clearsUpAfter({ parent, exited, folder }: Awaited<ReturnType<typeof startWorker>>) {
    parent.kill("SIGKILL");
    const [, signal] = await exited;
    assert.equal(signal, "SIGKILL");
    await until("its folder to be gone", () => !existsSync(folder));
  }

  async function watchdogOf(worker: string): Promise<number | undefined> {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "pid=,command="]);
    return stdout.split("\n").filter((line) => line.includes(`watchdog.ts ${worker}`)).map((line) => Number.parseInt(line, 10))[0];
  }

  it("ends the worker's processes and removes its folder when the worker is gone", async () => {
    await clearsUpAfter(await startWorker());
  });

  /** Which it does once it looks after the worker. */
  async function catches(pid: number, signal: number): Promise<boolean> {
    const [, mask] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))!;
    return (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
  }

  it.skipIf(process.platform !== "linux")("that stood still itself (on Linux, by /proc), for as long as others wait for a silent worker, ends what the worker was at when it goes on", async () => {
    const { worker, parent, exited } = await startWorker();
    const watchdog = (await watchdogOf(worker))!;
    await until("the watchdog to look after the worker", async () => await catches(watchdog, constants.signals.SIGHUP));
    process.kill(watchdog, "SIGSTOP");
    await sleep(13_000);
    process.kill(watchdog, "SIGCONT");
    const [, signal] = await exited;
    assert.equal(signal, "SIGKILL");
    assert.equal(parent.exitCode, null);
  });

  async function setForward(clock: "wall" | "boot") {
    const { worker, folder, parent, exited } = await startWorker();
    const watchdog = spawn(process.execPath, ["--import", anHourLater(clock), join(PROVISIONING, "watchdog.ts"), worker, folder, "--ends-silent"], { stdio: ["pipe", "ignore", "inherit"] });
    atEnd(() => watchdog.kill("SIGKILL"));
    await until("it to look after the worker", async () => await catches(watchdog.pid!, constants.signals.SIGHUP));
    watchdog.kill("SIGUSR2");
    return { watchdog, parent, exited };
  }

  it.skipIf(process.platform !== "linux")("that slept with its machine (on Linux, by /proc) ends what the worker was at when it wakes", async () => {
    const { parent, exited } = await setForward("boot");
    const [, signal] = await exited;
    assert.equal(signal, "SIGKILL");
    assert.equal(parent.exitCode, null);
  });

  it.skipIf(process.platform !== "linux")("ends nothing (on Linux, by /proc) when somebody puts a clock right that was slow", async () => {
    const { watchdog, exited } = await setForward("wall");
    const beats = setInterval(() => watchdog.stdin.write("."), 500);
    atEnd(() => clearInterval(beats));
    assert.equal(await Promise.race([exited, sleep(4_000).then(() => "still there")]), "still there");
    assert.equal(watchdog.exitCode, null);
  });

  it("is started again when it was killed, and then does so too", async () => {
    const started = await startWorker();
    const first = (await watchdogOf(started.worker))!;
    process.kill(first, "SIGKILL");
    await until("another watchdog", async () => {
      const second = await watchdogOf(started.worker);
      return second !== undefined && second !== first;
    });
    await clearsUpAfter(started);
  });
});
