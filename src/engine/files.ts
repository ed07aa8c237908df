/** Small files and links that several processes may write at once: whole, or not there. */
import { access, chmod, constants, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
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

export async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false);
}
