/** Small files and links that several processes may write at once: whole, or not there. */
import { access, chmod, constants, copyFile, link, lstat, mkdir, readFile, readlink, realpath, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

let written = 0;

/** A name beside `path` that no other process and no other call here uses. */
export function temporaryName(path: string): string {
  written += 1;
  return `${path}.${process.pid}-${written}.tmp`;
}

/** Writes the file by renaming it into place, unless it holds the content already. */
export async function writeWhole(path: string, content: string, mode = 0o644): Promise<void> {
  if ((await readIfThere(path)) === content) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  await writeFile(temporary, content, { mode });
  await chmod(temporary, mode);
  await rename(temporary, path);
}

/** Makes `path` a symbolic link to `target`, unless it is one already. */
export async function linkTo(path: string, target: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  await symlink(target, temporary);
  await rename(temporary, path).catch(async (error: unknown) => {
    await rm(temporary, { force: true });
    throw error;
  });
}

/** Makes `path` the same file as `source`, or a copy of it where a file cannot have two names. */
export async function placeFile(path: string, source: string): Promise<void> {
  const [wanted, present] = [await stat(source), await lstat(path).catch(() => undefined)];
  // An image of a container holds both names, but not that they are one file.
  if (present?.isFile() && present.size === wanted.size && Math.trunc(present.mtimeMs) === Math.trunc(wanted.mtimeMs)) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  try {
    await link(await realpath(source), temporary).catch(async () => {
      await copyFile(source, temporary);
      await utimes(temporary, wanted.atime, wanted.mtime);
    });
    await rename(temporary, path);
  } finally {
    // Of two names of one file, `rename` leaves both.
    await rm(temporary, { force: true });
  }
}

export async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}

/** The JSON in a file; undefined if there is no such file or it is not JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

export async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(() => true, () => false);
}

/** Root runs what belongs to root: the owner of anything else might rewrite it. */
export async function isTrustworthy(path: string): Promise<boolean> {
  return process.getuid?.() !== 0 || (await stat(path)).uid === 0;
}

export async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false);
}
