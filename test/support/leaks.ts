/** A test file that leaves something behind fails: a process, a timer, a server (setup file of every test file). */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { afterAll } from "vitest";
import type { RunnerTestSuite } from "vitest";

/** What closes by itself does so a moment after the last test; on a busy machine a moment is long. */
const SETTLE_MS = Number(process.env["USER_VPS_TEST_SETTLE_MS"] ?? 30_000);
const LOOK_INTERVAL_MS = 25;
/** The runner would limit the hook by a timer, which could not be told from a test's. It limits itself. */
const NO_LIMIT_MS = 0;

/** Kinds of `process.getActiveResourcesInfo()`; sockets are left out, for clients keep theirs open for the next request. */
const LASTING = ["Timeout", "TCPServerWrap", "UDPWrap", "ProcessWrap", "Worker", "FSEventWrap"];

/** Every process that is started below this file inherits it, also after its parent has gone. */
const TAG = `USER_VPS_TEST_FILE=${randomBytes(8).toString("hex")}`;
process.env["USER_VPS_TEST_FILE"] = TAG.split("=")[1];

// Vitest reads from the text of `{}` that no fixture is wanted.
afterAll(async ({}, file) => {
  if (hasSuiteLeftOut(file)) return;
  const endMs = Date.now() + SETTLE_MS;
  for (;;) {
    const left = [...leftResources(), ...(await leftProcesses())];
    if (left.length === 0) return;
    if (Date.now() > endMs) throw new Error(`this test file leaves behind: ${left.join("; ")}`);
    await new Promise((resume) => setTimeout(resume, LOOK_INTERVAL_MS));
  }
}, NO_LIMIT_MS);

/**
 * A suite of which nothing runs (`-t`, or the machine lacks what it needs) has been set up all the
 * same, where it says so outside of hooks, and its own hooks do not clear that up: it ends with the process.
 */
function hasSuiteLeftOut({ tasks }: Readonly<RunnerTestSuite>): boolean {
  return tasks.some((task) => task.type === "suite" && (task.mode === "skip" || hasSuiteLeftOut(task)));
}

function leftResources(): string[] {
  const now = process.getActiveResourcesInfo();
  return LASTING.map((kind) => ({ kind, count: now.filter((one) => one === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} × ${kind}`);
}

async function leftProcesses(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const [environ, parent, command] = await Promise.all(["environ", "stat", "cmdline"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")));
    const isZombie = / Z /.test(parent ?? "");
    const isChild = /\) \S (\d+)/.exec(parent ?? "")?.[1] === String(process.pid);
    if (!isZombie && (isChild || environ?.split("\0").includes(TAG))) found.push(`process ${pid} (${command?.replaceAll("\0", " ").slice(0, 100).trim()})`);
  }
  return found;
}
