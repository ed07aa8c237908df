import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, it } from "vitest";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { requestVps } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";
import { TEST_JWT_SECRET } from "../support/tokens.ts";
import { until } from "../support/until.ts";
import { CHECKOUT, runCli, runJson, startCli, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

interface Changed {
  readonly changes: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

describe("user-vps up, preview, destroy", async () => {
  const folder = temporaryFolder();
  const state = join(folder, "state");
  mkdirSync(state);
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  const env = { ...sandboxEnvironment(sandbox, await ensureEngine(), pathToFileURL(state).href) };
  const purchases = () => sandbox.state().purchases.length;

  it("up makes a new user's VPS, and finds nothing to do the second time", async () => {
    const { changes, outputs } = await runJson<Changed>(["up", "karl", "--yes"], { env });
    assert.ok(changes["create"]! >= 5, JSON.stringify(changes));
    assert.equal(outputs["url"], "https://karl.spoq.dev");
    const second = await runJson<Changed>(["up", "karl", "--yes"], { env });
    assert.deepEqual(Object.keys(second.changes), ["same"]);
    assert.equal(purchases(), 1);
    assert.doesNotMatch(JSON.stringify(outputs), /password": ?"(?!\[secret\])/i);
  });

  it("preview tells what would change, and by its exit code whether anything would", async () => {
    const { changes } = await runJson<Changed>(["preview", "karl", "--expect-no-changes"], { env });
    assert.deepEqual(Object.keys(changes), ["same"]);
    const drifted = await runJson<Changed & { resources: { operation: string; name: string }[] }>(["preview", "karl", "--expect-no-changes", "--set", "dnsTtlSeconds=300"], { env, code: 1 });
    assert.deepEqual(drifted.resources.map(({ operation }) => operation), ["update"]);
    assert.match((await runCli(["preview", "karl"], { env })).stdout, /unchanged/);
  });

  it("a setting that was changed stays for the next time", async () => {
    assert.equal((await runJson<Changed>(["up", "karl", "--yes", "--set", "dnsTtlSeconds=300"], { env })).changes["update"], 1);
    assert.deepEqual(Object.keys((await runJson<Changed>(["up", "karl", "--yes"], { env })).changes), ["same"]);
  });

  it("up makes as declared what somebody else has changed since", async () => {
    const [vm] = sandbox.state().vms;
    const response = await fetch(`${sandbox.controlUrl}/vms/${vm!.id}/drift`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind: "stopped" }) });
    assert.equal(response.status, 200);
    await runJson<Changed>(["up", "karl", "--yes"], { env });
    assert.deepEqual(sandbox.state().vms.map(({ state: vmState }) => vmState), ["running"]);
  });

  it("a setting that is misspelt is asked about, and not passed over, nor does it stay among those of the last deployment", async () => {
    for (const [user, given] of [["lena", "importVMId=17923"], ["karl", "alowPurchase=false"]] as const) {
      const { error } = await runJson<ErrorDocument>(["up", user, "--yes", "--set", given], { env, code: 2 });
      assert.match(error.message, /^(importVMId is no setting; is importVmId meant\?|alowPurchase is no setting; is allowPurchase meant\?)$/);
    }
    assert.match((await runJson<ErrorDocument>(["preview", "lena"], { env, code: 2 })).error.message, /no stack 'lena'/);
    assert.deepEqual(Object.keys((await runJson<Changed>(["preview", "karl"], { env })).changes), ["same"]);
    assert.equal(purchases(), 1);
  });

  it("destroy wants the name again, then gives the VPS and its stack up", async () => {
    assert.match((await runJson<ErrorDocument>(["destroy", "karl"], { env, code: 3 })).error.next, /--confirm karl/);
    assert.deepEqual(await runJson(["destroy", "karl", "--confirm", "karl"], { env }), { username: "karl", destroyed: true });
    assert.match((await runJson<ErrorDocument>(["preview", "karl"], { env, code: 2 })).error.message, /no stack 'karl'/);
    assert.deepEqual(sandbox.state().vms.map(({ state: vmState }) => vmState), ["stopped"]);
  });
});

describe("user-vps up by somebody who works in a folder of their own", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "state"));
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  writeFileSync(join(folder, "passphrase"), "fake-passphrase-in-a-file");
  writeFileSync(join(folder, "key"), `${sandbox.hostingerToken}\n`);
  const env = {
    ...sandboxEnvironment(sandbox, await ensureEngine(), "file://./state"),
    PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: "passphrase", HOSTINGER_API_KEY: undefined, HOSTINGER_API_KEY_FILE: "./key",
  };
  const purchases = () => sandbox.state().purchases.length;

  it("keeps the state where it is said to be, and reads passphrase and token from there, as they are named from that folder", async () => {
    await runJson<Changed>(["up", "nora", "--yes"], { env, cwd: folder });
    assert.deepEqual(Object.keys((await runJson<Changed>(["preview", "nora"], { env, cwd: folder })).changes), ["same"]);
    assert.equal(purchases(), 1);
  });

  it("does nothing where the checkout declares a new VPS by a file that is not read, unless each of its settings is named", async () => {
    const file = join(CHECKOUT, "Pulumi.unread.yaml");
    const before = purchases();
    atEnd(() => rmSync(file, { force: true }));
    writeFileSync(file, "config:\n  user-vps:username: unread\n  user-vps:importVmId: \"17923\"\n  user-vps:plan: hostingercom-vps-kvm2-usd-1m\n");
    const { error } = await runJson<ErrorDocument>(["up", "unread", "--yes", "--set", "plan=hostingercom-vps-kvm2-usd-1m"], { env, cwd: folder, code: 2 });
    assert.match(error.message, /Pulumi\.unread\.yaml in the checkout declares importVmId for unread/);
    assert.match((await runJson<ErrorDocument>(["preview", "unread"], { env, cwd: folder, code: 2 })).error.message, /no stack 'unread'/);
    assert.equal(purchases(), before);
  });

  it("makes no stack for a user of the service, who gets it from there", async () => {
    const { pool, url } = await withDatabase();
    const before = purchases();
    await requestVps(pool, { userId: "user_sara", username: "sara", hostname: "sara.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    const { error } = await runJson<ErrorDocument>(["up", "sara", "--yes"], { env: { ...env, DATABASE_URL: url }, cwd: folder, code: 2 });
    assert.match(error.message, /sara is a user of the service \(queued\) and has no stack yet/);
    assert.match(error.next, /user-vps retry sara/);
    assert.equal(purchases(), before);
  });

  it("ends as interrupted when it is, once the engine has ended in good order", async () => {
    const response = await fetch(`${sandbox.controlUrl}/boot`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ bootMs: 600_000 }) });
    assert.equal(response.status, 200);
    const before = purchases();
    const child = startCli(["up", "paul", "--yes", "--json"], { env, cwd: folder });
    let stdout = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => { stdout += text; });
    child.stderr!.resume();
    const ended = new Promise<number | null>((done) => child.once("close", done));
    await until("the purchase", () => purchases() === before + 1);
    child.kill("SIGTERM");
    assert.equal(await ended, 130);
    assert.equal((JSON.parse(stdout) as ErrorDocument).error.code, "CANCELLED");
  });

  it("destroy tells of an order that the stack does not know yet, which it neither stops nor ends", async () => {
    const response = await fetch(`${sandbox.controlUrl}/purchases`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ answer: "payment-initiated", paidAfterMs: null }) });
    assert.equal(response.status, 200);
    const { error } = await runJson<ErrorDocument>(["up", "rosa", "--yes"], { env: { ...env, HOSTINGER_RUNNING_TIMEOUT_SECONDS: "1" }, cwd: folder, code: 1 });
    assert.equal(error.code, "ENGINE_FAILED");
    const { code, stdout } = await runCli(["destroy", "rosa", "--confirm", "rosa"], { env, cwd: folder });
    assert.equal(code, 0);
    assert.match(stdout, /The VPS of rosa is given up, its stack is gone\.\nA purchase for rosa\.spoq\.dev is open \((order|subscription) \S+\)/);
  });
});

describe("user-vps serve", async () => {
  const { url } = await withDatabase();

  it("says where it is in JSON when it is ready, and ends at SIGTERM with exit code 0", async () => {
    const env = {
      DATABASE_URL: url, PORT: "0", LOG_LEVEL: "silent", SHUTDOWN_GRACE_SECONDS: "0",
      JWT_SECRET: TEST_JWT_SECRET,
      CREDENTIALS_KEYS: `test:${Buffer.from("fake-credentials-key-for-tests-!").toString("base64")}`,
    };
    const child = startCli(["serve", "--role", "http", "--json"], { env });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stderr!.resume();
    const line = await new Promise<string>((seen) => child.stdout!.setEncoding("utf8").once("data", seen));
    const served = JSON.parse(line) as { ready: boolean; role: string; url: string };
    assert.deepEqual([served.ready, served.role], [true, "http"]);
    // Longer than a finished command is given to end.
    await new Promise((resume) => setTimeout(resume, 1_500));
    assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
  });
});
