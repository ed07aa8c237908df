/**
 * Node strips the types of a checkout's files by itself, but refuses to below `node_modules`, where
 * an installed package is. There this does it, for the files of this package alone: as `npm pack` has
 * left them in `stripped/`, or at once. Whoever needs it imports it first and then, by `import()`, a
 * TypeScript file: static imports would be loaded before this has run, and `require()` fails if
 * somebody else is just importing one of the same files. Each Node that runs a program of this package
 * gets it as an argument (bin/user-vps, providers/core/own-node.ts).
 */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const PACKAGE = new URL("..", import.meta.url).href;
const STRIPPED = new URL("stripped/", PACKAGE);

if (PACKAGE.includes("/node_modules/")) {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(PACKAGE) || !url.endsWith(".ts")) return nextLoad(url, context);
      return { format: "module", source: withoutTypes(url), shortCircuit: true };
    },
  });
}

function withoutTypes(url) {
  try {
    return readFileSync(new URL(url.slice(PACKAGE.length), STRIPPED), "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return withoutWarning(() => stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8")));
  }
}

/** At its first use Node says that it is experimental; that would stand in the output of every `pulumi up`. */
function withoutWarning(work) {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
