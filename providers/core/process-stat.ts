import { readFileSync } from "node:fs";

/** What Linux tells of a process in /proc/PID/stat, as far as it is used here: proc_pid_stat(5). */
export interface ProcessStat {
  /** `T`: stopped by a signal; `t`: held by a debugger; `Z`: ended, and not collected by its parent yet. */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** When it began: hundredths of a second since the machine did. */
  readonly beganTicks: number;
}

/** @throws where there is no /proc, or no such process any more */
export function processStat(pid: number): ProcessStat {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", parent: Number(fields[1]), session: Number(fields[3]), beganTicks: Number(fields[19]) };
}
