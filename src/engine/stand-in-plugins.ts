/** Installs the sandbox stand-ins where the engine looks for plugins. */
import { join } from "node:path";
import { writeWhole } from "./files.ts";
import type { Plugin } from "./needed-plugins.ts";

/** A file of this name in a plugin's folder tells that it is a stand-in. */
export const STAND_IN_MARK = "SANDBOX-STAND-IN";

/**
 * Writes the stand-ins into `home`, a PULUMI_HOME of the checkout's own, and returns its folder
 * of plugins. Installed plugins are used without the warning that those on PATH get.
 */
export async function installStandIns(home: string, checkout: string, plugins: readonly Plugin[]): Promise<string> {
  const folder = join(home, "plugins");
  for (const { name, version } of plugins) {
    const plugin = join(folder, `resource-${name}-v${version}`);
    const entry = join(checkout, "src", "engine", "stand-ins", `${name}.ts`);
    await writeWhole(join(plugin, STAND_IN_MARK), `Stands in for pulumi-resource-${name} against a sandbox on loopback; not for real use.\n`);
    await writeWhole(join(plugin, `pulumi-resource-${name}`), launcher(name, entry), 0o755);
  }
  return folder;
}

function launcher(name: string, entry: string): string {
  return `#!/bin/sh
# user-vps sandbox stand-in for pulumi-resource-${name}: works against loopback only.
exec ${quoted(process.execPath)} ${quoted(entry)} "$@"
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
