/** A test file that leaves something behind fails: a process, a timer, a server (setup file of every test file). */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { afterAll } from "vitest";
import type { RunnerTestSuite } from "vitest";
import { processStat } from "../../providers/core/process-stat.ts";
import type { ProcessStat } from "../../providers/core/process-stat.ts";
import { leftBefore } from "./left-before.ts";

/** What closes by itself does so a moment after the last test; on a busy machine a moment is long. */
const SETTLE_MS = Number(process.env["USER_VPS_TEST_SETTLE_MS"] ?? 30_000);
const FIRST_LOOK_INTERVAL_MS = 25;
const LOOK_INTERVAL_GROWTH = 1.3;
/** The runner would limit the hook by a timer, which could not be told from a test's. It limits itself. */
const NO_LIMIT_MS = 0;

/** Kinds of `process.getActiveResourcesInfo()`, and browsers; sockets are left out, for clients keep theirs open for the next request. */
const LASTING = ["Timeout", "TCPServerWrap", "UDPWrap", "ProcessWrap", "Worker", "FSEventWrap", "browser"];

/** Every process that is started below this file inherits it, also after its parent has gone. */
const TAG = `USER_VPS_TEST_FILE=${randomBytes(8).toString("hex")}`;
process.env["USER_VPS_TEST_FILE"] = TAG.split("=")[1];
/** Who was there before is not looked at: to read the environments of all takes longer than many a file. */
const BEGAN_TICKS = await ticksSinceBoot();

// A file that could not even be loaded has no hooks: what it left is not the next one's.
if (!leftBefore.isChecked) await excuse();
leftBefore.isChecked = false;

// Vitest reads from the text of `{}` that no fixture is wanted.
afterAll(async ({}, file) => {
  leftBefore.isChecked = true;
  if (hasSuiteLeftOut(file)) return await excuse();
  const endMs = Date.now() + SETTLE_MS;
  for (let intervalMs = FIRST_LOOK_INTERVAL_MS; ; intervalMs *= LOOK_INTERVAL_GROWTH) {
    const left = [...leftResources(), ...(await leftProcesses()).map(({ pid, command }) => `process ${pid} (${command})`)];
    if (left.length === 0) return;
    if (Date.now() > endMs) {
      await excuse();
      throw new Error(`this test file leaves behind: ${left.join("; ")}`);
    }
    await new Promise((resume) => setTimeout(resume, intervalMs));
  }
}, NO_LIMIT_MS);

/** The files after this one in its process do not fail for what is left now. */
async function excuse(): Promise<void> {
  for (const kind of LASTING) leftBefore.resources.set(kind, countOf(kind));
  for (const { pid } of await leftProcesses()) leftBefore.processes.add(pid);
}

/**
 * A suite of which nothing runs (`-t`, or the machine lacks what it needs) has been set up all the
 * same, where it says so outside of hooks, and its own hooks do not clear that up: it stays until the process ends.
 */
function hasSuiteLeftOut({ tasks }: Readonly<RunnerTestSuite>): boolean {
  return tasks.some((task) => task.type === "suite" && (task.mode === "skip" || hasSuiteLeftOut(task)));
}

function countOf(kind: string): number {
  if (kind === "browser") return leftBefore.browsers;
  return process.getActiveResourcesInfo().filter((one) => one === kind).length;
}

function leftResources(): string[] {
  return LASTING.map((kind) => ({ kind, count: countOf(kind) - (leftBefore.resources.get(kind) ?? 0) }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} × ${kind}`);
}

async function leftProcesses(): Promise<{ readonly pid: number; readonly command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid || leftBefore.processes.has(Number(pid))) continue;
    const one = statOf(pid);
    if (!one || one.state === "Z" || one.beganTicks < BEGAN_TICKS) continue;
    const isOfFile = one.parent === process.pid || (await textOf(pid, "environ")).split("\0").includes(TAG);
    if (isOfFile) found.push({ pid: Number(pid), command: (await textOf(pid, "cmdline")).replaceAll("\0", " ").slice(0, 100).trim() });
  }
  return found;
}

/** Undefined: it has ended meanwhile. */
function statOf(pid: string): ProcessStat | undefined {
  try {
    return processStat(Number(pid));
  } catch {
    return undefined;
  }
}

function textOf(pid: string, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}

/** Linux tells processes' times in hundredths of a second, whatever its own clock is. */
async function ticksSinceBoot(): Promise<number> {
  // Where that is not told, nobody counts as having been there before.
  return Math.floor(Number((await readFile("/proc/uptime", "utf8").catch(() => "0")).split(" ")[0]) * 100);
}
