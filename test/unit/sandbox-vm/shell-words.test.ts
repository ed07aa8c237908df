import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "vitest";
import { readCommands } from "../../../src/sandbox/vm/shell-commands.ts";
import { expandHereDocument, expandWord } from "../../../src/sandbox/vm/shell-words.ts";

const VARIABLES = new Map([["NAME", "alice"], ["EMPTY", ""], ["HOSTILE", `a'b"c$d\`e\\f`]]);

/** What the real bash makes of a text, with the same variables. */
function inBash(text: string): string {
  const env = { ...Object.fromEntries(VARIABLES), LC_ALL: "C.UTF-8", PATH: process.env["PATH"] };
  const run = spawnSync("bash", ["--norc", "-c", text], { env, encoding: "utf8" });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

describe("expandWord", () => {
  const words = [
    `plain`, `'single $NAME'`, `'it'\\''s'`, `"double $NAME"`, `"\${NAME}x"`, `"\\$NAME \\\\ \\" \\\` \\x"`, `a\\ b\\$c`,
    `$'tab\\there\\x41\\u00e9\\'\\\\'`, `pre"$NAME"'post'`, `"\${MISSING:-fallback}"`, `"\${EMPTY:-"in $NAME"}"`,
    `"\${NAME:-unused}"`, `"$HOSTILE"`, `"'$NAME'"`, `'"$NAME"'`, `"\${NAME}:$EMPTY:"`, `"$'not ansi'"`, `é✓"ü$NAME"`, `""`,
    `"a\\\nb"`, `$NAME.spoq.dev`, `"50% $ alone"`,
  ];
  for (const word of words) {
    it(`reads ${JSON.stringify(word)} as bash does`, () => {
      assert.equal(expandWord(word, VARIABLES), inBash(`printf %s ${word}`));
    });
  }

  it("knows no output of commands: they become nothing, whatever is in them", () => {
    for (const word of ['"x$(echo ")" \'(\')y"', "x`echo z`y", 'x$(printf "%s" "$(date)")y']) {
      assert.equal(expandWord(word, VARIABLES), "xy");
    }
  });
});

describe("expandHereDocument", () => {
  const bodies = [`host "$NAME" '$NAME' \\$NAME \\\\ \\" \${NAME}\n`, `joined \\\nline\n`, `$HOSTILE \${MISSING:-none}\n`, `a\\'b\n`];
  for (const body of bodies) {
    it(`reads ${JSON.stringify(body)} as bash does`, () => {
      assert.equal(expandHereDocument(body, VARIABLES), inBash(`cat << EOF\n${body}EOF\n`));
    });
  }
});

describe("readCommands", () => {
  const words = (script: string) => readCommands(script).map((command) => command.words);

  it("cuts at newlines, semicolons, pipes and operators, not within quotes", () => {
    assert.deepEqual(words(`a 'b;c' "d\ne" && f | g; h # i\nj\\\n k`), [["a", "'b;c'", '"d\ne"'], ["f"], ["g"], ["h"], ["j", "k"]]);
  });

  it("gives each command its here-documents", () => {
    const script = "cat > /a << EOF\none $X\nEOF\ntee /b <<-'END' >/dev/null\n\ttwo\n\tEND\ncat <<A <<B\n1\nA\n2\nB\nlast\n";
    assert.deepEqual(readCommands(script), [
      { words: ["cat", ">", "/a"], hereDocuments: [{ body: "one $X\n", expands: true }] },
      { words: ["tee", "/b", ">", "/dev/null"], hereDocuments: [{ body: "two\n", expands: false }] },
      { words: ["cat"], hereDocuments: [{ body: "1\n", expands: true }, { body: "2\n", expands: true }] },
      { words: ["last"], hereDocuments: [] },
    ]);
  });

  it("does not take a here-string or a shift for a here-document", () => {
    assert.deepEqual(words(`read x <<< "$y"\nb`), [["read", "x", "<<<", '"$y"'], ["b"]]);
  });

  it("ends with the script, however broken that is", () => {
    for (const script of ["'", '"', "$(", "`", "${", "cat << EOF\nx", "\\", "$'", "<<", "<< ", "a <<\n"]) {
      assert.ok(Array.isArray(readCommands(script)));
    }
  });
});
