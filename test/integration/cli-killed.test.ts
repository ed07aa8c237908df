/** A command line that is killed while its engine runs. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, describe, it } from "vitest";
import { startCli, temporaryFolder } from "./cli-support.ts";
import { until } from "../support/until.ts";

const TOKEN = `fake-token-${randomUUID()}`;

/** The environments of all processes that have the folder for temporary files in theirs. */
function environments(temporary: string): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/environ`, "utf8");
      return text.includes(`TMPDIR=${temporary}\0`) ? [text] : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(process.platform !== "linux")("a command line that is killed while its engine runs (on Linux, by /proc)", async () => {
  // A database that takes connections and says nothing holds the engine.
  const silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  afterAll(() => silent.close());
  const url = `postgres://nobody:fake-password@127.0.0.1:${(silent.address() as AddressInfo).port}/x?sslmode=disable`;

  it("leaves neither folder, engine nor slot, and had kept the operator's token from the engine", async () => {
    const temporary = temporaryFolder();
    const cli = startCli(["preview", "karl"], { env: { TMPDIR: temporary, PULUMI_BACKEND_URL: url, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase", USER_VPS_TOKEN: TOKEN } });
    const exited = once(cli, "exit");
    const folders = () => readdirSync(temporary).filter((name) => name.startsWith("user-vps-cli-"));
    const engines = () => environments(temporary).filter((text) => text.includes("USER_VPS_WORKER="));
    await until("an engine", () => engines().length > 0);
    assert.equal(folders().length, 1);
    assert.ok(engines().every((text) => !text.includes(TOKEN)), "an engine has the operator's token");
    // The slot has neither the state's address nor what its secrets are encrypted with.
    const slots = () => engines().filter((text) => !text.includes("PULUMI_BACKEND_URL="));
    await until("a slot", () => slots().length > 0);
    assert.ok(slots().every((text) => !text.includes("PULUMI_CONFIG_PASSPHRASE=")), "the slot has the passphrase");
    assert.ok(engines().every((text) => !/PULUMI_BACKEND_URL=[^\0]*fake-password/.test(text) && text.includes("PULUMI_BACKEND_URL=") === text.includes("PGPASSWORD=")), "the engine alone has the password, apart from the address");
    cli.kill("SIGKILL");
    await exited;
    await until("the end of the engine and its folder", () => folders().length === 0 && engines().length === 0);
  });
});
