import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { currentFolder } from "../../config/environment.ts";

export const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");

/** For the sandbox's and the demo's files: of an installed package, which is npm's, where one is. */
export const sandboxFolder = () => join(CHECKOUT.includes("/node_modules/") ? currentFolder() : CHECKOUT, ".sandbox");

/** A folder from which the Pulumi CLI works as from the checkout. Pulumi writes the stack's settings file beside Pulumi.yaml: not into the checkout. */
export async function makeStackFolder(folder: string): Promise<void> {
  await mkdir(folder);
  for (const name of ["package.json", "providers", "stacks"]) await symlink(join(CHECKOUT, name), join(folder, name));
  // Below somebody's project npm puts the packages beside this one.
  await symlink(resolve(dirname(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json")), "..", ".."), join(folder, "node_modules"));
  await cp(join(CHECKOUT, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  await writeFile(join(folder, ".gitignore"), "*\n");
}
