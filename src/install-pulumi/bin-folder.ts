/**
 * The folder that runs put first on PATH: `bin` in the checkout's own folder. It is the checkout's own
 * because it names the Node and the dynamic provider that the checkout uses; the engine itself is
 * the cached or installed one.
 */
import { join } from "node:path";
import { linkTo, placeFile, writeWhole } from "./files.ts";
import { ownFolder } from "./own-folder.ts";
import { nodeScript, programScript } from "./launch-scripts.ts";

export function binFolder(checkout: string, cacheRoot: string): string {
  return join(ownFolder(checkout, cacheRoot), "bin");
}

export interface BinFolderOptions {
  readonly checkout: string;
  readonly cacheRoot: string;
  readonly engineFolder: string;
  /** Where Node keeps compiled code. */
  readonly compileCache: string;
}

/** Several processes may do so at once. */
export async function prepareBinFolder({ checkout, cacheRoot, engineFolder, compileCache }: BinFolderOptions): Promise<string> {
  const bin = binFolder(checkout, cacheRoot);
  // No symbolic link: the CLI looks for what belongs to it where its file really is, and warns of a dynamic provider elsewhere.
  await placeFile(join(bin, "pulumi"), join(engineFolder, "pulumi"));
  await linkTo(join(bin, "pulumi-language-nodejs"), join(engineFolder, "pulumi-language-nodejs"));
  const node = { node: process.execPath, compileCache };
  await writeWhole(join(bin, "pulumi-resource-pulumi-nodejs"), programScript({ ...node, entry: join(checkout, "providers", "dynamic", "main.ts") }), 0o755);
  // The language host takes the first `node` of PATH, which may be too old to load TypeScript.
  await writeWhole(join(bin, "node"), nodeScript(node), 0o755);
  return bin;
}
