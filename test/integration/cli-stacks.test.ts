import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, it } from "vitest";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { TEST_JWT_SECRET } from "../support/tokens.ts";
import { runCli, runJson, startCli, temporaryFolder } from "./cli-support.ts";
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

  it("destroy wants the name again, then gives the VPS and its stack up", async () => {
    assert.match((await runJson<ErrorDocument>(["destroy", "karl"], { env, code: 3 })).error.next, /--confirm karl/);
    assert.deepEqual(await runJson(["destroy", "karl", "--confirm", "karl"], { env }), { username: "karl", destroyed: true });
    assert.match((await runJson<ErrorDocument>(["preview", "karl"], { env, code: 2 })).error.message, /no stack 'karl'/);
    assert.deepEqual(sandbox.state().vms.map(({ state: vmState }) => vmState), ["stopped"]);
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
