import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { COMMANDS, GROUPS } from "../../src/cli/commands/index.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { BIN, CHECKOUT, runCli, runJson, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

describe("user-vps: use", () => {
  it("--help lists every command and the exit codes; --version is that of the package", async () => {
    const { code, stdout } = await runCli(["--help"]);
    assert.equal(code, 0);
    for (const { usage } of COMMANDS) assert.ok(stdout.includes(`\n  ${usage.split(" ")[0]}`), usage);
    assert.match(stdout, /Exit codes:\n {2}0 +done/);
    assert.match((await runCli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it("--help of every command shows what it does and an example of it", async () => {
    const program = buildProgram(async () => undefined);
    for (const { usage, summary, examples } of COMMANDS) {
      const words = usage.split(" ").filter((word) => !/^[<[]/.test(word));
      let stdout = "";
      const command = words.reduce((of, word) => of.commands.find((one) => one.name() === word)!, program);
      command.configureOutput({ writeOut: (text) => { stdout += text; } }).outputHelp();
      assert.ok(stdout.replaceAll(/\s+/g, " ").includes(summary), usage);
      assert.ok(stdout.includes(`  $ user-vps ${examples[0]}`), usage);
      assert.ok(examples.every((example) => example.startsWith(words.join(" "))), usage);
    }
  });

  it("a group without a command shows its commands, and fails", async () => {
    for (const group of Object.keys(GROUPS)) {
      const { code, stdout, stderr } = await runCli([group]);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`Usage: user-vps ${group} [\\s\\S]*Example:`));
    }
  });

  it("wrong use ends with exit code 2, in words for people and in JSON for programs", async () => {
    const wrong = [["bananas"], ["vm", "bananas"], ["vm", "get"], ["vm", "get", "1", "2"], ["vm", "list", "--bananas"], ["vm", "get", "one"], ["serve", "--role", "none"], ["completion", "tcsh"], ["up", "www", "--yes"], ["up", "alice", "--yes", "--set", "bananas"]];
    const env = { PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests" };
    for (const args of wrong) {
      const { code, stdout, stderr } = await runCli(args, { env });
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /^(INPUT|USERNAME)_INVALID: .+\nNext: .+\n$/, args.join(" "));
    }
    // Of what commander refuses, an option's parser and a command.
    for (const args of [["vm", "bananas"], ["vm", "list", "--bananas"], ["serve", "--role", "none"], ["up", "www", "--yes"]]) {
      const { error } = await runJson<ErrorDocument>(args, { env, code: 2 });
      assert.match(error.code, /_INVALID$/);
    }
  });

  it("says so and fails where its output cannot be written, but not where nobody reads on", () => {
    const printed = (to: string) => spawnSync("sh", ["-c", `"$0" completion bash ${to}`, BIN], { encoding: "utf8" });
    const full = printed("> /dev/full");
    assert.deepEqual([full.status, full.stderr], [1, "What was to be printed could not be written: ENOSPC.\n"]);
    const unread = printed("| true");
    assert.deepEqual([unread.status, unread.stderr], [0, ""]);
  });

  it("--json may stand before the command", async () => {
    const { stdout } = await runCli(["--json", "vm", "get", "one"]);
    assert.equal((JSON.parse(stdout) as ErrorDocument).error.code, "INPUT_INVALID");
  });

  it("without a token says what is missing, and that the demo needs none", async () => {
    const { code, stderr } = await runCli(["plans"]);
    assert.equal(code, 2);
    assert.match(stderr, /There is no Hostinger API key[\s\S]*demo/);
  });

  it("settings of the file .env count", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, ".env"), "HOSTINGER_API_KEY=fake-key-from-a-file\nHOSTINGER_API_BASE_URL=not-an-address\n");
    const { error } = await runJson<ErrorDocument>(["plans"], { cwd: folder, code: 2 });
    assert.match(error.message, /base URL/);
  });

  it("says that the current folder is no longer there, where it was removed", () => {
    const { status, stderr } = spawnSync("sh", ["-c", 'cd "$1" && rmdir "$1" && exec "$0" status alice', BIN, temporaryFolder()], { encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, /CONFIG_INVALID: The current folder is no longer there\.\nNext: /);
  });

  it("completion as JSON holds the script", async () => {
    const { shell, script } = await runJson<{ shell: string; script: string }>(["completion", "bash"]);
    assert.equal(shell, "bash");
    assert.match(script, /complete -o default -F _user_vps user-vps/);
  });

  it("up and preview take no secret by argument, do not repeat it, and say where it goes instead", async () => {
    const env = { PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests", USER_VPS_DATA_FOLDER: "/nonexistent" };
    for (const command of [["up", "alice", "--yes"], ["preview", "alice"]]) {
      for (const [name, variable] of [["sshPrivateKey", "SSH_PRIVATE_KEY"], ["acmeEabMacKey", "ACME_EAB_MAC_KEY"]] as const) {
        const { error } = await runJson<ErrorDocument>([...command, "--set", `${name}=fake-secret-value`], { env, code: 2 });
        assert.match(error.message, new RegExp(`${name} is a secret`));
        assert.match(error.next, new RegExp(`Set ${variable} in the environment`));
        assert.ok(!JSON.stringify(error).includes("fake-secret-value"));
      }
    }
  });

  it("up, serve and destroy say what is missing before they do anything", async () => {
    assert.match((await runJson<ErrorDocument>(["up", "alice"], { code: 3 })).error.next, /--yes/);
    assert.match((await runJson<ErrorDocument>(["up", "alice", "--yes"], { code: 2 })).error.next, /PULUMI_CONFIG_PASSPHRASE/);
    const withPassphrase = { PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests", USER_VPS_DATA_FOLDER: "/nonexistent" };
    assert.match((await runJson<ErrorDocument>(["destroy", "alice"], { env: withPassphrase, code: 2 })).error.next, /DATABASE_URL/);
    assert.match((await runJson<ErrorDocument>(["serve"], { code: 2 })).error.message, /HOSTINGER_API_KEY is missing/);
  });
});

describe("bin/user-vps", () => {
  it("runs the checkout's Node through a link, whatever the Node on PATH", () => {
    const folder = temporaryFolder();
    const oldNode = join(folder, "node");
    writeFileSync(oldNode, "#!/bin/sh\necho an old node >&2\nexit 9\n");
    chmodSync(oldNode, 0o755);
    symlinkSync(BIN, join(folder, "user-vps"));
    symlinkSync("user-vps", join(folder, "linked-twice"));
    const env = { PATH: `${folder}:${process.env["PATH"]}` };
    for (const name of ["user-vps", "linked-twice"]) assert.match(execFileSync(join(folder, name), ["--version"], { encoding: "utf8", env, cwd: folder }), /^\d+\.\d+\.\d+\n$/);
  });

  it("is executable in the checkout", () => {
    assert.match(execFileSync("git", ["-C", CHECKOUT, "ls-files", "--others", "--cached", "bin/user-vps"], { encoding: "utf8" }), /bin\/user-vps/);
    assert.match(execFileSync(BIN, ["--version"], { encoding: "utf8" }), /^\d/);
  });
});
