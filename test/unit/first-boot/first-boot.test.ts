/** The questions are put to a real shell, on files of a folder of the test's own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import ssh2 from "ssh2";
import { FirstBoot } from "../../../providers/first-boot/first-boot.ts";
import { until } from "../../support/until.ts";

const PASSWORD = "fake-password-for-tests";
const BEGUN = "=== Spoq VPS Provisioning ===\n=== step 4/12: Conductor\n";
const FAILED = `${BEGUN}curl: (22) The requested URL returned error: 404\n!!! Provisioning failed in step 4/12: Conductor (exit status 22)\n`;
const RATE_LIMITED = `{"level":"error","logger":"tls.obtain","msg":"could not get certificate from issuer","identifier":"alice.spoq.dev","issuer":"acme-v02.api.letsencrypt.org-directory","error":"HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates (50) already issued for \\"spoq.dev\\" in the last 168h0m0s, retry after 2026-11-28 03:00:00 UTC"}`;
const NEVER = new AbortController().signal;

let server: ssh2.Server;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "first-boot-"));
  // The machine was started in 2001; nothing here is about when this one was.
  for (const [name, text] of [["uptime", "echo 2001-01-01 00:00:00"], ["journalctl", `echo '${RATE_LIMITED}'`]] as const) writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  server = new ssh2.Server({ hostKeys: [ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => (attempt.method === "password" ? attempt.accept() : attempt.reject(["password"])));
    client.on("session", (accept) => accept().on("exec", (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      const shell = spawn("/bin/bash", ["-c", command.replaceAll("/post_install", `${folder}/post_install`)], { env: { PATH: `${folder}:${process.env["PATH"]}` }, stdio: ["ignore", "pipe", "ignore"] });
      shell.stdout.on("data", (text: Buffer) => channel.write(text));
      shell.on("close", (status) => {
        channel.exit(status ?? 1);
        channel.end();
      });
    }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => ["post_install", "post_install.log"].forEach((name) => rmSync(join(folder, name), { force: true })));
afterAll(async () => {
  await new Promise<void>((resolve) => server.close(() => resolve()));
  rmSync(folder, { recursive: true });
});

const log = () => readFileSync(join(folder, "post_install.log"), "utf8");
const look = () => new FirstBoot({ hostname: "alice.spoq.dev", secrets: [], server: { host: "127.0.0.1", port: (server.address() as AddressInfo).port, login: { password: PASSWORD } } }).look("tls", NEVER);

/** @param script what is still to be run; none: it has removed itself */
function onTheVps({ log: text, script, isFromBefore = false }: { log?: string; script?: string; isFromBefore?: boolean }): void {
  if (text !== undefined) writeFileSync(join(folder, "post_install.log"), text);
  if (isFromBefore) utimesSync(join(folder, "post_install.log"), 0, 0);
  if (script !== undefined) writeFileSync(join(folder, "post_install"), script);
}

describe("a first boot", () => {
  it("that has not ended is told by its step", async () => {
    onTheVps({ log: BEGUN, script: "" });
    assert.deepEqual(await look(), { text: "first boot: step 4 of 12, Conductor" });
  });

  it("that a restart of the machine cut off is run again", async () => {
    onTheVps({ log: BEGUN, isFromBefore: true, script: `echo '=== Spoq VPS Provisioning ==='; echo '=== Provisioning Complete ==='; rm ${folder}/post_install\n` });
    assert.deepEqual(await look(), { text: "first boot: a restart cut it off in step 4 of 12, Conductor; run 2 of 3 begins" });
    await until("its end", () => !existsSync(join(folder, "post_install")) && log().includes("Provisioning Complete"));
  });

  it("that was cut off again and again is given up", async () => {
    onTheVps({ log: BEGUN.repeat(3), isFromBefore: true, script: "" });
    await assert.rejects(look(), /FIRST_BOOT_FAILED: .*has begun step 4 of 12, Conductor, and has not ended/);
  });

  it("that stopped fails, but not once somebody has mended it by hand", async () => {
    onTheVps({ log: FAILED, script: "" });
    await assert.rejects(look(), /FIRST_BOOT_FAILED: .*stopped in step 4 of 12, Conductor \(exit status 22\)/);
    rmSync(join(folder, "post_install"));
    assert.equal((await look())?.code, "CERTIFICATE_RATE_LIMITED");
  });

  it("of which nothing is kept, as of a VPS from a pool, hides nothing of its certificate", async () => {
    assert.equal((await look())?.code, "CERTIFICATE_RATE_LIMITED");
  });
});
