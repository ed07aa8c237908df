/**
 * Node strips the types of a checkout's files by itself, but refuses to below `node_modules`, where
 * an installed package is. There this does it, for the files of this package alone, so that nothing
 * has to be built. Whoever needs it imports it first and then, by `import()`, a TypeScript file:
 * static imports would be loaded before this has run, and `require()` fails if somebody else is just
 * importing one of the same files.
 */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const PACKAGE = new URL("..", import.meta.url).href;

if (PACKAGE.includes("/node_modules/")) {
  withoutWarning(() => stripTypeScriptTypes(""));
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(PACKAGE) || !url.endsWith(".ts")) return nextLoad(url, context);
      return { format: "module", source: stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8")), shortCircuit: true };
    },
  });
}

/** At its first use Node says that it is experimental; that would stand in the output of every `pulumi up`. */
function withoutWarning(work) {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
