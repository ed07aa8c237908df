import { readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";

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
    if (sessionOf(pid) === pid) writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS));
  } catch {
    // It has ended already, or the machine does not let it or does not know it: then it runs like all others.
  }
}

/** proc_pid_stat(5): the name in brackets may hold anything. */
function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
}
