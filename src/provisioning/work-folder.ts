import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createRequire } from "node:module";

const PROJECT_FOLDER = resolve(import.meta.dirname, "..", "..");

/**
 * A folder for one run, outside the checkout, where the engine may write Pulumi.yaml and
 * Pulumi.<stack>.yaml. The dynamic provider resolves `@pulumi/pulumi` and `user-vps/…` from its
 * working directory, which is this, so both are linked.
 */
export async function createWorkFolder(parent: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(parent, "run-"));
  const modules = join(path, "node_modules");
  await mkdir(modules);
  const sdk = createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json");
  await symlink(dirname(dirname(sdk)), join(modules, "@pulumi"));
  await symlink(PROJECT_FOLDER, join(modules, "user-vps"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
