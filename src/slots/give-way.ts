import { setPriority } from "node:os";

/** Processor time is shared about three to one (nice(2)). */
const NICENESS = 5;

/**
 * Runs are work in the background: beside them on one machine, whoever waits for an answer (HTTP,
 * PostgreSQL, the worker's own heartbeats) comes first. Children inherit it.
 */
export function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS);
  } catch {
    // It has ended already, or the machine does not let it: then it runs like all others.
  }
}
