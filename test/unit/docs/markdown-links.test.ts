import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { anchorsOf, commandsNamedIn, linksOf, pathsNamedIn } from "../../support/markdown-links.ts";

describe("a document's links", () => {
  it("are those to files and headings, not those to the web or in code", () => {
    const text = "See [a](a.md), ![b](img/b.png), [c](#c), [web](https://example.com/x) and `[d](d.md)`.\n\n```\n[e](e.md)\n```\n";
    assert.deepEqual(linksOf(text), ["a.md", "img/b.png", "#c"]);
  });

  it("lead to headings as GitHub names them", () => {
    const text = "# The stack's settings\n\n## POST /api/vps/{username}\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n";
    assert.deepEqual([...anchorsOf(text)], ["the-stacks-settings", "post-apivpsusername", "twice", "twice-1"]);
  });
});

describe("the paths that a document names", () => {
  it("are those of the checkout's folders, without patterns, addresses and what only looks like one", () => {
    const text = "    src/http/   the endpoints\nSee `stacks/stack-settings.ts`, docs/a.md. Not: https://example.com/docs/x, /usr/src/y, src/**/z.ts, test/…/x.test.ts, ./docs/q";
    assert.deepEqual(pathsNamedIn(text), ["src/http/", "stacks/stack-settings.ts", "docs/a.md"]);
  });
});

describe("the commands that a document names", () => {
  it("are told by their first two words, wherever a command may stand", () => {
    const text = "`user-vps status alice`, `npx user-vps doctor --json`; $(npx user-vps token trial) and\n$ user-vps vm create x.example.com\nuser-vps is a name";
    assert.deepEqual(commandsNamedIn(text), ["status alice", "doctor", "token trial", "vm create"]);
  });
});
