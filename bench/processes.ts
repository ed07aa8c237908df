/** What the processes below this one take: CPU seconds and memory, as Linux's /proc has them. */
import { readdirSync, readFileSync } from "node:fs";

/** `getconf CLK_TCK` is 100 wherever Node runs on Linux. */
const TICKS_A_SECOND = 100;

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Its own, and that of children that have ended. */
  readonly cpuSeconds: number;
  readonly endedChildrenSeconds: number;
}

/** CPU seconds so far of all processes below `root`, those that have ended included; PostgreSQL's are left out. */
export function cpuSecondsBelow(root: number): number {
  const all = processes();
  const own = all.find(({ pid }) => pid === root);
  return (own?.endedChildrenSeconds ?? 0) + below(all, root).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** The same with `root`'s own. */
export function cpuSecondsOf(root: number): number {
  const all = processes();
  return [...all.filter(({ pid }) => pid === root), ...below(all, root)].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Of `root` and all below it; what processes share counts once (PSS). */
export function memoryMbOf(root: number): number {
  const pids = [root, ...below(processes(), root).map(({ pid }) => pid)];
  return pids.reduce((sum, pid) => sum + proportionalKb(pid), 0) / 1_024;
}

export function processCountOf(root: number): number {
  return 1 + below(processes(), root).length;
}

/** Open files and sockets of `root` and all below it. */
export function descriptorsOf(root: number): number {
  return [root, ...below(processes(), root).map(({ pid }) => pid)].reduce((sum, pid) => sum + openOf(pid), 0);
}

function openOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function below(all: readonly ProcessTimes[], root: number): ProcessTimes[] {
  const children = all.filter(({ parent, name }) => parent === root && name !== "postgres");
  return children.flatMap((child) => [child, ...below(all, child.pid)]);
}

function processes(): ProcessTimes[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => timesOf(Number(pid)) ?? []);
}

function timesOf(pid: number): ProcessTimes | undefined {
  const text = read(`/proc/${pid}/stat`);
  const end = text.lastIndexOf(")");
  if (end < 0) return undefined;
  // man 5 proc_pid_stat: the third field comes after the name.
  const field = text.slice(end + 2).split(" ");
  const seconds = (...numbers: number[]) => numbers.reduce((sum, number) => sum + Number(field[number - 3]), 0) / TICKS_A_SECOND;
  return { pid, parent: Number(field[1]), name: text.slice(text.indexOf("(") + 1, end), cpuSeconds: seconds(14, 15, 16, 17), endedChildrenSeconds: seconds(16, 17) };
}

function proportionalKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

/** A process may end at any moment. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
