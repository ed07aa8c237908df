/** The file that a PostgreSQL server leaves in its data folder while it runs, and also when it is killed. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** No process has it: it is above the highest that any kernel gives. */
const NOBODY = 2 ** 31 - 1;

/** Line 1 is the process id, line 4 the port (PostgreSQL, src/include/utils/pidfile.h). */
export async function readPidFile(folder: string): Promise<{ pid: number; port: number } | undefined> {
  const lines = (await readFile(fileIn(folder), "utf8").catch(() => "")).split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 && port > 0 ? { pid, port } : undefined;
}

/**
 * In a container whose first process does not collect dead children, a killed server stays a zombie,
 * and PostgreSQL takes a process id that answers for a running server. The id is then replaced by one
 * that nobody has; the rest of the file stays, since by it PostgreSQL makes sure itself that no other
 * process of the old server is left.
 */
export async function forgetZombie(folder: string): Promise<void> {
  const found = await readPidFile(folder);
  if (!found || !(await isZombie(found.pid))) return;
  const text = await readFile(fileIn(folder), "utf8");
  await writeFile(fileIn(folder), text.replace(/^\d+/, String(NOBODY)));
}

async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in brackets may hold anything, so the state is looked for behind the last bracket.
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "Z";
}

function fileIn(folder: string): string {
  return join(folder, "data", "postmaster.pid");
}
