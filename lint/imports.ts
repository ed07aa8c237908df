/** Rules of ESLint about what may import what: `one-way` between folders, `no-circle` between files. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import type { Rule } from "eslint";
import ts from "typescript";
import { APART, faultOf } from "./layers.ts";

type Check = (file: string, specifier: string) => string | undefined;

/** Imports and exports, of types and by `import()` as well: all of them make one file need another. */
function rule(description: string, checkOf: (root: string) => Check): Rule.RuleModule {
  return {
    meta: { type: "problem", docs: { description }, schema: [{ type: "object", properties: { root: { type: "string" } }, additionalProperties: false }], messages: { fault: "{{fault}}; see docs/architecture.md, 'Layers'." } },
    create(context) {
      const { root = context.cwd } = (context.options[0] ?? {}) as { root?: string };
      const check = checkOf(root);
      const visit = (node: { readonly source?: { readonly value?: unknown } | null | undefined }) => {
        const specifier = node.source?.value;
        if (typeof specifier !== "string") return;
        const fault = check(context.filename, specifier);
        if (fault) context.report({ node: node as never, messageId: "fault", data: { fault } });
      };
      return { ImportDeclaration: visit, ExportNamedDeclaration: visit, ExportAllDeclaration: visit, ImportExpression: visit as Rule.RuleListener["ImportExpression"] };
    },
  };
}

const oneWay = rule("imports point down", (root) => (file, specifier) => {
  const from = pathIn(root, file);
  if (!specifier.startsWith(".")) return from.startsWith(`${APART.folder}/`) && APART.withoutPackages.some((name) => name === specifier) ? `${APART.folder} speaks no HTTP as a client: it does without ${specifier}` : undefined;
  return faultOf(from, pathIn(root, resolve(dirname(file), specifier)));
});

const noCircle = rule("no files import each other, over however many others", (root) => (file, specifier) => {
  if (!specifier.startsWith(".")) return undefined;
  const way = wayTo(file, resolve(dirname(file), specifier));
  return way && `a circle: ${[file, ...way].map((path) => pathIn(root, path)).join(" -> ")}`;
});

export const imports = { rules: { "one-way": oneWay, "no-circle": noCircle } };

/** From one file to another by imports, both included; undefined if there is no way. */
function wayTo(goal: string, start: string): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]]);
  for (const file of cameFrom.keys()) {
    if (file === goal) {
      const way: string[] = [];
      for (let at: string | undefined = file; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
    for (const next of importsOf(file)) if (!cameFrom.has(next)) cameFrom.set(next, file);
  }
  return undefined;
}

const known = new Map<string, { readonly changedMs: number; readonly files: readonly string[] }>();

/** Files of one's own that a file imports. Read anew when the file has changed: an editor keeps this process. */
function importsOf(file: string): readonly string[] {
  if (!existsSync(file) || !/\.[jt]s$/.test(file)) return [];
  const changedMs = statSync(file).mtimeMs;
  const before = known.get(file);
  if (before?.changedMs === changedMs) return before.files;
  const files = ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles
    .filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => resolve(dirname(file), fileName));
  known.set(file, { changedMs, files });
  return files;
}

function pathIn(root: string, file: string): string {
  return relative(root, file).split(sep).join("/");
}
