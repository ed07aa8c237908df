/** A roll-out as an operator asks for it: by HTTP and by the command line, done by worker processes, over SSH. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { RollOutMemberView, RollOutView, RollOutWithMembersView } from "../../src/http/roll-out-view.ts";
import { findRun, readRunLog } from "../../src/records/index.ts";
import { runCli } from "../integration/cli-support.ts";
import { control } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld, WorkerProcess } from "../support/service-world.ts";
import { asOperator, signToken, TEST_JWT_SECRET } from "../support/tokens.ts";

/** What another worker may take to go on after one has died. */
const TAKEOVER_LIMIT_MS = 120_000;
const USERS = ["anna", "bert", "carl"];
const FAILING = "carl";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const urlOf = (version: string) => `https://downloads.example.com/conductor-${version}`;

const database = await withDatabase();
let world: ServiceWorld;
let workers: WorkerProcess[];
let url: string;
/** What everybody has got in the first roll-out. */
let released: string;
let tries = 0;
beforeAll(async () => {
  world = await startServiceWorld(database.url);
  const [http, ...started] = await Promise.all([world.startHttp({ JWT_SECRET: TEST_JWT_SECRET, RATE_LIMIT_PER_MINUTE: "10000" }), world.startWorker(), world.startWorker()]);
  url = http.url;
  workers = started;
  for (const user of USERS) await world.signUp(`user-${user}`, user);
  for (const user of USERS) await world.until(`user-${user}`, "ready", ({ status }) => status === "ready");
});
afterAll(() => world.close());

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${url}/api/admin/${path}`, { method, headers: { ...(await asOperator()), "content-type": "application/json" }, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

async function until(rollOutId: string, what: string, isReached: (rollOut: RollOutWithMembersView) => boolean, timeoutMs = 450_000): Promise<RollOutWithMembersView> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const rollOut = await call<RollOutWithMembersView>("GET", `roll-outs/${rollOutId}`);
    if (isReached(rollOut)) return rollOut;
    if (Date.now() > endMs) {
      const logs = await Promise.all(rollOut.members.filter(({ status }) => status === "running").map(({ runId }) => readRunLog(world.pool, runId!, { limit: 200 })));
      assert.fail(`waited in vain for ${what}: ${JSON.stringify({ rollOut, logs: logs.map((lines) => lines.map(({ line }) => line)), workers: workers.map((worker) => worker.output()) }, undefined, 1)}`);
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

async function publish(version: string, more: object = {}): Promise<void> {
  await control(world.sandbox, "artefacts", { url: urlOf(version), sha256: sha256(version), version, ...more });
  await call("POST", "releases", { version, conductor: { url: urlOf(version), sha256: sha256(version) } });
}

const byUser = <T>(of: (vm: ReturnType<ServiceWorld["sandbox"]["state"]>["vms"][number]) => T) => Object.fromEntries(world.sandbox.state().vms.map((vm) => [vm.hostname.split(".")[0]!, of(vm)]));
const versions = () => byUser((vm) => vm.programs.conductor?.version);
const isHealthy = () => assert.deepEqual(byUser((vm) => vm.health?.healthStatus), Object.fromEntries(USERS.map((user) => [user, 200])));
const memberOf = ({ members }: RollOutWithMembersView, user: string): RollOutMemberView => members.find(({ username }) => username === user)!;

describe("a roll-out that is asked for by HTTP", () => {
  it("is gone on with by another worker within 15 s after the one that was at it is killed with -9", async () => {
    // A second try has a release of its own, and two workers again.
    released = `2.0.${tries++}`;
    workers = workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    while (workers.length < 2) workers.push(await world.startWorker());
    await publish(released);
    const { rollOutId } = await call<RollOutView>("POST", "roll-outs", { version: released, confirm: released, reason: "a test", waves: ["1", "rest"], concurrency: 2, snapshot: true });
    const before = await until(rollOutId, "the second wave", ({ members }) => members.some(({ wave, status, snapshotAt }) => wave === 2 && status === "running" && snapshotAt !== null));
    const cutOff = before.members.find(({ wave, status, snapshotAt }) => wave === 2 && status === "running" && snapshotAt !== null)!;
    const { pid } = (await findRun(world.pool, cutOff.runId!))!;
    const dying = workers.find(({ child }) => child.pid === pid)!;
    const surviving = workers.find((worker) => worker !== dying)!;
    await dying.kill();
    const killedAtMs = Date.now();

    const ended = await until(rollOutId, "the roll-out's end", ({ outcome }) => outcome !== null);
    assert.equal(ended.outcome, "succeeded");
    assert.equal(ended.counts.succeeded, USERS.length);
    const again = (await findRun(world.pool, memberOf(ended, cutOff.username).runId!))!;
    assert.deepEqual([again.pid, (await findRun(world.pool, cutOff.runId!))?.outcome], [surviving.child.pid, "lost"]);
    const takeoverMs = again.startedAt.getTime() - killedAtMs;
    assert.ok(takeoverMs < TAKEOVER_LIMIT_MS, `taken over after ${takeoverMs} ms`);
    console.log(`another worker went on after ${takeoverMs} ms; all ${USERS.length} VPSs had it after ${Date.now() - killedAtMs} ms`);

    assert.equal(memberOf(ended, "anna").runId, memberOf(before, "anna").runId, "the first wave is not done again");
    assert.deepEqual(versions(), Object.fromEntries(USERS.map((user) => [user, released])));
    isHealthy();
    assert.equal(byUser((vm) => vm.actions.filter(({ name }) => name === "create_snapshot").length)[cutOff.username], 1, "the snapshot is that from before the release");
    workers = [surviving];
  });

  it("and followed on the command line is stopped by a VPS that is not healthy with it, which goes back to what it had", async () => {
    await publish("2.1.0");
    await publish("2.1.0", { hostname: `${FAILING}.${world.sandbox.domain}`, healthy: false });
    const env = { USER_VPS_URL: url, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope: "vps:admin" }) };
    const { code, stdout } = await runCli(["release", "roll-out", "2.1.0", "--reason", "a test", "--users", "anna,carl,bert", "--waves", "1,1,rest", "--confirm", "2.1.0", "--follow", "--json"], { env });
    assert.equal(code, 1, stdout);
    const { rollOut } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { rollOut: RollOutView };
    assert.equal(rollOut.outcome, "stopped");
    const ended = await call<RollOutWithMembersView>("GET", `roll-outs/${rollOut.rollOutId}`);
    assert.deepEqual(ended.members.map(({ username, status, errorCode }) => [username, status, errorCode]), [
      ["anna", "succeeded", null], [FAILING, "failed", "RELEASE_FAILED"], ["bert", "skipped", null],
    ]);
    assert.match(memberOf(ended, FAILING).message ?? "", /Conductor was not healthy and was rolled back; the previous program runs and is healthy/);
    assert.deepEqual(versions(), { anna: "2.1.0", bert: released, carl: released });
    isHealthy();
  });

  it("leaves a stack that has not drifted where it was released", async () => {
    const drift = await call<{ changes: number }>("GET", "vps/anna/drift");
    assert.equal(drift.changes, 0, JSON.stringify(drift));
  });

  it("leaves a stack that has not drifted where it was rolled back", async () => {
    const drift = await call<{ changes: number }>("GET", `vps/${FAILING}/drift`);
    assert.equal(drift.changes, 0, JSON.stringify(drift));
  });
});
