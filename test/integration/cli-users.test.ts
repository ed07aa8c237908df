import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { appendRunLog, beginPhase, finishRun, requestVps, setVpsStatus, startRun } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { runCli, runJson, startCli } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

describe("user-vps status, events, logs", async () => {
  const { pool, url } = await withDatabase();
  const env = { DATABASE_URL: url };

  /** As a worker does it: the record, a run, its first phase and its first lines. */
  async function provision(username: string): Promise<{ userId: string; runId: string }> {
    const userId = `user_${username}`;
    const runId = randomUUID();
    await inTransaction(pool, (db) => requestVps(db, { userId, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null }));
    await startRun(pool, { runId, userId, username, operation: "up", workerId: "worker", hostId: "host", pid: 1 });
    await setVpsStatus(pool, userId, { status: "provisioning", phase: "vm", waitingFor: "VM 42 to run" });
    await beginPhase(pool, { runId, userId, phase: "vm" });
    await appendRunLog(pool, runId, ["buying a VM", "waiting for VM 42 to run"]);
    return { userId, runId };
  }

  async function makeReady({ userId, runId }: { userId: string; runId: string }): Promise<void> {
    await appendRunLog(pool, runId, ["healthy"]);
    await finishRun(pool, runId, { outcome: "succeeded", seconds: 12, resourceChanges: { create: 5 } });
    await setVpsStatus(pool, userId, { status: "ready", phase: "done" });
  }

  it("status tells phase and time", async () => {
    const dora = await provision("dora");
    const { stdout } = await runCli(["status", "dora"], { env });
    assert.match(stdout, /^status +provisioning, vm/m);
    assert.match(stdout, /^vm +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+\.\d +goes on$/m);
    const view = await runJson<{ status: string; phases: { phase: string }[] }>(["status", "dora"], { env });
    assert.deepEqual([view.status, view.phases.map(({ phase }) => phase)], ["provisioning", ["vm"]]);

    await makeReady(dora);
    assert.match((await runCli(["status", "dora"], { env })).stdout, /^status +ready$/m);
  });

  it("events follows the record until it is ready, one JSON document a line", async () => {
    const emil = await provision("emil");
    const child = startCli(["events", "emil", "--json"], { env });
    let out = "";
    const first = new Promise<void>((seen) => child.stdout!.setEncoding("utf8").on("data", (text: string) => { out += text; seen(); }));
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stderr!.resume();
    await first;
    await makeReady(emil);
    assert.equal(await ended, 0);
    const statuses = out.trim().split("\n").map((line) => (JSON.parse(line) as { status: string }).status);
    assert.deepEqual([statuses[0], statuses.at(-1)], ["provisioning", "ready"]);
  });

  it("events ends with exit code 1 if it failed, and says why", async () => {
    const { userId } = await provision("fred");
    await setVpsStatus(pool, userId, { status: "failed", errorCode: "VM_ERROR", reason: "the VM is broken", nextStep: "repair it" });
    const { code, stdout } = await runCli(["events", "fred"], { env });
    assert.equal(code, 1);
    assert.match(stdout, /^\d\d:\d\d:\d\d {2}failed: VM_ERROR: the VM is broken$/m);
  });

  it("events ends at SIGINT with exit code 130", async () => {
    await provision("gina");
    const child = startCli(["events", "gina"], { env });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stderr!.resume();
    await new Promise((seen) => child.stdout!.once("data", seen));
    child.kill("SIGINT");
    assert.equal(await ended, 130);
  });

  it("logs shows the last run, a named one, and the list of runs", async () => {
    const hans = await provision("hans");
    const { stdout } = await runCli(["logs", "hans"], { env });
    assert.match(stdout, /^\d\d:\d\d:\d\d {2}waiting for VM 42 to run$/m);
    assert.match(stdout, new RegExp(`^run ${hans.runId}, up: goes on$`, "m"));
    const followed = runCli(["logs", "hans", "--follow", "--json"], { env });
    await makeReady(hans);
    const lines = (await followed).stdout.trim().split("\n").map((line) => JSON.parse(line) as { line?: string; run?: { outcome: string } });
    assert.deepEqual(lines.slice(0, -1).map(({ line }) => line), ["buying a VM", "waiting for VM 42 to run", "healthy"]);
    assert.equal(lines.at(-1)?.run?.outcome, "succeeded");

    const document = await runJson<{ lines: unknown[] }>(["logs", "hans", "--run", hans.runId], { env });
    assert.equal(document.lines.length, 3);
    assert.deepEqual((await runJson<{ runId: string }[]>(["logs", "hans", "--runs"], { env })).map(({ runId }) => runId), [hans.runId]);
    assert.match((await runJson<ErrorDocument>(["logs", "hans", "--run", "none"], { env, code: 2 })).error.next, /logs hans --runs/);
  });

  it("a user whom nobody knows, a name that is none, and a database that is away are told apart", async () => {
    assert.match((await runJson<ErrorDocument>(["status", "nobody"], { env, code: 2 })).error.message, /knows no user 'nobody'/);
    assert.equal((await runJson<ErrorDocument>(["status", "No_Body"], { env, code: 2 })).error.code, "USERNAME_INVALID");
    const away = "postgres://nobody:fake-password-for-tests@127.0.0.1:1/none";
    const { error } = await runJson<ErrorDocument>(["status", "dora"], { env: { DATABASE_URL: away }, code: 4 });
    assert.equal(error.code, "DATABASE_FAILED");
    assert.doesNotMatch(JSON.stringify(error), /fake-password/);
    assert.match((await runJson<ErrorDocument>(["status", "dora"], { env: { USER_VPS_DATA_FOLDER: "/nonexistent" }, code: 2 })).error.next, /DATABASE_URL/);
  });
});
