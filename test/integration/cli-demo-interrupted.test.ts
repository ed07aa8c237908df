/** A demo that is interrupted before its end. What it leaves behind, any process among it, fails the file. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, readdirSync } from "node:fs";
import { describe, it } from "vitest";
import { startCli, temporaryFolder } from "./cli-support.ts";

describe("user-vps demo, interrupted", () => {
  it.each([
    ["while its world is opened", /making a PostgreSQL/, "SIGTERM"],
    ["while its users come up", /bob: provisioning/, "SIGINT"],
    ["by the end of its terminal", /accepted/, "SIGHUP"],
  ] as const)("%s, takes down what is up", async (_when, told, signal) => {
    const TMPDIR = temporaryFolder();
    // For PostgreSQL's user as well.
    chmodSync(TMPDIR, 0o755);
    const demo = startCli(["demo"], { env: { TMPDIR } });
    const ended = once(demo, "close");
    let said = "";
    demo.stderr!.setEncoding("utf8").on("data", (text: string) => {
      if (!told.test(said) && told.test(said + text)) demo.kill(signal);
      said += text;
    });
    assert.deepEqual(await ended, [130, null], said);
    assert.match(said, /everything is taken down/);
    assert.doesNotMatch(said, /could not be closed/);
    assert.deepEqual(readdirSync(TMPDIR), []);
  });
});
