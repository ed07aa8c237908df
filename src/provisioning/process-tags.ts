/**
 * Every process of a run carries tags in its environment, which children inherit: the engine, the
 * providers, whatever they start. So all of a run's processes can be found and ended for certain,
 * also those that have left the process group or have lost their parent.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, inSeconds, sleep } from "../../providers/core/time.ts";

export const TAG_VARIABLES = { run: "USER_VPS_RUN", stack: "USER_VPS_STACK", worker: "USER_VPS_WORKER", slot: "USER_VPS_SLOT" } as const;

export interface ProcessTags {
  readonly run: string;
  /** Distinguishes installations too: another database's `alice` is another stack. */
  readonly stack: string;
  readonly worker: string;
  /** Of the warm process that serves the run; it carries this tag and the worker's alone. */
  readonly slot?: string;
}

export function tagEnvironment(tags: Partial<ProcessTags>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [TAG_VARIABLES[key as keyof ProcessTags], value]));
}

const KILL_LIMIT_MS = 10 * SECOND_MS;
const LOOK_INTERVAL_MS = 20;
/** Some 2 ms: then whoever else waits for this process has their turn. */
const AT_ONCE = 50;
/** Over some ten seconds. */
const FULL_TRIES = 30;

/** Kills all processes with this tag and returns when none is left; one may start others meanwhile. */
export async function killTagged(tag: keyof ProcessTags, value: string): Promise<void> {
  const endMs = performance.now() + KILL_LIMIT_MS;
  for (;;) {
    const pids = await findTagged(tag, value);
    if (pids.length === 0) return;
    if (performance.now() > endMs) {
      throw new UserVpsError("ENGINE_FAILED", `Processes ${pids.join(", ")} of an earlier run are still there ${inSeconds(KILL_LIMIT_MS)} after they were killed.`);
    }
    for (const pid of pids) kill(pid);
    await sleep(LOOK_INTERVAL_MS);
  }
}

/** Kills all processes of the stack's runs, those that serve them included. */
export async function killRunsOfStack(stack: string): Promise<void> {
  const slots = await Promise.all((await findTagged("stack", stack)).map(slotOf));
  await killTagged("stack", stack);
  for (const slot of new Set(slots)) if (slot) await killTagged("slot", slot);
}

/** Where there is no /proc, a slot finds out by itself that its engine is gone (providers/core/engine-liveness.ts). */
async function slotOf(pid: number): Promise<string | undefined> {
  return new RegExp(`\\0${TAG_VARIABLES.slot}=([^\\0]+)\\0`).exec(await environmentOf(String(pid)))?.[1];
}

/** The ids of all living processes with this tag, this one excluded. */
export async function findTagged(tag: keyof ProcessTags, value: string): Promise<number[]> {
  const entry = `${TAG_VARIABLES[tag]}=${value}`;
  const pids = process.platform === "linux" ? await fromProc(entry) : await fromPs(entry);
  return pids.filter((pid) => pid !== process.pid);
}

async function fromProc(entry: string): Promise<number[]> {
  const names = (await patiently(() => readdirSync("/proc")).catch((error: unknown) => { throw cannotTell("which processes there are", error); })).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const [index, name] of names.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await breathe();
    // A zombie's environment is empty, so it does not count as living.
    if ((await environmentOf(name)).includes(`\0${entry}\0`)) found.push(Number(name));
  }
  return found;
}

/** What these say of a process: it is gone, or somebody else's. Anything else says nothing about it. */
const NOT_OURS: ReadonlySet<unknown> = new Set(["ENOENT", "ESRCH", "EACCES"]);

/** Between NULs at both ends; empty for a process that is gone or not ours. The kernel has it in memory: to ask for it by a thread costs three to four times as much. */
async function environmentOf(pid: string): Promise<string> {
  return await patiently(() => readFileSync(`/proc/${pid}/environ`, "utf8")).then((text) => `\0${text}\0`, (error: NodeJS.ErrnoException) => {
    if (NOT_OURS.has(error.code)) return "";
    throw cannotTell(`whether process ${pid} is of an earlier run`, error);
  });
}

function cannotTell(what: string, error: unknown): UserVpsError {
  return new UserVpsError("ENGINE_FAILED", `It cannot be told ${what}: ${messageOf(error)}.`, { next: "Raise the limit of open files (LimitNOFILE) if it says EMFILE or ENFILE; then it is tried again by itself.", cause: error });
}

/** Descriptors that are all in use are so for a moment, mostly. */
async function patiently<T>(read: () => T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return read();
    } catch (error) {
      const isFull = ["EMFILE", "ENFILE", "EAGAIN"].includes((error as NodeJS.ErrnoException).code ?? "");
      if (!isFull || tries >= FULL_TRIES) throw error;
      await sleep(LOOK_INTERVAL_MS * tries);
    }
  }
}

/** Where there is no /proc, `ps` shows the environment of one's own processes after their arguments. */
function fromPs(entry: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    execFile("ps", ["-A", "-E", "-ww", "-o", "pid=,command="], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      if (error) return reject(new UserVpsError("ENGINE_FAILED", "The processes of an earlier run cannot be looked for: neither /proc nor `ps -E` works here.", { cause: error }));
      const lines = stdout.split("\n").filter((line) => `${line} `.includes(` ${entry} `));
      resolve(lines.map((line) => Number.parseInt(line, 10)));
    });
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
