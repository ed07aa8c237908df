/** The file that a PostgreSQL server leaves in its data folder while it runs, and also when it is killed. */
import { execFile } from "node:child_process";
import { readFile, readlink, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { processStat } from "../../providers/core/process-stat.ts";

const run = promisify(execFile);

/** No process has it: it is above the highest that any kernel gives. */
const NOBODY = 2 ** 31 - 1;

/** What says for certain that no such process of ours is there. Anything else, as too many open files, says nothing. */
const NOT_OURS = new Set(["ENOENT", "ESRCH", "EACCES"]);

/** Line 1 is the process id, line 4 the port (PostgreSQL, src/include/utils/pidfile.h). */
export async function readPidFile(folder: string): Promise<{ pid: number; port: number } | undefined> {
  const lines = (await readFile(fileIn(folder), "utf8").catch(() => "")).split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 && port > 0 ? { pid, port } : undefined;
}

/**
 * PostgreSQL takes a process id that answers for a running server. After a restart of the machine or
 * the container the id of a killed one may be somebody else's, and in a container whose first process
 * does not collect dead children it stays a zombie's. Such an id is replaced by one that nobody has;
 * the rest of the file stays, since by it PostgreSQL makes sure itself that no other process of the
 * old server is left.
 */
export async function forgetStranger(folder: string): Promise<void> {
  const text = await readFile(fileIn(folder), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  if (!(pid > 0) || pid === NOBODY || (await isServerOf(folder, pid))) return;
  await writeFile(fileIn(folder), text.replace(/^\d+/, String(NOBODY)));
}

async function isServerOf(folder: string, pid: number): Promise<boolean> {
  if (process.platform !== "linux") return isCalledPostgres(pid);
  try {
    if (processStat(pid).state === "Z") return false;
    // A server works in its data folder from before it writes the file until its end.
    const [workingFolder, data] = await Promise.all([readlink(`/proc/${pid}/cwd`), realpath(join(folder, "data"))]);
    return workingFolder === data;
  } catch (error) {
    if (NOT_OURS.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Where the system does not tell where a process works. */
async function isCalledPostgres(pid: number): Promise<boolean> {
  const { stdout } = await run("ps", ["-p", String(pid), "-o", "comm="]).catch(() => ({ stdout: "" }));
  return /(^|\/)postgres\s*$/.test(stdout);
}

function fileIn(folder: string): string {
  return join(folder, "data", "postmaster.pid");
}
