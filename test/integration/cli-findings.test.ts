/** Commands about drift and findings, as processes, against the service's HTTP side with a real database and jobs that are only noted. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { StackDrift } from "../../src/drift/stack-drift.ts";
import { beginSweep, finishSweep } from "../../src/drift/sweeps.ts";
import type { SweepEnd } from "../../src/drift/sweeps.ts";
import type { FindingView, SweepView } from "../../src/http/routes/drift.ts";
import type { AdminVpsView } from "../../src/http/vps-view.ts";
import { runCli, runJson } from "./cli-support.ts";
import type { CliRun, ErrorDocument } from "./cli-support.ts";
import { operatorsWorld, whenAsked } from "./operators-support.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";

const { address, answers, env, find, forget, jobs, pool, runOf, user } = await operatorsWorld();
eachBeginsEmpty({ pool, jobs });

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
    await user("dora");
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
    await find("dora", ["VmStopped"]);
    await forget();
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
    const { repairs, run } = await runJson<Repaired>(["repair", "erna", "--reason", "ticket 4711"], { env });
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
    for (const username of ["erna", "egon"]) await user(username);
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
    assert.match((await runJson<ErrorDocument>(["repair", "erna"], { env, code: 2 })).error.next, /--reason/);
    assert.match((await runJson<ErrorDocument>(["repair", "--why", "x"], { env, code: 2 })).error.next, /--finding/);
  });
});
