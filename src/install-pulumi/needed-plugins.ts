/** The plugins that the project's SDK packages ask the engine for. */
import { createRequire } from "node:module";

const NAMES = ["cloudflare", "command"] as const;

export interface Plugin {
  readonly name: (typeof NAMES)[number];
  readonly version: string;
}

export function neededPlugins(): Plugin[] {
  return NAMES.map((name) => ({ name, version: versionOf(name) }));
}

/** A plugin has the version of its SDK package. */
export function versionOf(name: Plugin["name"]): string {
  return (createRequire(import.meta.url)(`@pulumi/${name}/package.json`) as { version: string }).version;
}
