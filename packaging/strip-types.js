/** `npm pack`: leaves every TypeScript file without its types in `stripped/`, so that an installed package need not do it at each start. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const TARGET = join(ROOT, "stripped");

rmSync(TARGET, { recursive: true, force: true });
for (const folder of ["providers", "stacks", "src"]) {
  for (const name of readdirSync(join(ROOT, folder), { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const target = join(TARGET, folder, name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, stripTypeScriptTypes(readFileSync(join(ROOT, folder, name), "utf8")));
  }
}
