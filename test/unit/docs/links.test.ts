import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "vitest";
import { COMMANDS, GROUPS } from "../../../src/cli/commands/index.ts";
import { DOCUMENTS } from "../../support/documents.ts";
import { anchorsOf, commandsNamedIn, linksOf, pathsNamedIn } from "../../support/markdown-links.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");

describe("the documents", () => {
  it("are found", () => {
    for (const name of ["README.md", "docs/architecture.md", "docs/http.md"]) assert.ok(DOCUMENTS.includes(name), name);
  });

  for (const name of DOCUMENTS) {
    const text = readFileSync(join(CHECKOUT, name), "utf8");

    it(`${name}: every relative link leads to a file, and its anchor to a heading`, () => {
      for (const link of linksOf(text)) {
        const [path = "", anchor] = link.split("#", 2);
        const target = path === "" ? join(CHECKOUT, name) : resolve(CHECKOUT, dirname(name), decodeURI(path));
        assert.ok(existsSync(target), `${link}: there is no ${relative(CHECKOUT, target)}`);
        if (anchor === undefined) continue;
        assert.ok(statSync(target).isFile() && anchorsOf(readFileSync(target, "utf8")).has(anchor), `${link}: there is no such heading`);
      }
    });

    it(`${name}: every file and folder of the checkout that it names is there`, () => {
      for (const path of pathsNamedIn(text)) assert.ok(existsSync(join(CHECKOUT, path)), `there is no ${path}`);
    });

    it(`${name}: every command of user-vps that it names is there`, () => {
      for (const words of commandsNamedIn(text)) assert.ok(isCommand(words), `there is no 'user-vps ${words}'`);
    });
  }
});

/** Of a command without a group, what follows may be anything. */
function isCommand(words: string): boolean {
  const [first = "", second] = words.split(" ");
  const isOf = (wanted: string) => COMMANDS.some(({ usage }) => `${usage} `.startsWith(`${wanted} `));
  return first in GROUPS ? second === undefined || isOf(words) : isOf(first);
}
