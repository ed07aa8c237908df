/** The plugins that the project's SDK packages ask the engine for: Cloudflare's. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const NAMES = ["cloudflare"] as const;

export interface Plugin {
  readonly name: (typeof NAMES)[number];
  readonly version: string;
}

export function neededPlugins(): Plugin[] {
  return NAMES.map((name) => ({ name, version: versionOf(name) }));
}

/**
 * A plugin has the version of its SDK package. Read, not required: where Node has hooks (exports/strip-types.js), a JSON
 * file that was required cannot be required any more by a CommonJS package that is imported, as the SDK's are.
 */
export function versionOf(name: Plugin["name"]): string {
  const file = createRequire(import.meta.url).resolve(`@pulumi/${name}/package.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
