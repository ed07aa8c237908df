/**
 * A small process beside every worker, which ends the worker's engines and providers when the
 * worker is gone, however it died: the pipe between them closes. Then it removes the worker's
 * temporary folder. A worker that is frozen is silent instead: its engines are ended before its
 * users' locks are taken from it (src/jobs/session-lock.ts). `node watchdog.ts WORKER-ID FOLDER [--ends-silent]`.
 */
import { rm } from "node:fs/promises";
import { startMachineStopwatch } from "../../providers/core/stopwatch.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { killTagged } from "./process-tags.ts";

const [workerId, folder, endsSilent] = process.argv.slice(2);
if (!workerId || !folder) throw new Error("expected the worker's id and its folder as arguments");

const clearUp = async () => {
  await killTagged("worker", workerId);
  await rm(folder, { recursive: true, force: true });
};

/** Less than SILENT_SECONDS of a lock's holder, so that its engines have ended before anybody takes the lock. */
const SILENT_MS = 12 * SECOND_MS;
const LOOK_INTERVAL_MS = 1 * SECOND_MS;
let sinceBeatMs = startMachineStopwatch();
let sinceLookMs = sinceBeatMs;
let ending: Promise<void> | undefined;
setInterval(() => {
  const stillMs = sinceLookMs();
  sinceLookMs = startMachineStopwatch();
  // With the whole container frozen, or the machine asleep, this process was, too: nothing can be said of the worker yet.
  if (stillMs > 3 * LOOK_INTERVAL_MS) sinceBeatMs = sinceLookMs;
  // But after so long somebody elsewhere may have its locks: what goes on now, at the same moment as this, is to do nothing more.
  const mayBeTakenOver = stillMs > SILENT_MS;
  if (!endsSilent || (!mayBeTakenOver && sinceBeatMs() <= SILENT_MS)) return;
  ending ??= killTagged("worker", workerId).catch(() => undefined).finally(() => { ending = undefined; });
}, LOOK_INTERVAL_MS).unref();

process.stdin.on("data", () => { sinceBeatMs = startMachineStopwatch(); }).on("close", () => void clearUp());

// The signals that end a terminal's processes are for the worker to answer. Last: a watchdog that catches them is looking after its worker.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
