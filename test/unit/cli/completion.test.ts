import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "vitest";
import { completionScript } from "../../../src/cli/completion-scripts.ts";
import { COMMANDS } from "../../../src/cli/commands/index.ts";
import { buildProgram } from "../../../src/cli/program.ts";

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
