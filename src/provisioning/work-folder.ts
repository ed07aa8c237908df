import { lstat, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createRequire } from "node:module";
import { UserVpsError } from "../../providers/core/errors.ts";

const PROJECT_FOLDER = resolve(import.meta.dirname, "..", "..");

/**
 * A folder for one run, outside the checkout, where the engine may write Pulumi.yaml and
 * Pulumi.<stack>.yaml. The dynamic provider resolves `@pulumi/pulumi` and `user-vps/…` from its
 * working directory, which is this, so both are linked.
 *
 * @param parent made again if the system has cleared it away, as it does with old temporary folders
 */
export async function createWorkFolder(parent: string): Promise<{ path: string; remove(): Promise<void> }> {
  await makeOwn(parent);
  const path = await mkdtemp(join(parent, "run-"));
  const modules = join(path, "node_modules");
  await mkdir(modules);
  const sdk = createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json");
  await symlink(dirname(dirname(sdk)), join(modules, "@pulumi"));
  await symlink(PROJECT_FOLDER, join(modules, "user-vps"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Where everybody may write, somebody else may have made a folder of this name meanwhile: nothing of a run is for them. */
async function makeOwn(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(folder);
  if (uid !== process.getuid?.()) throw new UserVpsError("ENGINE_FAILED", `${folder} belongs to the user ${uid}, not to whom this runs as.`, { next: "Remove it, or start the worker again." });
}
