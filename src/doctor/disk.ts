import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import type { Environment } from "../config/index.ts";
import { defaultEmbeddedFolder } from "../db/index.ts";
import { cacheRoot } from "../install-pulumi/cache.ts";
import { failed, ok } from "./check.ts";
import type { Finding } from "./check.ts";

const LEAST_FREE_BYTES = 1024 ** 3;

/** In bytes, of the file system that a folder is on or will be on. */
export type FreeSpace = (folder: string) => Promise<number>;

/** Where runs, the engine and a PostgreSQL of the service's own write. */
export async function checkDisk(env: Environment, freeSpace: FreeSpace = freeBytes): Promise<Finding> {
  const folders = [tmpdir(), cacheRoot({ ...env }), ...(env["DATABASE_URL"] ? [] : [env["USER_VPS_DATA_FOLDER"] || defaultEmbeddedFolder(env)])];
  const spaces = await Promise.all(folders.map(async (folder) => ({ folder, free: await freeSpace(folder) })));
  const tight = spaces.filter(({ free }) => free < LEAST_FREE_BYTES);
  const told = (some: typeof spaces) => some.map(({ folder, free }) => `${(free / LEAST_FREE_BYTES).toFixed(1)} GB free at ${folder}`).join(", ");
  if (tight.length === 0) return ok("disk", told(spaces));
  return failed("disk", told(tight), "Free at least 1 GB there, or move it: TMPDIR, XDG_CACHE_HOME, USER_VPS_DATA_FOLDER.");
}

async function freeBytes(folder: string): Promise<number> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return bavail * bsize;
    } catch (error) {
      if (place === dirname(place)) throw error;
    }
  }
}
