/**
 * A small process beside every worker, which ends the worker's engines and providers when the
 * worker is gone, however it died: the pipe between them closes. Then it removes the worker's
 * temporary folder. `node watchdog.ts WORKER-ID FOLDER`.
 */
import { rm } from "node:fs/promises";
import { killTagged } from "./process-tags.ts";

const [workerId, folder] = process.argv.slice(2);
if (!workerId || !folder) throw new Error("expected the worker's id and its folder as arguments");

// The signals that end a terminal's processes are for the worker to answer.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

const clearUp = async () => {
  await killTagged("worker", workerId);
  await rm(folder, { recursive: true, force: true });
};
process.stdin.resume().on("close", () => void clearUp());
