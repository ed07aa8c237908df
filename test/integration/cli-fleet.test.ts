/** With USER_VPS_URL and USER_VPS_TOKEN alone: no database, no secret of the service. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { appendRunLog, beginPhase, finishRun, setVpsStatus, startRun } from "../../src/records/index.ts";
import { env, pool, user } from "./operators-support.ts";
import { runCli, runJson, type ErrorDocument } from "./cli-support.ts";

describe("the fleet from another machine", async () => {
  await user("anna");
  await user("bert", "failed");
  const userId = await user("cora", "queued", null);
  await startRun(pool, { runId: "run-cora", userId, username: "cora", operation: "up", workerId: "w", hostId: "h", pid: 1 });
  await beginPhase(pool, { runId: "run-cora", userId, phase: "vm" });
  await appendRunLog(pool, "run-cora", ["buying a VM"]);

  it("list shows everybody, and filters by status and by a part of what is known", async () => {
    const all = (await runCli(["list"], { env })).stdout;
    assert.match(all, /^USER +STATUS/m);
    assert.match(all, /^anna +ready /m);
    assert.match(all, /^bert +failed: VM_ERROR: an example/m);
    const names = async (...options: string[]) => (await runJson<{ username: string }[]>(["list", ...options], { env })).map(({ username }) => username);
    assert.deepEqual([await names("--status", "failed"), await names("--search", "ann"), await names("--all"), await names("--limit", "1")], [["bert"], ["anna"], ["anna", "bert", "cora"], ["anna"]]);
    assert.match((await runCli(["list", "--limit", "1"], { env })).stdout, /There are more/);
    assert.equal((await runJson<ErrorDocument>(["list", "--status", "nonsense"], { env, code: 2 })).error.code, "INPUT_INVALID");
  });

  it("status tells of the fleet without a name, and of a user with one", async () => {
    const fleet = await runJson<{ users: Record<string, number> }>(["status"], { env });
    assert.deepEqual([fleet.users["ready"], fleet.users["failed"], fleet.users["queued"]], [1, 1, 1]);
    const one = await runJson<{ username: string; phases: { phase: string }[] }>(["status", "cora"], { env });
    assert.deepEqual([one.username, one.phases.map(({ phase }) => phase)], ["cora", ["vm"]]);
    assert.equal((await runJson<ErrorDocument>(["status", "nobody"], { env, code: 1 })).error.code, "USER_NOT_FOUND");
  });

  it("status says of nobody who has come to rest that something goes on", async () => {
    assert.match((await runCli(["status", "cora"], { env })).stdout, /^vm .*goes on$/m);
    await setVpsStatus(pool, userId, { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "none" });
    const { stdout } = await runCli(["status", "cora"], { env });
    assert.match(stdout, /^vm .*stopped$/m);
    assert.doesNotMatch(stdout, /goes on|usually/);
  });

  it("events and logs follow a user", async () => {
    assert.match((await runCli(["events", "anna"], { env })).stdout, /ready, https:\/\/anna\.spoq\.dev|ready/);
    await finishRun(pool, "run-cora", { outcome: "failed", errorCode: "VM_ERROR", message: "an example", seconds: 1 });
    const log = await runJson<{ run: { runId: string; outcome: string }; lines: { line: string }[] }>(["logs", "cora"], { env });
    assert.deepEqual([log.run.runId, log.run.outcome, log.lines.map(({ line }) => line)], ["run-cora", "failed", ["buying a VM"]]);
    assert.deepEqual((await runJson<{ runId: string }[]>(["logs", "cora", "--runs"], { env })).map(({ runId }) => runId), ["run-cora"]);
    assert.equal((await runJson<ErrorDocument>(["logs", "anna", "--run", "run-cora"], { env, code: 2 })).error.code, "INPUT_INVALID", "another user's run");
  });
});
