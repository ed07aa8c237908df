/** The test runner itself: what goes wrong in a test file fails the run, with its name. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, it } from "vitest";

const PROJECT = resolve(import.meta.dirname, "..", "..");

describe("a run of the files in test/fixtures/runner", () => {
  let code: unknown;
  let lines: string[];

  beforeAll(async () => {
    const { NODE_OPTIONS: _, VITEST: _vitest, ...env } = process.env;
    const vitest = join(PROJECT, "node_modules", "vitest", "vitest.mjs");
    const child = spawn(process.execPath, [vitest, "run", "--config", "test/fixtures/runner/vitest.config.ts"], { cwd: PROJECT, env: { ...env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "ignore"] });
    const [printed, [ended]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    code = ended;
    lines = printed.trimEnd().split("\n");
  });

  const failure = (file: string) => lines.find((line) => line.startsWith("failed: ") && line.includes(`${file}.test.ts`));

  it("fails, and ends with the counts", () => {
    assert.equal(code, 1);
    assert.equal(lines.at(-1), "6 passed, 6 failed, 2 skipped", lines.join("\n"));
  });

  for (const [file, told] of [
    ["fails", /> expects what is not so$/],
    ["hangs", /> waits for what never comes$/],
    ["leaks-a-server", /this test file leaves behind: 1 × TCPServerWrap$/],
    ["leaks-a-process", /this test file leaves behind: .*process \d+ \(sleep 20\)$/],
    ["leaks-a-browser", /this test file leaves behind: 1 × browser$/],
    ["leaks-a-timer", /this test file leaves behind: \d × Timeout$/],
  ] as const) {
    it(`names ${file}.test.ts`, () => assert.match(failure(file) ?? lines.join("\n"), told));
  }
});
