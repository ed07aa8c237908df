/**
 * A small process beside every worker, which ends the worker's engines and providers when the
 * worker is gone, however it died: the pipe between them closes. `node watchdog.ts WORKER-ID`.
 */
import { killTagged } from "./process-tags.ts";

const workerId = process.argv[2];
if (!workerId) throw new Error("expected the worker's id as the argument");

// The signals that end a terminal's processes are for the worker to answer.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

process.stdin.resume().on("close", () => void killTagged("worker", workerId));
