/** `user-vps logs` where the post-install script stopped: the real CLI, real stacks, SSH to the sandbox's VMs. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { inTransaction } from "../../src/db/index.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { appendRunLog, finishRun, requestVps, startRun } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { BootLog } from "../../src/cli/boot-log/read-boot-log.ts";
import { withDatabase } from "../support/postgres.ts";
import { runCli, runJson, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";
import { control, hostinger, until, vmIs } from "./sandbox-support.ts";

const RELEASE = { url: "https://downloads.example.com/conductor-2", sha256: "ab".repeat(32) };

describe("user-vps logs and /post_install.log", async () => {
  const folder = temporaryFolder();
  const state = join(folder, "state");
  mkdirSync(state);
  const { pool, url: databaseUrl } = await withDatabase();
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  const env = { ...sandboxEnvironment(sandbox, await ensureEngine(), pathToFileURL(state).href), HEALTH_TIMEOUT_SECONDS: "2" };
  const vmOf = (username: string) => sandbox.state().vms.find(({ hostname }) => hostname === `${username}.spoq.dev`)!;

  beforeAll(async () => {
    await control(sandbox, "POST", "boot", { hostname: "nora.spoq.dev", outcome: "script-fails", failsInStep: 8 });
    assert.equal((await runCli(["up", "nora", "--yes"], { env })).code, 1);
  });

  /** As the service's worker leaves it behind. */
  async function failedRun(username: string): Promise<void> {
    const [userId, runId] = [`user_${username}`, randomUUID()];
    await inTransaction(pool, (db) => requestVps(db, { userId, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null }));
    await startRun(pool, { runId, userId, username, operation: "up", workerId: "worker", hostId: "host", pid: 1 });
    await appendRunLog(pool, runId, ["waiting for DNS"]);
    await finishRun(pool, runId, { outcome: "failed", seconds: 12, errorCode: "HEALTH_CHECK_FAILED", message: "not healthy" });
  }

  it("--boot shows the log and the step in which the script stopped, without any database", async () => {
    const { code, stdout } = await runCli(["logs", "nora", "--boot"], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^=== step 7\/12: Conductor's service$/m);
    assert.match(stdout, /host key SHA256:\S+ \(trusted on first use, as the stack has pinned none\)/);
    assert.match(stdout, /The script stopped in step 8 of 12, Spoq CLI \(exit status 22\)\. Its last lines:\n {4}curl: \(22\)/);
    assert.match(stdout, /bash \/post_install/);
    const boot = await runJson<BootLog>(["logs", "nora", "--boot"], { env });
    assert.deepEqual([boot.address, boot.outcome, boot.step, boot.hostKeyVerified], [vmOf("nora").address, "failed", { number: 8, of: 12, title: "Spoq CLI" }, false]);
  });

  it("says it by itself after a run that failed in the health check, below what the run printed", async () => {
    await failedRun("nora");
    const { stdout } = await runCli(["logs", "nora"], { env: { ...env, DATABASE_URL: databaseUrl } });
    assert.match(stdout, /waiting for DNS\nrun \S+, up: failed \(HEALTH_CHECK_FAILED\) after 12 s\n\n\/post_install\.log at [^]*stopped in step 8 of 12/);
    const document = await runJson<{ lines: unknown[]; boot: BootLog }>(["logs", "nora"], { env: { ...env, DATABASE_URL: databaseUrl } });
    assert.deepEqual([document.lines.length, document.boot.exitStatus, document.boot.lines], [1, 22, undefined]);
    await startRun(pool, { runId: randomUUID(), userId: "user_nora", username: "nora", operation: "up", workerId: "worker", hostId: "host", pid: 1 });
    assert.match((await runCli(["logs", "nora"], { env: { ...env, DATABASE_URL: databaseUrl } })).stdout, /, up: goes on\n\n[^]*stopped in step 8 of 12/);
  });

  it("still shows what the run printed where the VPS cannot be asked", async () => {
    const { code, stdout } = await runCli(["logs", "nora"], { env: { DATABASE_URL: databaseUrl } });
    assert.equal(code, 0);
    assert.match(stdout, /^run \S+, up: goes on\n\n\S+ could not be read from the VPS: .*\nNext: Set PULUMI_CONFIG_PASSPHRASE/);
    await control(sandbox, "POST", `vms/${vmOf("nora").id}/drift`, { kind: "stopped" });
    const { boot } = await runJson<{ boot: ErrorDocument }>(["logs", "nora"], { env: { ...env, DATABASE_URL: databaseUrl } });
    assert.equal(boot.error.code, "SSH_UNREACHABLE");
    await control(sandbox, "POST", `vms/${vmOf("nora").id}/drift`, { kind: "started" });
  });

  it("shows no secret that somebody has written into the log", async () => {
    const stored = await hostinger(sandbox, "GET", "vps/v1/post-install-scripts");
    const scripts = stored.body.data as { name: string; content: string }[];
    const script = scripts.find(({ name }) => name.includes("nora"))!.content;
    const secrets = ["SSH_PASSWORD", "JWT_SECRET"].map((name) => new RegExp(`^${name}='?([^'\n]+)`, "m").exec(script)![1]!);
    const talkative = await hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: "talkative", content: `#!/bin/bash\nstep 1 "password ${secrets[0]}, secret ${secrets[1]}"\n` });
    const { id } = vmOf("nora");
    await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${id}/recreate`, { template_id: 1007, password: secrets[0], post_install_script_id: talkative.body.id });
    await until(sandbox, vmIs(id, (vm) => vm.scriptOutcome !== null && !vm.locked));
    const { stdout } = await runCli(["logs", "nora", "--boot"], { env });
    assert.match(stdout, /^=== step 1\/1: password \[secret\], secret \[secret\]$/m);
    for (const secret of secrets) assert.ok(!stdout.includes(secret));
  });

  it("verifies the host key that a release has pinned, and sends no password to another server", async () => {
    await control(sandbox, "POST", "artefacts", { ...RELEASE, version: "2.0.0" });
    const release = ["releaseVersion=2.0.0", `releaseConductorUrl=${RELEASE.url}`, `releaseConductorSha256=${RELEASE.sha256}`].flatMap((setting) => ["--set", setting]);
    assert.equal((await runCli(["up", "olga", "--yes", ...release], { env })).code, 0);
    const boot = await runJson<BootLog>(["logs", "olga", "--boot"], { env });
    assert.deepEqual([boot.outcome, boot.hostKeyVerified, boot.lastLines], ["complete", true, ["Conductor: active", "Caddy: active"]]);

    const { id } = vmOf("olga");
    await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${id}/recreate`, { template_id: 1007, password: "fake-password-1234A" });
    await until(sandbox, vmIs(id, (vm) => vm.state === "running" && !vm.locked));
    assert.equal((await runJson<ErrorDocument>(["logs", "olga", "--boot"], { env, code: 1 })).error.code, "SSH_HOST_KEY_WRONG");
  });

  it("says what is missing while there is no stack or no VM yet", async () => {
    assert.match((await runJson<ErrorDocument>(["logs", "peter", "--boot"], { env, code: 2 })).error.message, /no stack 'peter'/);
    await control(sandbox, "POST", "settings", { paymentsDeclined: true });
    assert.equal((await runCli(["up", "quirin", "--yes"], { env })).code, 1);
    assert.match((await runJson<ErrorDocument>(["logs", "quirin", "--boot"], { env, code: 4 })).error.message, /no VM with an address yet/);
  });
});
