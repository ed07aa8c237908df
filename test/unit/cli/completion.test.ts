import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "vitest";
import { completionScript } from "../../../src/cli/completion-scripts.ts";
import { COMMANDS } from "../../../src/cli/commands/index.ts";
import { buildProgram } from "../../../src/cli/program.ts";

const program = buildProgram(async () => undefined);

/** What bash would offer for the last of the words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript("bash", program)}\nCOMP_WORDS=(user-vps ${words.map((word) => `'${word}'`).join(" ")})\nCOMP_CWORD=${words.length}\n_user_vps\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
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

  it("every shell's script knows every command", () => {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const script = completionScript(shell, program);
      for (const { name } of program.commands.map((command) => ({ name: command.name() }))) assert.ok(script.includes(name), `${shell}: ${name}`);
      assert.match(script, /max-price-cents/);
    }
  });
});
