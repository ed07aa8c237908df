/** Installs the sandbox stand-ins where the engine looks for plugins. */
import { join } from "node:path";
import { writeWhole } from "./files.ts";
import { programScript } from "./launch-scripts.ts";
import type { Plugin } from "./needed-plugins.ts";

/** A file of this name in a plugin's folder tells that it is a stand-in. */
export const STAND_IN_MARK = "SANDBOX-STAND-IN";

export interface StandInOptions {
  readonly checkout: string;
  /** Where Node keeps compiled code. */
  readonly compileCache: string;
  readonly plugins: readonly Plugin[];
}

/**
 * Writes the stand-ins into `home`, a PULUMI_HOME of the checkout's own, and returns its folder
 * of plugins. Installed plugins are used without the warning that those on PATH get.
 */
export async function installStandIns(home: string, { checkout, compileCache, plugins }: StandInOptions): Promise<string> {
  const folder = join(home, "plugins");
  for (const { name, version } of plugins) {
    const plugin = join(folder, `resource-${name}-v${version}`);
    const entry = join(checkout, "src", "stand-ins", `${name}.ts`);
    await writeWhole(join(plugin, STAND_IN_MARK), `Stands in for pulumi-resource-${name} against a sandbox on loopback; not for real use.\n`);
    await writeWhole(join(plugin, `pulumi-resource-${name}`), programScript({ node: process.execPath, compileCache, entry }), 0o755);
  }
  return folder;
}
