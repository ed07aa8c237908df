/**
 * The folder that runs put first on PATH: `.user-vps/bin` in the checkout. It is the checkout's
 * own because it names the Node that the checkout uses; the engine itself is linked.
 */
import { join } from "node:path";
import { isExecutable, linkTo, writeWhole } from "./files.ts";
import { DYNAMIC_PROVIDER_SCRIPT } from "./launch-scripts.ts";

export function binFolder(checkout: string): string {
  return join(checkout, ".user-vps", "bin");
}

/** Links the engine in `engineFolder` and this process's Node; several processes may do so at once. */
export async function prepareBinFolder(checkout: string, engineFolder: string): Promise<string> {
  const bin = binFolder(checkout);
  for (const name of ["pulumi", "pulumi-language-nodejs"]) await linkTo(join(bin, name), join(engineFolder, name));

  // Only an engine that lacks this script gets ours: the CLI warns if the one on PATH is not its own.
  const script = "pulumi-resource-pulumi-nodejs";
  if (await isExecutable(join(engineFolder, script))) await linkTo(join(bin, script), join(engineFolder, script));
  else await writeWhole(join(bin, script), DYNAMIC_PROVIDER_SCRIPT, 0o755);

  // The language host takes the first `node` of PATH, which may be too old to load TypeScript.
  await linkTo(join(bin, "node"), process.execPath);
  return bin;
}
