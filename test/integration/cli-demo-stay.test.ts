/** `user-vps demo --stay`, and what it tells people to try, as they would: in a shell of their own. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { BIN, CHECKOUT, startCli, temporaryFolder } from "./cli-support.ts";

const READY_LIMIT_MS = 270_000;
/** For all that is tried with it, each of which has a limit of its own. */
const STAY_LIMIT_MS = 1_500_000;

/** What a shell may have exported: none of it is the demo's. */
const OF_A_LIVE_SERVICE = {
  HOSTINGER_API_KEY_FILE: "/none/api-key", PULUMI_CONFIG_PASSPHRASE_FILE: "/none/passphrase", SECRETS_PROVIDER: "awskms://alias/none", JWT_JWKS_URL: "https://sign-in.example.com/keys",
  DATABASE_URL: "postgres://nobody@db.example.com/none", STATE_BACKEND_URL: "postgres://nobody@db.example.com/none", NOTIFICATION_TARGETS: "nonsense", PGSSLMODE: "require",
};

describe("user-vps demo --stay", () => {
  const envFile = join(temporaryFolder(), "demo-env");
  let demo: ChildProcess;
  let ended: Promise<number | null>;
  let said = "";
  let printed = "";
  let url = "";

  beforeAll(async () => {
    demo = startCli(["demo", "--stay", "--json", "--write-env", envFile], { env: OF_A_LIVE_SERVICE, limitMs: STAY_LIMIT_MS });
    ended = new Promise((done) => demo.once("close", done));
    demo.stdout!.setEncoding("utf8").on("data", (text: string) => { printed += text; });
    await new Promise<void>((ready, failed) => {
      const limit = setTimeout(() => failed(new Error(`the demo did not come up:\n${said}`)), READY_LIMIT_MS);
      demo.stderr!.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (!said.includes("user-vps deprovision bob")) return;
        clearTimeout(limit);
        ready();
      });
      demo.once("close", () => failed(new Error(`the demo ended:\n${said}`)));
    });
    url = /Operators' page +(http:\/\/127\.0\.0\.1:\d+)\//.exec(said)![1]!;
  });
  afterAll(async () => {
    // In good order, whichever test has failed: killed, it would leave its PostgreSQL behind.
    if (!demo.killed) demo.kill("SIGTERM");
    await ended;
  });

  /** In a second terminal, with the file that the demo names and nothing else. */
  const shell = async (command: string) => {
    const { PATH, HOME } = process.env;
    const { stdout } = await promisify(execFile)("sh", ["-c", `. ${envFile}; set -e; ${command}`], { cwd: CHECKOUT, env: { PATH, HOME }, timeout: 180_000 });
    return stdout;
  };
  /** A line that it has printed, found by a part of it. */
  const told = (part: string) => said.split("\n").find((line) => line.includes(part))?.trim() ?? assert.fail(`nothing was said of ${part}`);

  it("prints the same JSON as without --stay, and no more", async () => {
    // What comes by two pipes may be read in another order than it was written.
    while (!printed.includes("\n") && demo.exitCode === null) await sleep(20);
    const document = JSON.parse(printed) as { users: { username: string }[]; drift: { changes: number } };
    assert.deepEqual([document.users.map(({ username }) => username), document.drift.changes], [["alice", "bob"], 0]);
    assert.equal(printed.trim().split("\n").length, 1);
  });

  it("shows a token that the page's login takes, and puts it into no address", async () => {
    const token = /Token to log in +(\S+)/.exec(said)![1]!;
    const answer = await fetch(`${url}/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }) });
    assert.equal(answer.status, 200);
    assert.doesNotMatch(said, /[?&#]\S*eyJ/);
  });

  it("leaves the environment to its owner alone, and with it the commands work", async () => {
    assert.equal(statSync(envFile).mode & 0o777, 0o600);
    assert.equal((JSON.parse(await shell("npx user-vps status alice --json")) as { status: string }).status, "ready");
    assert.match(await shell("pulumi stack ls"), /^alice .*\n(?:.*\n)*bob /m);
    assert.match(await shell(told("/api/admin/vps\" -H")), /"username":"bob"/);
    assert.deepEqual((JSON.parse(await shell(`${BIN} drift alice --json`)) as { resources: unknown[] }).resources, []);
    assert.match(await shell(`${BIN} doctor`), /Nothing to mend/);
  });

  it("tells how to make drift, to find it by a sweep, to repair it, and to give a VPS up", async () => {
    await shell(told('{"kind":"stopped"}'));
    await shell(told('"kind":"content"'));
    let found: string[] = [];
    // A sweep leaves alone who was worked on a moment ago, and ends with 2 if it has found something.
    for (let tries = 0; tries < 20 && found.length < 2; tries += 1) {
      await shell(`${BIN} sweep || [ $? = 2 ]`);
      const { items } = JSON.parse(await shell('curl -s "$USER_VPS_URL/api/admin/findings?open=true" -H "Authorization: Bearer $USER_VPS_TOKEN"')) as { items: { kind: string; username: string }[] };
      found = items.map(({ kind, username }) => `${username} ${kind}`).sort();
    }
    assert.deepEqual(found, ["alice RecordDiffers", "bob VmStopped"]);
    await shell(told("user-vps repair bob"));
    const control = await shell('curl -s "$SANDBOX_CONTROL_URL/state"');
    assert.equal((JSON.parse(control) as { vms: { hostname: string; state: string }[] }).vms.find(({ hostname }) => hostname === "bob.spoq.dev")?.state, "running");
    assert.match(await shell(told("user-vps deprovision bob")), /bob/);
  });

  it("takes all down at Ctrl-C, the environment with it", async () => {
    // As a terminal and npm send it.
    demo.kill("SIGINT");
    await sleep(20);
    demo.kill("SIGINT");
    assert.equal(await ended, 0);
    assert.equal(existsSync(envFile), false);
    await assert.rejects(fetch(`${url}/healthz`));
  });
});
