/** The service takes turns with others: a person's CLI, a worker that is shut down, an operator. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { findVpsByUserId, requestGiveUp, setVpsStatus } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");
const database = await withDatabase();

describe("a worker that is not alone", () => {
  let world: ServiceWorld;
  /** Those with a VPS, by the last try. */
  let [jana, karl, lena] = ["", "", ""];
  const id = (username: string) => `u-${username}`;

  beforeAll(async () => {
    world = await startServiceWorld(database.url);
  });
  afterAll(() => world.close());

  /** Until the test ends, however it does: the next one, or another try, has its own. */
  const startWorker = async (env: Readonly<Record<string, string>> = {}) => {
    const worker = await world.startWorker(env);
    atEnd(() => worker.kill());
    return worker;
  };
  const slowBoot = async (username: string, bootMs: number) => {
    const body = JSON.stringify({ hostname: `${username}.${world.sandbox.domain}`, bootMs });
    const answer = await fetch(`${world.sandbox.controlUrl}/boot`, { method: "POST", headers: { "content-type": "application/json" }, body });
    assert.ok(answer.ok);
  };

  it("respects a lock that a person's CLI holds, says whose it is, and goes on when it is released", async () => {
    jana = newName("jana");
    const worker = await startWorker();
    await world.signUp(id(jana), jana);
    await world.until(id(jana), "ready", ({ status }) => status === "ready");
    const { rows } = await world.pool.query<{ root: string }>("SELECT split_part(key, '/stacks/', 1) AS root FROM pulumi_state WHERE key LIKE '%/stacks/user-vps/' || $1 || '.json'", [jana]);
    const lock = `${rows[0]!.root}/locks/organization/user-vps/${jana}/00000000-0000-4000-8000-000000000000.json`;
    const holder = { pid: process.pid, username: "petra", hostname: "petras-laptop", timestamp: new Date().toISOString() };
    await world.pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, $2)", [lock, { data: Buffer.from(JSON.stringify(holder)).toString("base64") }]);

    await world.jobs.enqueue(world.pool, { operation: "up", userId: id(jana) });
    const waiting = await world.until(id(jana), "waiting for the lock", ({ errorCode }) => errorCode === "STACK_LOCKED");
    assert.match(waiting.reason ?? "", /petra@petras-laptop/);
    assert.match(waiting.waitingFor ?? "", /the next try/);
    const { rowCount } = await world.pool.query("DELETE FROM pulumi_state WHERE key = $1", [lock]);
    assert.equal(rowCount, 1, "the lock was still there");
    await world.until(id(jana), "ready", ({ status }) => status === "ready");
    assert.equal(await worker.stop(), 0);
  });

  it("leaves a stack on which the plain CLI, with the configuration of the last deployment, finds nothing to change", async () => {
    const folder = await mkdtemp(join(tmpdir(), "user-vps-cli-test-"));
    const env = engineEnvironment(await ensureEngine(), { ...world.env, PULUMI_BACKEND_URL: `${database.url}${database.url.includes("?") ? "&" : "?"}sslmode=disable` });
    const cli = async (...args: string[]) => await promisify(execFile)("pulumi", [...args, "--stack", jana, "--config-file", join(folder, `${jana}.yaml`)], { env, cwd: CHECKOUT });
    try {
      await cli("config", "refresh", "--force");
      const { stdout } = await cli("preview", "--refresh", "--expect-no-changes", "--non-interactive");
      assert.match(stdout, /\d unchanged/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("lets a running run finish after SIGTERM", async () => {
    karl = newName("karl");
    const worker = await startWorker();
    world.holdNextRun(3_000);
    await world.signUp(id(karl), karl);
    await world.until(id(karl), "the script", ({ phase }) => phase === "script");
    assert.equal(await worker.stop(), 0);
    const [run] = await world.runs(id(karl));
    assert.equal(run?.outcome, "waiting");
    assert.equal(world.sandbox.state().purchases.filter(({ hostname }) => hostname.startsWith(`${karl}.`)).length, 1, "it came as far as a run comes");
  });

  it("hands a run over that does not finish within the grace, and the other worker goes on at once", async () => {
    lena = newName("lena");
    const first = await startWorker({ SHUTDOWN_GRACE_SECONDS: "0" });
    world.holdNextRun(30_000);
    await world.signUp(id(lena), lena);
    await world.until(id(lena), "the script", ({ phase }) => phase === "script");
    const second = await startWorker();
    assert.equal(await first.stop(), 0);
    await world.until(id(lena), "ready", ({ status }) => status === "ready");
    // The newest first; before them, on a machine that takes its time, may be one that was tried again.
    assert.deepEqual((await world.outcomes(id(lena))).slice(0, 2), ["succeeded", "lost"]);
    assert.equal(world.sandbox.state().purchases.filter(({ hostname }) => hostname.startsWith(`${lena}.`)).length, 1);
    assert.equal(await second.stop(), 0);
  });

  it("waits after a refused payment with the reason, buys nothing, and goes on by itself when payments succeed again", async () => {
    const nora = newName("nora");
    const worker = await startWorker({ PAYMENT_PROBE_SECONDS: "1" });
    const decline = async (paymentsDeclined: boolean) => assert.ok((await fetch(`${world.sandbox.controlUrl}/settings`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ paymentsDeclined }) })).ok);
    await decline(true);
    await world.signUp(id(nora), nora);
    const refused = await world.until(id(nora), "refused", ({ errorCode }) => errorCode === "PAYMENT_REFUSED");
    assert.equal(refused.status, "queued");
    assert.match(refused.waitingFor ?? "", /payment was refused/);
    assert.equal(world.sandbox.state().purchases.filter(({ hostname }) => hostname.startsWith(`${nora}.`)).length, 0);
    await decline(false);
    await world.until(id(nora), "ready", ({ status }) => status === "ready");
    assert.equal(world.sandbox.state().purchases.filter(({ hostname }) => hostname.startsWith(`${nora}.`)).length, 1);
    assert.equal(await worker.stop(), 0);
  });

  it("ends a run or a wait that an operator cancels, and gives everything up when asked to", async () => {
    const [mira, maja] = [newName("mira"), newName("maja")];
    const worker = await startWorker();
    await slowBoot(mira, 60_000);
    await world.signUp(id(mira), mira);
    await world.until(id(mira), "waiting for the VM", ({ waitingFor }) => /VM \d+ to run/.test(waitingFor ?? ""));
    await world.jobs.cancel(id(mira));
    const cancelled = await world.until(id(mira), "failed", ({ status }) => status === "failed");
    assert.equal(cancelled.errorCode, "CANCELLED");
    assert.equal((await world.runs(id(mira)))[0]?.outcome, "waiting", "no run was held meanwhile");

    world.holdNextRun(60_000);
    await world.signUp(id(maja), maja);
    await world.until(id(maja), "the script", ({ phase }) => phase === "script");
    await world.jobs.cancel(id(maja));
    await world.until(id(maja), "failed", ({ status }) => status === "failed");
    assert.equal((await world.runs(id(maja)))[0]?.outcome, "cancelled");

    await world.jobs.enqueue(world.pool, { operation: "power", userId: id(jana), action: "stop" });
    await eventually(() => world.sandbox.state().vms.find(({ hostname }) => hostname.startsWith(`${jana}.`)), (vm) => vm?.state === "stopped", "the VM to stop");

    await world.jobs.enqueue(world.pool, { operation: "refresh", userId: id(lena) });
    await eventually(async () => (await world.runs(id(lena)))[0], (run) => run?.operation === "refresh" && run.outcome === "succeeded", "the refresh");

    const finished = await findVpsByUserId(world.pool, id(karl));
    await requestGiveUp(world.pool, finished!, { requestedBy: "op", reason: "a test", wipe: false, graceHours: 0 });
    await setVpsStatus(world.pool, id(karl), { status: "deprovisioning" });
    await world.jobs.enqueue(world.pool, { operation: "destroy", userId: id(karl) });
    await world.until(id(karl), "deprovisioned", ({ status }) => status === "deprovisioned");
    assert.equal(world.sandbox.state().records.some(({ name }) => name.startsWith(`${karl}.`)), false);
    const vm = world.sandbox.state().vms.find(({ id }) => id === finished!.hostingerVmId);
    assert.deepEqual([vm?.state, vm?.autoRenewed, vm?.hostname.startsWith(`${karl}.`)], ["stopped", false, false], "it has lost the user's name as well");
    assert.equal(await worker.stop(), 0);
  });
});

async function eventually<T>(look: () => T | Promise<T>, isReached: (found: T) => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 450_000;
  for (;;) {
    const found = await look();
    if (isReached(found)) return;
    assert.ok(Date.now() < endMs, `waited in vain for ${what}; last: ${JSON.stringify(found)}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
