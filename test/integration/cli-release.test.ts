/** `user-vps release` against a real service over HTTP; what a worker would do is written into its tables. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, describe, it } from "vitest";
import { followRollOut } from "../../src/cli/service-client/roll-out.ts";
import type { RollOutMemberView, RollOutView, RollOutWithMembersView } from "../../src/http/roll-out-view.ts";
import { endMember, endRollOut, takeMember } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withApp } from "../support/http-app.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { signToken, TEST_JWT_SECRET } from "../support/tokens.ts";
import { runCli, runJson, startCli } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

const SHA256 = "ab".repeat(32);
const USERS = ["anna", "bert", "carl"];

const { app, pool, rollOuts } = await withApp();
let env: Record<string, string>;
beforeAll(async () => {
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  env = { USER_VPS_URL: url, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope: "vps:admin" }) };
  for (const user of USERS) await insertReadyUser(pool, user);
});
afterEach(async () => {
  rollOuts.enqueued = 0;
  await pool.query("UPDATE vps_roll_outs SET outcome = 'cancelled', ended_at = now() WHERE outcome IS NULL");
});

const rollOut = (...more: string[]) => ["release", "roll-out", "1.4.2", "--reason", "a test", "--confirm", "1.4.2", ...more];

describe("user-vps release, before there is anything", () => {
  it("says so", async () => {
    assert.deepEqual(await runJson(["release", "list"], { env }), []);
    assert.equal(await runJson(["release", "status"], { env }), null);
    assert.match((await runJson<ErrorDocument>(["release", "cancel"], { env, code: 2 })).error.message, /No roll-out goes on/);
  });

  it("needs to know who asks; JWT_SECRET does as well as a token", async () => {
    const { USER_VPS_URL } = env;
    assert.match((await runJson<ErrorDocument>(["release", "list"], { env: { USER_VPS_URL }, code: 2 })).error.message, /USER_VPS_TOKEN nor JWT_SECRET/);
    assert.deepEqual(await runJson(["release", "list"], { env: { USER_VPS_URL, JWT_SECRET: TEST_JWT_SECRET } }), []);
  });
});

describe("user-vps release create", () => {
  it("makes a release known, and list shows it", async () => {
    const release = await runJson<{ version: string; createdBy: string; cli: unknown }>(["release", "create", "1.4.2", "--conductor-url", "https://downloads.example.com/conductor", "--conductor-sha256", SHA256], { env });
    assert.deepEqual([release.version, release.createdBy, release.cli], ["1.4.2", "operator_1", null]);
    assert.deepEqual(await runJson(["release", "list"], { env }), [release]);
    assert.match((await runCli(["release", "list"], { env })).stdout, /^VERSION +CONDUCTOR +CLI +CREATED BY +CREATED \(UTC\)\n1\.4\.2 +https:\/\/downloads\.example\.com\/conductor +- +operator_1 +\d{4}-/);
  });

  it("refuses what cannot be verified, and shows the service's own refusals", async () => {
    assert.match((await runJson<ErrorDocument>(["release", "create", "1.5", "--cli-url", "https://downloads.example.com/spoq"], { env, code: 2 })).error.message, /--cli-url and --cli-sha256 go together/);
    assert.equal((await runJson<ErrorDocument>(["release", "create", "1.5"], { env, code: 2 })).error.code, "INPUT_INVALID");
    assert.equal((await runJson<ErrorDocument>(["release", "create", "1.4.2", "--cli-url", "https://downloads.example.com/spoq", "--cli-sha256", SHA256], { env, code: 1 })).error.code, "RELEASE_EXISTS");
  });
});

describe("user-vps release roll-out", () => {
  it("is refused without the version typed, with another one, and without a reason: nothing is queued", async () => {
    const { error } = await runJson<ErrorDocument>(["release", "roll-out", "1.4.2", "--reason", "a test", "--snapshot"], { env, code: 3 });
    assert.match(error.message, /Release 1\.4\.2 goes to 3 VPSs in 3 waves \(1, 1, 1\), 2 at a time; the first failure stops it\. Each VM's snapshot is replaced/);
    assert.match(error.next, /--confirm 1\.4\.2/);
    await runJson<ErrorDocument>(["release", "roll-out", "1.4.2", "--reason", "a test", "--confirm", "1.4.1"], { env, code: 3 });
    assert.match((await runJson<ErrorDocument>(["release", "roll-out", "1.4.2", "--confirm", "1.4.2"], { env, code: 2 })).error.message, /--reason is missing/);
    assert.equal(rollOuts.enqueued, 0);
  });

  it("asks the service for it, with all that was said", async () => {
    const asked = await runJson<RollOutView>(rollOut("--users", "carl,anna", "--waves", "50%,rest", "--concurrency", "3", "--max-failures", "2", "--snapshot"), { env });
    const { version, reason, requestedBy, concurrency, maxFailures, snapshot, counts } = asked;
    assert.deepEqual({ version, reason, requestedBy, concurrency, maxFailures, snapshot, waiting: counts.waiting }, { version: "1.4.2", reason: "a test", requestedBy: "operator_1", concurrency: 3, maxFailures: 2, snapshot: true, waiting: 2 });
    assert.equal(rollOuts.enqueued, 1);
    const { members } = await runJson<RollOutWithMembersView>(["release", "status"], { env });
    assert.deepEqual(members.map(({ username, wave }) => [username, wave]), [["carl", 1], ["anna", 2]]);
    assert.equal((await runJson<ErrorDocument>(rollOut(), { env, code: 1 })).error.code, "ROLL_OUT_OPEN");
  });

  it("says to how many VPSs it goes, and how to follow it", async () => {
    const { stdout, code } = await runCli(rollOut(), { env });
    assert.equal(code, 0);
    assert.match(stdout, /^The roll-out of 1\.4\.2 to 3 VPSs in 3 waves \(1, 1, 1\) is queued\. `user-vps release status [0-9a-f-]{36} --follow`/);
  });

  it("with --follow shows each VPS's turn, one JSON document a line, and ends with exit code 1 when it is stopped", async () => {
    const child = startCli([...rollOut("--waves", "rest"), "--follow", "--json"], { env });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stderr!.resume();
    let out = "";
    const documents = () => out.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line) as { rollOut?: RollOutView; member?: RollOutMemberView });
    await new Promise<void>((seen) => child.stdout!.setEncoding("utf8").on("data", (text: string) => { out += text; seen(); }));
    const { rollOutId } = documents()[0]!.rollOut!;
    await endMember(pool, (await takeMember(pool, rollOutId, 1, "run-1"))!, { status: "succeeded" });
    await endMember(pool, (await takeMember(pool, rollOutId, 1, "run-2"))!, { status: "failed", errorCode: "RELEASE_FAILED", message: "rolled back" });
    await endRollOut(pool, rollOutId, "stopped");
    assert.equal(await ended, 1);
    const last = Object.fromEntries(documents().flatMap(({ member }) => (member ? [[member.username, member.status]] : [])));
    assert.deepEqual(last, { anna: "succeeded", bert: "failed", carl: "skipped" });
    assert.equal(documents().at(-1)?.rollOut?.outcome, "stopped");
  });
});

describe("following a roll-out", () => {
  const shown: string[] = [];
  const invocation = (url: string) => ({
    env: { ...env, USER_VPS_URL: url }, signal: new AbortController().signal,
    progress: { say: () => undefined, end: () => undefined }, show: ({ text }: { text: string }) => void shown.push(text),
  });

  it("goes on while the service is restarted, waits for VPSs that are under way, and shows each change once", async () => {
    const created = await runJson<RollOutView>(rollOut("--users", "anna"), { env });
    const running = async () => (await app.inject({ url: `/api/admin/roll-outs/${created.rollOutId}`, headers: { authorization: `Bearer ${env["USER_VPS_TOKEN"]}` } })).body;
    await takeMember(pool, created.rollOutId, 1, "run-1");
    await endRollOut(pool, created.rollOutId, "succeeded");
    const underWay = await running();
    await pool.query("UPDATE vps_roll_out_members SET status = 'succeeded', ended_at = now() WHERE roll_out_id = $1", [created.rollOutId]);
    const answers = [underWay, undefined, underWay, await running()];
    const since: number[] = [];
    const server = createServer(({ url }, response) => {
      since.push(Date.parse(new URL(url!, "http://service").searchParams.get("changedSince") ?? ""));
      const body = answers.shift();
      response.writeHead(body ? 200 : 503, { "content-type": "application/json" }).end(body ?? JSON.stringify({ error: { code: "SHUTTING_DOWN", message: "This process is going." } }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    atEnd(() => server.close());
    const { data, exitCode } = await followRollOut(invocation(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), created.rollOutId);
    assert.deepEqual([(data as { rollOut: RollOutView }).rollOut.outcome, exitCode, answers.length], ["succeeded", 0, 0]);
    // Not the whole fleet again each time.
    assert.deepEqual([since[0], since.every((ms, place) => place === 0 || ms >= since[place - 1]!), since.at(-1)! > Date.now() - 600_000], [0, true, true]);
    assert.deepEqual(shown.map((line) => line.replace(/^\S+ +/, "")), ["wave 1  anna  running", "wave 1  anna  succeeded"]);
  });

  it("ends at what is no outage", async () => {
    await assert.rejects(followRollOut(invocation(env["USER_VPS_URL"]!), "none"), /There is no roll-out 'none'/);
  });
});

describe("user-vps release status, list and cancel", () => {
  it("show what became of each VPS, to people as a table, and why one failed", async () => {
    const { rollOutId } = await runJson<RollOutView>(rollOut("--waves", "1,rest"), { env });
    await endMember(pool, (await takeMember(pool, rollOutId, 1, "run-1"))!, { status: "failed", errorCode: "RELEASE_FAILED", message: "Conductor was not healthy and was rolled back" });
    await endRollOut(pool, rollOutId, "stopped");
    const { stdout } = await runCli(["release", "status", rollOutId], { env });
    assert.match(stdout, /^status +stopped: 1 failed, 2 skipped$/m);
    assert.match(stdout, /^WAVE +USER +STATUS +SECONDS +ERROR +RUN\n1 +anna +failed +0 +RELEASE_FAILED +run-1$/m);
    assert.match(stdout, /^anna: Conductor was not healthy and was rolled back$/m);
    const listed = await runJson<RollOutView[]>(["release", "list", "--roll-outs"], { env });
    assert.deepEqual([listed[0]?.rollOutId, listed[0]?.outcome], [rollOutId, "stopped"]);
  });

  it("cancel ends the one that goes on, or the one that is named; a second time it is refused", async () => {
    const { rollOutId } = await runJson<RollOutView>(rollOut(), { env });
    const cancelled = await runJson<RollOutView>(["release", "cancel"], { env });
    assert.deepEqual([cancelled.rollOutId, cancelled.outcome, cancelled.cancelledBy], [rollOutId, "cancelled", "operator_1"]);
    assert.equal((await runJson<ErrorDocument>(["release", "cancel", rollOutId], { env, code: 1 })).error.code, "STATUS_CONFLICT");
    assert.equal((await runJson<ErrorDocument>(["release", "status", "none"], { env, code: 1 })).error.code, "ROLL_OUT_NOT_FOUND");
  });
});
