import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { completionScript } from "../../../src/cli/completion-scripts.ts";
import { COMMANDS } from "../../../src/cli/commands/index.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { needing } from "../../support/needs.ts";

const program = buildProgram(async () => undefined);

/** What bash would offer for the last of the words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript("bash", program)}\nuser-vps() { echo "\$2-1" "\$2-2" "\$1:\$#"; }\nCOMP_WORDS=(user-vps ${words.map((word) => `'${word}'`).join(" ")})\nCOMP_CWORD=${words.length}\n_user_vps\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\n").filter(Boolean);
}

describe("completion", () => {
  it("bash: commands at the beginning, by what is typed so far", () => {
    assert.ok(["up", "vm", "doctor", "--json"].every((word) => offered("").includes(word)));
    assert.deepEqual(offered("d").toSorted(), COMMANDS.map(({ usage }) => usage.split(" ")[0]!).filter((word) => word.startsWith("d")).toSorted());
  });

  it("bash: a group's commands, and a command's options after its arguments", () => {
    assert.deepEqual(offered("vm", "re"), ["restart", "recreate"]);
    assert.deepEqual(offered("vm", "create", "a.spoq.dev", "--max"), ["--max-price-cents"]);
    assert.deepEqual(offered("vm", "create", "--p"), ["--plan", "--password-file", "--payment-method"]);
    assert.deepEqual(offered("status", "--s"), []);
  });

  it("bash: an argument that is called like a command is no command", () => {
    assert.deepEqual(offered("status", "vm", "re"), []);
  });

  it("bash: where a user or a release is named, the service's names, and nothing else", () => {
    assert.deepEqual(offered("status", "user"), ["users-1", "users-2"]);
    assert.deepEqual(offered("status", "__"), ["__complete:3"]);
    assert.deepEqual(offered("release", "roll-out", "rel"), ["releases-1", "releases-2"]);
    assert.deepEqual(offered("power", "stop", "user"), ["users-1", "users-2"], "the second argument");
    assert.deepEqual(offered("list", "--release", "rel"), ["releases-1", "releases-2"], "an option's value");
    assert.deepEqual(offered("audit", "--limit", "5", "user"), ["users-1", "users-2"], "an option's value is no argument");
    assert.deepEqual(offered("status", "alice", "user"), [], "there is no second argument");
    assert.deepEqual(offered("release", "create", "rel"), [], "a new one");
    assert.deepEqual(offered("deprovision", "alice", "--confirm", "user"), [], "what confirms is typed");
    assert.deepEqual(offered("status", "--s"), []);
  });

  it("every shell's script knows every command", () => {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const script = completionScript(shell, program);
      for (const { name } of program.commands.map((command) => ({ name: command.name() }))) assert.ok(script.includes(name), `${shell}: ${name}`);
      assert.match(script, /max-price-cents/);
    }
  });
});

/** zsh's own parts of completion print what they are given; what does not begin as the last word, zsh leaves out itself. */
const ZSH_PRINTS = "compdef() { }\ncompadd() { print -l -- ${(P)2} }\n_describe() { print -l -- ${${(P)2}%%:*} }";

/** With a program on PATH that answers what the service would. */
const OTHER_SHELLS: Readonly<Record<"zsh" | "fish", (script: string, words: readonly string[]) => readonly string[]>> = {
  zsh: (script, words) => ["-fc", `${ZSH_PRINTS}\n${script}\nwords=(user-vps ${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length + 1}; _user_vps`],
  fish: (script, words) => ["--no-config", "-c", `${script}\ncomplete -C 'user-vps ${words.join(" ")}'`],
};

describe("completion in other shells", needing("shells"), () => {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-completion-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "user-vps"), '#!/bin/sh\nprintf "%s\\n" "$2-1" "$2-2"\n', { mode: 0o755 });

  for (const shell of ["zsh", "fish"] as const) {
    it(`${shell}: commands, options, and the names that the service knows`, () => {
      const script = completionScript(shell, program);
      const inShell = (...words: string[]) =>
        execFileSync(shell, OTHER_SHELLS[shell](script, words), { encoding: "utf8", cwd: folder, env: { PATH: `${folder}:${process.env["PATH"]}`, HOME: folder } })
          .split("\n").map((line) => line.split("\t")[0]!).filter((word) => word !== "" && word.startsWith(words.at(-1)!)).toSorted();
      assert.deepEqual(inShell("d"), COMMANDS.map(({ usage }) => usage.split(" ")[0]!).filter((word) => word.startsWith("d")).toSorted());
      assert.deepEqual(inShell("vm", "re"), ["recreate", "restart"]);
      assert.deepEqual(inShell("vm", "create", "a.spoq.dev", "--max"), ["--max-price-cents"]);
      assert.deepEqual(inShell("status", "user"), ["users-1", "users-2"]);
      assert.deepEqual(inShell("release", "roll-out", "rel"), ["releases-1", "releases-2"]);
      assert.deepEqual(inShell("list", "--release", "rel"), ["releases-1", "releases-2"]);
    });
  }
});
