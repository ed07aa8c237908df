/** With USER_VPS_URL and USER_VPS_TOKEN alone: no database, no secret of the service. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, it } from "vitest";
import { appendRunLog, beginPhase, finishRun, setVpsStatus, startRun } from "../../src/records/index.ts";
import { createRelease } from "../../src/releases/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { signToken } from "../support/tokens.ts";
import { until } from "../support/until.ts";
import { operatorsWorld } from "./operators-support.ts";
import { runCli, runJson, temporaryFolder, type ErrorDocument } from "./cli-support.ts";

const { address, answers, env, pool, user } = await operatorsWorld();

const userId = "user_cora";
eachBeginsEmpty({ pool });
beforeEach(async () => {
  await user("anna");
  await user("bert", "failed");
  await user("cora", "queued", null);
  await startRun(pool, { runId: "run-cora", userId, username: "cora", operation: "up", workerId: "w", hostId: "h", pid: 1 });
  await beginPhase(pool, { runId: "run-cora", userId, phase: "vm" });
  await appendRunLog(pool, "run-cora", ["buying a VM"]);
});

describe("the fleet from another machine", () => {
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
    await pool.query("UPDATE user_vps SET ready_at = now() - interval '1 day' WHERE username = 'cora'");
    assert.match((await runCli(["status", "cora"], { env })).stdout, /^was ready \(UTC\) /m);
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

describe("a command line that only knows the service", () => {
  it("completes names of users and releases, and is silent when the service is away", async () => {
    const names = async (kind: string, prefix: string, url = env.USER_VPS_URL) => {
      const { code, stdout, stderr } = await runCli(["__complete", kind, prefix], { env: { ...env, USER_VPS_URL: url } });
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout.split("\n").filter(Boolean);
    };
    await createRelease(pool, { version: "1.4.2", cli: { url: "https://downloads.example.com/spoq", sha256: "ab".repeat(32) } }, "operator");
    // It would rather name nobody than keep a shell waiting, which a busy machine makes it do now and then.
    const named = (kind: string, prefix: string) => until(`names of ${kind}`, async () => ((found) => found.length > 0 && found)(await names(kind, prefix)));
    assert.deepEqual(await named("users", "an"), ["anna"]);
    assert.deepEqual(await names("users", "nna"), [], "a name begins with what was typed");
    assert.deepEqual(await named("releases", ""), ["1.4.2"]);
    assert.deepEqual(await names("users", "an", "http://127.0.0.1:9"), []);
    assert.deepEqual(await names("nonsense", ""), []);
  });

  it("leaves to a worker of the service what could be looked at where the stacks are", async () => {
    answers.drift = { drift: { username: "anna", resources: [], changes: 0, refusal: null } };
    assert.equal((await runCli(["drift", "anna"], { env })).stdout, "anna: as declared.\n");
    answers.bootLog = { address: "192.0.2.7", hostKeyFingerprint: "SHA256:fake", hostKeyVerified: true, outcome: "failed", step: { number: 8, of: 12, title: "Spoq CLI" }, exitStatus: 22, lastLines: ["curl: (22)"], mayPass: false, begun: 1, lines: ["=== step 8/12: Spoq CLI"] };
    assert.match((await runCli(["logs", "anna", "--boot"], { env })).stdout, /=== step 8\/12[\s\S]*192\.0\.2\.7[\s\S]*stopped in step 8 of 12/);
    answers.doctor = { hostId: "machine-7", findings: [{ check: "clock", result: "failed", found: "95 s behind", mend: "Set it." }] };
    const { stdout, code } = await runCli(["doctor"], { env });
    assert.equal(code, 1);
    assert.match(stdout, /^ok +worker +one on machine-7 has looked\nFAILED +clock +95 s behind\n +mend: Set it\.\nok +service +http.* is ready\n\n1 to mend\.$/m);
    const away = await runJson<{ checks: { check: string; result: string }[] }>(["doctor"], { env: { ...env, USER_VPS_URL: "http://127.0.0.1:9" }, code: 1 });
    assert.deepEqual(away.checks.map(({ check, result }) => [check, result]), [["service", "failed"]]);
  });

  it("refuses what needs the stacks themselves, and names what does the same by the service", async () => {
    for (const [args, instead] of [[["up", "anna", "--yes"], /`user-vps repair anna`/], [["preview", "anna"], /`user-vps drift anna`/], [["destroy", "anna", "--confirm", "anna"], /`user-vps deprovision anna`/]] as const) {
      const { error } = await runJson<ErrorDocument>(args, { env, code: 2 });
      assert.equal(error.code, "CONFIG_INVALID");
      assert.match(error.next, instead);
    }
  });

  it("shows the audit by who, what, whom and when, and writes all of it into a file", async () => {
    const ask = (username: string, by: string, daysAgo: number, path: string) => pool.query(`INSERT INTO vps_operator_actions (requested_by, path, username, reason, request_id, status, asked_at) VALUES ($1, $2, $3, '=danger', 'r', 202, now() - $4 * interval '1 day')`, [by, path, username, daysAgo]);
    await ask("anna", "operator_1", 3, "/api/admin/vps/anna/repair");
    await ask("bert", "operator_2", 2, "/api/admin/vps/bert/deprovision");
    await ask("anna", "user_anna", 1, "/api/vps/restart");
    const found = async (...options: string[]) => (await runJson<{ path: string }[]>(["audit", ...options], { env })).map(({ path }) => path.split("/").at(-1));
    assert.deepEqual(await found(), ["restart", "deprovision", "repair"]);
    assert.deepEqual(await found("anna"), ["restart", "repair"]);
    assert.deepEqual(await found("--by", "operator_2"), ["deprovision"]);
    assert.deepEqual(await found("--what", "Repair"), ["repair"]);
    assert.deepEqual(await found("--since", "60h"), ["restart", "deprovision"]);
    assert.deepEqual(await found("--since", "7d", "--until", "36h"), ["deprovision", "repair"]);
    assert.equal((await runJson<ErrorDocument>(["audit", "--since", "yesterday"], { env, code: 2 })).error.code, "INPUT_INVALID");
    const csv = (await runCli(["audit", "--export", "csv", "--what", "repair"], { env })).stdout.trim().split(/\r?\n/);
    assert.equal(csv.length, 2);
    assert.match(csv[1]!, /,'=danger,/);
    const file = join(temporaryFolder(), "audit.json");
    await runCli(["audit", "--export", "json", "--out", file], { env });
    assert.equal((JSON.parse(readFileSync(file, "utf8")) as unknown[]).length, 3);
  });

  it("keeps a session for later commands in a file of its own, and ends it at the service", async () => {
    const home = temporaryFolder();
    const logIn = (input: string, more: Record<string, string> = {}) => runCli(["login", `${address}/`], { env: { XDG_STATE_HOME: home, ...more }, input });
    const mine = { XDG_STATE_HOME: home };
    const file = join(home, "user-vps", "session.json");
    assert.equal((await logIn("not-a-token")).code, 2);
    // As a shell of the sandbox has it: empty is not set.
    const { stdout, code } = await logIn(`${env.USER_VPS_TOKEN}\n`, { USER_VPS_TOKEN: "" });
    assert.equal(code, 0);
    assert.match(stdout, /as operator_1, owner, until/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const kept = readFileSync(file, "utf8");
    assert.ok(!kept.includes(env.USER_VPS_TOKEN.split(".")[2]!), "the token is not kept");

    assert.match((await runCli(["list"], { env: mine })).stdout, /^anna /m);
    assert.match((await runCli(["repair", "anna", "--why", "a session"], { env: mine })).stdout, /anna/);
    assert.match((await runCli(["status", "anna"], { env: mine })).stdout, /^user +anna/m);
    const link = await runJson<{ url: string }>(["login"], { env: mine });
    assert.equal((await runJson<ErrorDocument>(["list"], { env: { ...mine, USER_VPS_URL: address, USER_VPS_TOKEN: await signToken({ sub: "x" }) }, code: 2 })).error.code, "SCOPE_MISSING", "the environment wins");
    assert.match((await runJson<ErrorDocument>(["list"], { env: { ...mine, USER_VPS_URL: "http://127.0.0.1:9" }, code: 2 })).error.message, /neither USER_VPS_TOKEN/, "another service's session is none");

    chmodSync(file, 0o644);
    assert.match((await runJson<ErrorDocument>(["list"], { env: mine, code: 2 })).error.message, /read by others/);
    chmodSync(file, 0o600);
    const { cookie } = JSON.parse(kept) as { cookie: string };
    assert.equal((await fetch(`${address}/session`, { headers: { cookie } })).status, 200);
    assert.match((await runCli(["logout"], { env: mine })).stdout, /^Logged out at /);
    assert.equal((await fetch(`${address}/session`, { headers: { cookie } })).status, 401);
    assert.equal(existsSync(file), false);
    assert.match((await runCli(["logout"], { env: mine })).stdout, /Nobody is logged in/);

    assert.match((await logIn(link.url)).stdout, /as operator_1, owner/, "a link logs a command line in as well");
    assert.match((await runJson<ErrorDocument>(["login", link.url], { env: mine, code: 2 })).error.next, /does not belong among the arguments/);
  });
});
