import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { findStack } from "../../../src/cli/user-stack/find-stack.ts";

const folder = mkdtempSync(join(tmpdir(), "user-vps-find-stack-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An engine that says this on standard error, as 3.250 and 3.274 do. */
function engineThatSays(said: string, exitCode: number) {
  const pulumi = join(folder, "pulumi");
  writeFileSync(pulumi, `#!/bin/sh\n[ "$*" = "config refresh --force --stack alice --non-interactive --color never" ] || exit 99\necho "${said}" >&2\nexit ${exitCode}\n`);
  chmodSync(pulumi, 0o755);
  return { cwd: folder, env: { PATH: folder } };
}

describe("looking for a user's stack by one call of the engine", () => {
  it.each([["", 0, "deployed"], ["error: getting latest configuration: no previous deployment", 1, "never deployed"], ["error: no stack named 'alice' found", 6, "absent"]] as const)("understands '%s'", async (said, exitCode, found) => {
    assert.equal(await findStack("alice", engineThatSays(said, exitCode)), found);
  });

  it.each(["error: unable to open bucket postgres://nobody@127.0.0.1:1/none: connection refused", "error: no stack named 'alice2' found"])("takes '%s' for no answer about the stack", async (said) => {
    await assert.rejects(findStack("alice", engineThatSays(said, 1)), (error: Error & { code?: string }) => error.code === "ENGINE_FAILED" && error.message.includes(said));
  });
});
