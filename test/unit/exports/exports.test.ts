import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "vitest";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");

type Exports = Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
const { exports: entries, files } = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8")) as { exports: Exports; files: string[] };

describe("the package's entries", () => {
  for (const [name, target] of Object.entries(entries)) {
    // The types of the client are its own: it is JavaScript, which browsers read as well.
    if (typeof target === "string" || target.types.endsWith(".d.ts")) continue;
    it(`${name}: gives all that its source exports`, async () => {
      const [entry, source] = await Promise.all([import(join(CHECKOUT, target.default)), import(join(CHECKOUT, target.types))]) as [object, object];
      assert.deepEqual(Object.keys(entry).toSorted(), Object.keys(source).toSorted());
    });
  }

  it("are packed", () => {
    const targets = Object.values(entries).flatMap((target) => (typeof target === "string" ? [target] : [target.default, target.types]));
    for (const target of targets) assert.ok(files.some((folder) => target.startsWith(`./${folder}`)), target);
  });
});
