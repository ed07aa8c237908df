import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { processStat } from "../../providers/core/process-stat.ts";

/**
 * Processor time is shared about three to one (nice(2)): enough for whoever waits for an answer, and a
 * run still gets on beside what keeps the machine busy.
 */
const NICENESS = 5;

/**
 * Runs are work in the background: beside them on one machine, whoever waits for an answer (HTTP,
 * PostgreSQL, the worker's own heartbeats) comes first. Children inherit it.
 *
 * Linux may share the processor out among sessions first, and look at niceness within each alone
 * (sched(7), autogroup): a process that leads a session gives way as a whole session. One that does
 * not must not: it would slow down whoever started it.
 */
export function giveWay(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, NICENESS);
    if (processStat(pid).session === pid) writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS));
  } catch {
    // It has ended already, or the machine does not let it or does not know it: then it runs like all others.
  }
}
