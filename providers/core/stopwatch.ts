import { uptime } from "node:os";
import { SECOND_MS } from "./time.ts";

/**
 * How long ago it was started, in ms, by the furthest of three clocks: one of them runs on while the
 * process is stopped, while the machine sleeps (CLOCK_BOOTTIME) or while somebody sets the time.
 * A machine that is paused from outside stops all three: against that only helps to ask somebody else.
 */
export function startStopwatch(): () => number {
  const wall = Date.now();
  const machinesMs = startMachineStopwatch();
  return () => Math.max(Date.now() - wall, machinesMs());
}

/** Likewise by those alone that nobody sets: a time that was wrong and is put right says nothing of who stood still. */
export function startMachineStopwatch(): () => number {
  const monotonic = performance.now();
  const boot = uptime();
  return () => Math.max(0, performance.now() - monotonic, (uptime() - boot) * SECOND_MS);
}
