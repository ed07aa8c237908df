/** Operators' commands, as processes, against the service's HTTP side with a real database and jobs that are only noted. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, it } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import type { FindingKind } from "../../src/drift/kinds.ts";
import type { DriftAnswer } from "../../src/drift/queues.ts";
import type { StackDrift } from "../../src/drift/stack-drift.ts";
import { beginSweep, finishSweep } from "../../src/drift/sweeps.ts";
import type { SweepEnd } from "../../src/drift/sweeps.ts";
import type { FindingView, SweepView } from "../../src/http/routes/drift.ts";
import type { AdminVpsView } from "../../src/http/vps-view.ts";
import type { AskVmActions } from "../../src/jobs/vm-actions.ts";
import { findVpsByUserId, finishRun, listGiveUps, requestGiveUp, requestVps, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import type { Operation, VpsStatus } from "../../src/records/index.ts";
import { withListeningApp } from "../support/http-app.ts";
import { signToken } from "../support/tokens.ts";
import { runCli, runJson, startCli } from "./cli-support.ts";
import type { CliRun, ErrorDocument } from "./cli-support.ts";

const answers: { drift: DriftAnswer | undefined; actions: Awaited<ReturnType<AskVmActions>> } = { drift: undefined, actions: undefined };
const { address, pool, jobs } = await withListeningApp({ drift: { stackDrift: async () => answers.drift }, vmActions: async () => answers.actions });
const env = { USER_VPS_URL: address, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope: "vps:admin" }, { expiresInSeconds: 3_600 }) };

beforeEach(() => void jobs.enqueued.splice(0));

async function user(username: string, status: VpsStatus = "ready", vmId: number | null = 17_923): Promise<string> {
  const userId = `user_${username}`;
  await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  await setVpsStatus(pool, userId, { status, phase: "done", ...(status === "failed" && { errorCode: "VM_ERROR", reason: "an example", nextStep: "none" }) });
  if (vmId !== null) await saveVpsResult(pool, userId, { hostingerVmId: vmId, address: "192.0.2.7" });
  return userId;
}

async function find(username: string | null, kinds: readonly FindingKind[], actual = "b"): Promise<number[]> {
  const { rows } = await pool.query<{ id: number }>(
    `INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen)
     SELECT kind, $2, $3, $4, 'a', $5, now(), now() FROM unnest($1::text[]) AS kind RETURNING finding_id::int AS id`,
    [kinds, username ?? "17924", username && `user_${username}`, username, actual],
  );
  return rows.map(({ id }) => id);
}
const forget = () => pool.query("UPDATE vps_findings SET resolved_at = now() WHERE resolved_at IS NULL");

/** As soon as the command has asked for it: what a worker would do. */
async function whenAsked(isThere: () => Promise<boolean> | boolean, work: () => Promise<unknown>): Promise<void> {
  for (const endMs = Date.now() + 20_000; !(await isThere()); await sleep(30)) assert.ok(Date.now() < endMs, "nothing was asked for");
  await work();
}

async function runOf(username: string, operation: Operation, outcome: "succeeded" | "failed", status?: VpsStatus, errorCode = "VM_ERROR"): Promise<void> {
  const [runId, userId] = [randomUUID(), `user_${username}`];
  await startRun(pool, { runId, userId, username, operation, workerId: "w", hostId: "h", pid: 1 });
  if (status) await setVpsStatus(pool, userId, { status: "provisioning", phase: "vm" });
  await sleep(300);
  if (status) await setVpsStatus(pool, userId, { status, phase: "done" });
  await finishRun(pool, runId, { outcome, seconds: 2, ...(outcome === "failed" && { errorCode, message: "an example of a failure" }) });
}

describe("user-vps drift --service", () => {
  const resource = { resource: "vm", type: "VirtualMachine", whatUpWouldDo: "change in place", properties: [{ name: "state", declared: "running", actual: "stopped", whatUpWouldDo: "change in place" }] };

  it("tells what a worker has found, and by its exit code whether there was anything", async () => {
    await user("dora");
    answers.drift = { drift: { username: "dora", resources: [resource], changes: 1, refusal: null } };
    assert.deepEqual(await runJson<StackDrift>(["drift", "dora", "--service"], { env, code: 2 }), answers.drift.drift);
    const { stdout, code } = await runCli(["drift", "dora", "--service"], { env });
    assert.equal(code, 2);
    assert.match(stdout, /^vm +state +running +stopped +change in place$/m);
    answers.drift = { drift: { username: "dora", resources: [], changes: 0, refusal: null } };
    assert.equal((await runJson<StackDrift>(["drift", "dora", "--service"], { env })).changes, 0);
  });

  it("ends with 1 whatever goes wrong: no worker, no such user, a wrong token, a service that is away", async () => {
    answers.drift = undefined;
    const cases: [string, Record<string, string>, string][] = [
      ["dora", {}, "NOT_READY"], ["nobody", {}, "USER_NOT_FOUND"], ["Dora", {}, "USERNAME_INVALID"],
      ["dora", { USER_VPS_TOKEN: "fake-token" }, "UNAUTHENTICATED"], ["dora", { USER_VPS_URL: "http://127.0.0.1:1" }, "API_UNREACHABLE"],
    ];
    for (const [name, more, code] of cases) assert.equal((await runJson<ErrorDocument>(["drift", name, "--service"], { env: { ...env, ...more }, code: 1 })).error.code, code);
  });
});

describe("user-vps sweep and findings", () => {
  const isAsked = async () => (await pool.query("SELECT FROM vps_sweeps WHERE started_at IS NULL AND finished_at IS NULL")).rowCount === 1;
  /** As the worker does it. */
  async function sweepWith(args: readonly string[], end: SweepEnd): Promise<CliRun> {
    const swept = runCli(["sweep", ...args], { env });
    await whenAsked(isAsked, async () => {
      const { sweepId } = (await beginSweep(pool))!;
      await finishSweep(pool, sweepId, { users: 4, examined: 3, apiCalls: 3, seconds: 0.5, previews: 1, findings: 0, ...end });
    });
    return swept;
  }

  it("waits for its end and shows what is open, with exit code 2; 0 if nothing is", async () => {
    await find("dora", ["VmStopped"]);
    const { code, stdout, stderr } = await sweepWith([], { outcome: "succeeded" });
    assert.equal(code, 2);
    assert.match(stdout, /^Sweep \d+: 3 of 4 users examined, 3 API calls, 0\.5 s, 1 previews\.$/m);
    assert.match(stdout, /^\d+ +VmStopped +dora +a +b +\S+ \S+ +by up$/m);
    assert.match(stderr, /sweep \d+ goes on/);
    const again = await sweepWith(["--json"], { outcome: "succeeded" });
    const document = JSON.parse(again.stdout) as { sweep: SweepView; findings: FindingView[] };
    assert.deepEqual([again.code, document.sweep.requestedBy, document.findings.map(({ kind }) => kind)], [2, "operator_1", ["VmStopped"]]);
    await forget();
    assert.equal((await sweepWith(["--wait"], { outcome: "succeeded" })).code, 0);
  });

  it("ends with 1 if the sweep failed, if it takes too long, and for wrong use", async () => {
    const failed = await sweepWith([], { outcome: "failed", message: "an example of a failure" });
    assert.deepEqual([failed.code, /failed: an example of a failure/.test(failed.stdout)], [1, true]);
    const { error } = await runJson<ErrorDocument>(["sweep", "--timeout", "1"], { env, code: 1 });
    assert.match(`${error.code}: ${error.message}`, /^API_TIMEOUT: Waited 1 s in vain for sweep \d+ to end/);
    for (const args of [["--timeout", "soon"], ["--bananas"], ["alice"]]) await runJson<ErrorDocument>(["sweep", ...args], { env, code: 1 });
    await runJson<ErrorDocument>(["sweep"], { env: { ...env, USER_VPS_TOKEN: "fake-token" }, code: 1 });
    await runJson<ErrorDocument>(["sweep"], { env: { USER_VPS_URL: address }, code: 1 });
  });

  it("does not wait if told so", async () => {
    const { sweep, findings } = await runJson<{ sweep: SweepView; findings: null }>(["sweep", "--no-wait"], { env });
    assert.deepEqual([sweep.outcome, findings], [null, null]);
  });

  it("findings shows the open ones, or all, of a kind or a user, and why up does not mend one", async () => {
    await find("dora", ["RecordGone", "VmSuspended"]);
    await find(null, ["OrphanVm"]);
    const kinds = async (...args: string[]) => (await runJson<FindingView[]>(["findings", ...args], { env })).map(({ kind }) => kind);
    assert.deepEqual(await kinds(), ["OrphanVm", "VmSuspended", "RecordGone"]);
    assert.deepEqual(await kinds("--user", "dora"), ["VmSuspended", "RecordGone"]);
    assert.deepEqual(await kinds("--kind", "orphanvm"), ["OrphanVm"]);
    assert.ok((await kinds("--all")).includes("VmStopped"));
    const { stdout } = await runCli(["findings", "--all"], { env });
    assert.match(stdout, /^\d+ +VmStopped +dora .*\d\d:\d\d:\d\d +-$/m);
    assert.match(stdout, /^\d+: `up` does not mend VmSuspended: Hostinger alone/m);
    assert.match((await runJson<ErrorDocument>(["findings", "--kind", "Nonsense"], { env, code: 2 })).error.message, /one of VmGone/);
    await forget();
    assert.equal((await runCli(["findings"], { env })).stdout, "no findings\n");
  });

  it("nothing of a finding is a command to the terminal", async () => {
    await find("dora", ["VmRenamed"], "\u001b[2Jevil\nrow");
    const { stdout } = await runCli(["findings"], { env });
    assert.match(stdout, /VmRenamed +dora +a + \[2Jevil row /);
    assert.doesNotMatch(stdout.replaceAll("\n", ""), /\p{Cc}/u);
    await forget();
  });
});

interface Repaired {
  readonly repairs: readonly { readonly findingId: number; readonly kind: string; readonly decision: string; readonly reason: string }[];
  readonly run: { readonly outcome: string } | null;
  readonly vps: AdminVpsView | null;
}

describe("user-vps repair", () => {
  it("decides about each open finding, with one `up` for all that can be mended", async () => {
    const userId = await user("erna");
    await find("erna", ["VmStopped", "Unhealthy", "RecordGone"]);
    const { repairs, run } = await runJson<Repaired>(["repair", "erna", "--why", "ticket 4711"], { env });
    assert.deepEqual(repairs.map(({ kind, decision }) => [kind, decision]), [["VmStopped", "queued"], ["Unhealthy", "refused"], ["RecordGone", "queued"]]);
    assert.match(repairs[1]!.reason, /Look at the stage/);
    assert.match(repairs[2]!.reason, new RegExp(`for finding ${repairs[0]!.findingId} mends it too`));
    assert.deepEqual([jobs.enqueued, run], [[{ operation: "up", userId }], null]);
    const { rows } = await pool.query("SELECT requested_by, why, decision FROM vps_repairs WHERE user_id = $1 ORDER BY repair_id", [userId]);
    assert.deepEqual(rows, [{ requested_by: "operator_1", why: "ticket 4711", decision: "queued" }, { requested_by: "operator_1", why: "ticket 4711", decision: "refused" }]);
    await forget();
  });

  it("with --follow waits until it is ready", async () => {
    await user("erna");
    await find("erna", ["VmStopped"]);
    const repaired = runCli(["repair", "erna", "--why", "x", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("erna", "up", "succeeded", "ready"));
    const { code, stdout } = await repaired;
    assert.equal(code, 0);
    assert.match(stdout, /^\d+ +VmStopped +erna +queued +`up` is queued\.$/m);
    assert.match(stdout, /^erna: up is done after 2 s; it is ready\.$/m);
    await forget();
  });

  it("ends with 1 if nothing can be mended, with the reason, and with 0 if nothing is open", async () => {
    await user("egon");
    await find("egon", ["VmStopped", "VmGone"]);
    const { repairs } = await runJson<Repaired>(["repair", "egon", "--why", "x"], { env, code: 1 });
    assert.deepEqual(repairs.map(({ decision }) => decision), ["refused", "refused"]);
    assert.match(repairs[0]!.reason, /First VmGone has to be settled/);
    assert.deepEqual(jobs.enqueued, []);
    await forget();
    assert.match((await runCli(["repair", "egon", "--why", "x"], { env })).stdout, /no open findings/);
  });

  it("takes one finding alone, also of nobody; and knows whose it is", async () => {
    const [findingId, other] = await find("erna", ["VmStopped", "RecordGone"]);
    const { repairs } = await runJson<Repaired>(["repair", "--finding", String(findingId), "--why", "x"], { env });
    assert.deepEqual(repairs.map((repair) => [repair.findingId, repair.decision]), [[findingId, "queued"]]);
    const [orphan] = await find(null, ["OrphanVm"]);
    assert.match((await runJson<Repaired>(["repair", "--finding", String(orphan), "--why", "x"], { env, code: 1 })).repairs[0]!.reason, /no stack has it/);
    assert.match((await runJson<ErrorDocument>(["repair", "egon", "--finding", String(other), "--why", "x"], { env, code: 2 })).error.message, /not about 'egon'/);
    assert.match((await runJson<ErrorDocument>(["repair", "--finding", "999999", "--why", "x"], { env, code: 2 })).error.message, /no finding 999999/);
    await forget();
  });

  it("wants to know why, and of whom", async () => {
    assert.match((await runJson<ErrorDocument>(["repair", "erna"], { env, code: 2 })).error.next, /--why/);
    assert.match((await runJson<ErrorDocument>(["repair", "--why", "x"], { env, code: 2 })).error.next, /--finding/);
  });
});

interface Ordered {
  readonly vps: AdminVpsView;
  readonly run: { readonly operation: string; readonly outcome: string } | null;
}

describe("user-vps rotate, retry, cancel, power", () => {
  it("rotate asks for new credentials, and with --follow waits for them", async () => {
    const userId = await user("rosa");
    const rotated = runCli(["rotate", "rosa", "--follow", "--json"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rosa", "up", "succeeded", "ready"));
    const { code, stdout } = await rotated;
    const { vps, run } = JSON.parse(stdout) as Ordered;
    assert.deepEqual([code, vps.credentialsRotation, vps.status, run?.outcome], [0, 2, "ready", "succeeded"]);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId }]);
  });

  it("--follow ends with 1 if it fails, and tells why", async () => {
    await user("rolf");
    const rotated = runCli(["rotate", "rolf", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rolf", "up", "failed", "failed"));
    const { code, stdout } = await rotated;
    assert.deepEqual([code, stdout], [1, "rolf: up failed (VM_ERROR): an example of a failure\n"]);
  });

  it("--follow is not content with a run that was there before, and not for ever", async () => {
    await user("ruth");
    await runOf("ruth", "up", "succeeded");
    const { error } = await runJson<ErrorDocument>(["rotate", "ruth", "--follow", "--timeout", "1"], { env, code: 4 });
    assert.match(`${error.message} ${error.next}`, /in vain for the up of ruth to end\. The service goes on/);
  });

  it("--follow goes on when the service does not answer for a moment", async () => {
    await user("rita");
    let dropped = 0;
    /** Breaks off the first two looks after the order. */
    const flaky = createServer((request, response) => {
      if (jobs.enqueued.length > 0 && dropped < 2) {
        dropped += 1;
        return void request.socket.destroy();
      }
      const { method = "", url = "", headers } = request;
      const body = method === "POST" ? "{}" : undefined;
      fetch(`${address}${url}`, { method, headers: { authorization: headers.authorization!, ...(body && { "content-type": "application/json" }) }, ...(body && { body }) })
        .then(async (answer) => response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text()), () => request.socket.destroy());
    }).listen(0, "127.0.0.1");
    await once(flaky, "listening");
    try {
      const rotated = runCli(["rotate", "rita", "--follow"], { env: { ...env, USER_VPS_URL: `http://127.0.0.1:${(flaky.address() as AddressInfo).port}` } });
      await whenAsked(() => jobs.enqueued.length === 1, () => runOf("rita", "up", "succeeded", "ready"));
      const { code, stdout, stderr } = await rotated;
      assert.deepEqual([code, stdout, dropped], [0, "rita: up is done after 2 s; it is ready.\n", 2]);
      assert.match(stderr, /the service does not answer; asking again/);
    } finally {
      flaky.close();
    }
  });

  it("--follow ends at SIGINT with 130", async () => {
    const userId = await user("rolf");
    const child = startCli(["rotate", "rolf", "--follow"], { env });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stdout!.resume();
    child.stderr!.resume();
    await whenAsked(() => jobs.enqueued.some((job) => job.userId === userId), async () => undefined);
    child.kill("SIGINT");
    assert.equal(await ended, 130);
  });

  it("retry tries again what failed, what was given up too", async () => {
    const userId = await user("rudi", "failed");
    assert.equal((await runJson<Ordered>(["retry", "rudi"], { env })).vps.status, "queued");
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId }]);
    assert.match((await runJson<ErrorDocument>(["retry", "rudi"], { env, code: 1 })).error.code, /STATUS_CONFLICT/);
    const leaving = await user("rike", "failed");
    await requestGiveUp(pool, (await findVpsByUserId(pool, leaving))!, { requestedBy: "op", reason: "a test", wipe: false, graceHours: 0 });
    await runOf("rike", "destroy", "failed");
    assert.equal((await runJson<Ordered>(["retry", "rike"], { env })).vps.status, "deprovisioning");
    assert.deepEqual(jobs.enqueued[1], { operation: "destroy", userId: leaving });
  });

  it("cancel ends what is being done, and is refused where nothing is", async () => {
    await user("rene", "provisioning");
    assert.match((await runCli(["cancel", "rene"], { env })).stdout, /^rene: it is being ended; so far it is provisioning\.$/m);
    assert.deepEqual(jobs.cancelled, ["user_rene"]);
    await setVpsStatus(pool, "user_rene", { status: "ready" });
    assert.equal((await runJson<ErrorDocument>(["cancel", "rene"], { env, code: 1 })).error.code, "STATUS_CONFLICT");
  });

  it("power starts, stops and restarts the VM, and nothing else", async () => {
    const userId = await user("paul");
    for (const action of ["start", "stop"]) await runJson<Ordered>(["power", action, "paul"], { env });
    const restarted = runCli(["power", "restart", "paul", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 3, () => runOf("paul", "power", "succeeded"));
    assert.match((await restarted).stdout, /^paul: power is done after 2 s; it is ready\.$/m);
    assert.deepEqual(jobs.enqueued, ["start", "stop", "restart"].map((action) => ({ operation: "power", action, userId })));
    assert.match((await runJson<ErrorDocument>(["power", "explode", "paul"], { env, code: 2 })).error.message, /start, stop, restart/);
  });
});

describe("user-vps deprovision and given-up", () => {
  const deprovision = (...args: string[]) => ["deprovision", "gina", "--reason", "account closed", ...args];

  it("is refused where nobody can be asked, with another name, and without a reason; nothing is changed", async () => {
    await user("gina");
    for (const confirm of [[], ["--confirm", "gustav"], ["--confirm", ""], ["--confirm", "Gina"]]) {
      const { error } = await runJson<ErrorDocument>(deprovision(...confirm), { env, code: 3 });
      assert.match(error.message, /gina\.spoq\.dev, VM 17923, ready.*grace period.*wiped.*stays paid/s);
      assert.match(error.next, /--confirm gina/);
    }
    assert.match((await runJson<ErrorDocument>(["deprovision", "gina", "--confirm", "gina"], { env, code: 2 })).error.next, /--reason/);
    assert.deepEqual([jobs.enqueued, (await findVpsByUserId(pool, "user_gina"))?.status, (await listGiveUps(pool, { limit: 10 })).filter(({ username }) => username === "gina")], [[], "ready", []]);
  });

  it("tells until when it can be cancelled; cancel then keeps everything", async () => {
    const { code, stdout } = await runCli(deprovision("--confirm", "gina"), { env });
    assert.equal(code, 0);
    assert.match(stdout, /^gina: it is given up at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; until then `user-vps cancel gina` keeps everything\.$/m);
    const [giveUp] = await listGiveUps(pool, { limit: 1 });
    assert.deepEqual([giveUp?.requestedBy, giveUp?.reason, giveUp?.wipe], ["operator_1", "account closed", true]);
    assert.equal((await runCli(["cancel", "gina"], { env })).stdout, "gina: ready.\n");
  });

  it("--keep-data wipes nothing; given-up lists both with what is known", async () => {
    const { vps, giveUp } = await runJson<{ vps: AdminVpsView; giveUp: { wipe: boolean; username: string } }>(deprovision("--keep-data", "--confirm", "gina"), { env });
    assert.deepEqual([vps.status, giveUp.wipe, giveUp.username], ["deprovisioning", false, "gina"]);
    await pool.query("UPDATE vps_give_ups SET paid_until = '2026-05-06T00:00:00Z', vm_id = 17923 WHERE cancelled_at IS NULL");
    const { stdout } = await runCli(["given-up"], { env });
    assert.match(stdout, /^gina +17923 +due .* +2026-05-06 00:00:00 +- +operator_1 +account closed$/m);
    assert.match(stdout, /^gina +- +cancelled /m);
    assert.equal((await runJson<{ username: string }[]>(["given-up", "--all"], { env })).filter(({ username }) => username === "gina").length, 2);
  });
});

describe("user-vps snapshot and actions", () => {
  it("snapshot wants the user name again, whether or not there is an earlier one", async () => {
    const userId = await user("sara");
    for (const confirm of [[], ["--confirm", "sam"], ["--confirm", ""]]) assert.match((await runJson<ErrorDocument>(["snapshot", "sara", ...confirm], { env, code: 3 })).error.next, /--confirm sara/);
    assert.deepEqual(jobs.enqueued, []);
    assert.equal((await runJson<Ordered>(["snapshot", "sara", "--confirm", "sara"], { env })).vps.username, "sara");
    assert.deepEqual(jobs.enqueued.map(({ operation, userId: of }) => [operation, of]), [["snapshot", userId]]);
  });

  it("snapshot --follow ends with 1 if Hostinger could not make it", async () => {
    await user("sara");
    const made = runCli(["snapshot", "sara", "--confirm", "sara", "--follow"], { env });
    await whenAsked(() => jobs.enqueued.length === 1, () => runOf("sara", "snapshot", "failed", undefined, "VM_ACTION_FAILED"));
    const { code, stdout } = await made;
    assert.deepEqual([code, stdout], [1, "sara: snapshot failed (VM_ACTION_FAILED): an example of a failure It is tried again by itself.\n"]);
  });

  it("actions lists what a worker was told", async () => {
    await user("sara");
    answers.actions = { vmId: 5, actions: [{ id: 8, name: "restart", state: "success", createdAt: "2026-01-02T03:04:05Z", updatedAt: null }] };
    assert.match((await runCli(["actions", "sara"], { env })).stdout, /^8 +restart +completed +success +2026-01-02 03:04:05 +-$/m);
    assert.equal((await runJson<{ vmId: number }>(["actions", "sara"], { env })).vmId, 5);
    answers.actions = { error: "an example of a failure" };
    assert.match((await runJson<ErrorDocument>(["actions", "sara"], { env, code: 4 })).error.message, /an example of a failure/);
  });
});

describe("every operators' command", () => {
  const COMMANDS: readonly (readonly string[])[] = [
    ["findings"], ["given-up"], ["repair", "USER", "--why", "x"], ["rotate", "USER"], ["retry", "USER"], ["cancel", "USER"], ["power", "stop", "USER"],
    ["actions", "USER"], ["snapshot", "USER", "--confirm", "USER"], ["deprovision", "USER", "--reason", "x", "--confirm", "USER"],
  ];
  const of = (command: readonly string[], name: string) => command.map((word) => (word === "USER" ? name : word));
  const failed = async (args: readonly string[], more: Record<string, string | undefined>, code: number) => (await runJson<ErrorDocument>(args, { env: { ...env, ...more }, code })).error;

  for (const command of COMMANDS) {
    it(`${command[0]}: tells a service that is away, a token that does not do, and none apart`, async () => {
      const args = of(command, "zoe");
      const [away, wrong, users, none] = await Promise.all([
        failed(args, { USER_VPS_URL: "http://127.0.0.1:1" }, 4), failed(args, { USER_VPS_TOKEN: "fake-token-that-nobody-accepts" }, 2),
        failed(args, { USER_VPS_TOKEN: await signToken({ sub: "user_zoe", username: "zoe" }) }, 2), failed(args, { USER_VPS_TOKEN: undefined }, 2),
      ]);
      assert.deepEqual([away.code, wrong.code, users.code, none.code], ["API_UNREACHABLE", "UNAUTHENTICATED", "SCOPE_MISSING", "CONFIG_INVALID"]);
      assert.doesNotMatch(JSON.stringify([away, wrong, users, none]), /fake-token/);
    });
  }

  it("with a name that is none asks the service for nothing", async () => {
    const asked = { USER_VPS_URL: "http://127.0.0.1:1" };
    const names = ["../sweeps", "a/b", "al ice", "alice?x=1", "alice%2f..", "Alice", "älice", "\u001b[2J", "x".repeat(64), ""];
    const commands = COMMANDS.filter((command) => command.includes("USER"));
    // Each command with some of them, each of them with some command.
    await Promise.all(names.map(async (name, place) => {
      const error = await failed(of(commands[place % commands.length]!, name), asked, 2);
      assert.match(error.code, /^(USERNAME|INPUT)_INVALID$/, name);
      assert.doesNotMatch(error.message, /\p{Cc}/u);
    }));
  });

  it("says of a user whom the service does not know that there is none", async () => {
    for (const command of COMMANDS.filter(([name]) => !["findings", "given-up", "repair"].includes(name!))) {
      assert.equal((await failed(of(command, "nobody"), {}, 1)).code, "USER_NOT_FOUND", command[0]);
    }
    assert.match((await runCli(["repair", "nobody", "--why", "x"], { env })).stdout, /no open findings/);
  });

  it("changed nothing by all that", () => assert.deepEqual(jobs.enqueued, []));
});
