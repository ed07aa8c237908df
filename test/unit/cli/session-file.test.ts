import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { forgetSession, keepSession } from "../../../src/cli/service-client/session-file.ts";

const folder = mkdtempSync(join(tmpdir(), "user-vps-session-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the file of a session", () => {
  it("that cannot be written or removed is named, with what to do", () => {
    // Whoever runs the tests may write everywhere; a file in the place of a folder stands for one where nobody may.
    const closed = join(folder, "a-file");
    writeFileSync(closed, "");
    const session = { url: "https://vps.example.com", operator: "alice", role: "owner", expiresAt: "2100-01-01T00:00:00Z", cookie: "fake=cookie", csrfToken: "fake-token" };
    for (const work of [() => keepSession({ XDG_STATE_HOME: closed }, session), () => forgetSession({ XDG_STATE_HOME: closed })]) {
      assert.throws(work, (error: { code: string; message: string }) => error.code === "CONFIG_INVALID" && error.message.includes(`${closed}/user-vps/session.json cannot be `) && error.message.includes("XDG_STATE_HOME") && !error.message.includes("fake-token"));
    }
  });
});
