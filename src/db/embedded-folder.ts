/** The folder of the project's own PostgreSQL: who may enter it, and whose it is. */
import { execFile } from "node:child_process";
import { access, chmod, chown, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { homeFolder } from "../../providers/core/this-user.ts";
import type { ServerUser } from "./embedded-user.ts";

const run = promisify(execFile);

/** This program, as one of several that may be on the machine. */
const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** Not below root's home: the server runs as another user, who may not enter it. */
export function defaultEmbeddedFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (process.getuid?.() === 0) return "/var/lib/user-vps/postgresql";
  return join(env["XDG_DATA_HOME"] || join(homeFolder(env), ".local", "share"), "user-vps", "postgresql");
}

/**
 * Makes the folder, for the server's user alone; its missing parents are for everybody to pass through.
 *
 * @throws UserVpsError DATABASE_FAILED that names the folder that is in the way
 */
export async function makeEmbeddedFolder(folder: string, user: ServerUser | undefined): Promise<void> {
  try {
    await makeParents(dirname(folder));
    await mkdir(folder, { mode: 0o700 }).catch(unlessThere);
    if (user) await chown(folder, user.uid, user.gid);
  } catch (cause) {
    throw new UserVpsError("DATABASE_FAILED", `The folder of the project's own PostgreSQL cannot be made: ${messageOf(cause)}.`, {
      next: "Set USER_VPS_DATA_FOLDER to a folder that you may write to, or DATABASE_URL to a PostgreSQL of your own.", cause,
    });
  }
  if (user) await refuseUnreachable(folder, user);
}

/** Whatever the umask is: what only root may enter is closed to the server. */
async function makeParents(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
}

async function refuseUnreachable(folder: string, user: ServerUser): Promise<void> {
  const mayPass = (path: string) => run("/bin/sh", ["-c", 'cd "$1"', "sh", path], { ...user, cwd: "/" }).then(() => true, () => false);
  if (await mayPass(folder)) return;
  let closed = folder;
  while (dirname(closed) !== closed && !(await mayPass(dirname(closed)))) closed = dirname(closed);
  throw new UserVpsError("DATABASE_FAILED", `PostgreSQL does not run as root, and the user 'postgres', as whom it runs instead, may not enter ${closed}, where its data is to be (${folder}).`, {
    next: `Run \`chmod o+x ${closed}\`, or set USER_VPS_DATA_FOLDER to a folder elsewhere.`,
  });
}

/**
 * The folder that is taken where none is set belongs to the checkout that came first: a second one
 * would work on the same users without anybody having said so.
 *
 * @throws UserVpsError DATABASE_FAILED that names both
 */
export async function claimFolder(folder: string, checkout: string = CHECKOUT): Promise<void> {
  const file = join(folder, "checkout");
  const owner = (await readFile(file, "utf8").catch(() => "")).trim();
  const me = await realpath(checkout);
  if (owner === me) return;
  const isOwnerThere = owner !== "" && (await access(join(owner, "package.json")).then(() => true, () => false));
  if (!isOwnerThere) return writeFile(file, `${me}\n`);
  throw new UserVpsError("DATABASE_FAILED", `The PostgreSQL in ${folder}, and the fleet that it knows, is that of ${owner}; this is ${me}.`, {
    next: `Set USER_VPS_DATA_FOLDER to a folder of this one's own; or to ${folder}, if both are meant to work on the same fleet.`,
  });
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
