import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

export const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** A folder from which the Pulumi CLI works as from the checkout. Pulumi writes the stack's settings file beside Pulumi.yaml: not into the checkout. */
export async function makeStackFolder(folder: string): Promise<void> {
  await mkdir(folder);
  for (const name of ["node_modules", "package.json", "providers", "stacks"]) await symlink(join(CHECKOUT, name), join(folder, name));
  await cp(join(CHECKOUT, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  await writeFile(join(folder, ".gitignore"), "*\n");
}
