/** The engine alone dies, PostgreSQL goes away, the API refuses for a while: nobody has to do anything. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startEmbedded } from "../../src/db/embedded.ts";
import { findTagged } from "../../src/provisioning/process-tags.ts";
import { atEnd } from "../support/at-end.ts";
import { openCutOff } from "../support/cut-off.ts";
import { newName } from "../support/new-name.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld, WorkerProcess } from "../support/service-world.ts";

const OUTAGE_MS = 10_000;
/** A result would be written for ten minutes. */
const SOON_MS = 450_000;
const SERVER_SETTINGS = { fsync: "off", full_page_writes: "off" };

describe("a service whose surroundings fail", () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof startEmbedded>>;
  let world: ServiceWorld;
  let worker: WorkerProcess;

  beforeAll(async () => {
    folder = await mkdtemp("/var/tmp/user-vps-outage-");
    server = await startEmbedded({ folder, serverSettings: SERVER_SETTINGS });
    world = await startServiceWorld(server.url);
    worker = await world.startWorker({ WORKER_CONCURRENCY: "2" });
  });
  afterAll(async () => {
    await world?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const id = (username: string) => `u-${username}`;

  function boughtOnce(username: string): void {
    const hostname = `${username}.${world.sandbox.domain}`;
    const { purchases, records } = world.sandbox.state();
    assert.equal(purchases.filter((one) => one.hostname === hostname).length, 1, "purchases");
    assert.equal(records.filter(({ name }) => name === hostname).length, 1, "DNS records");
  }

  it("goes on after kill -9 of the engine during the purchase, with one purchase, and no other run notices", async () => {
    const [fred, frank] = [newName("fred"), newName("frank")];
    const answer = await fetch(`${world.sandbox.controlUrl}/boot`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ hostname: `${fred}.${world.sandbox.domain}`, bootMs: 8_000 }) });
    assert.ok(answer.ok);
    await world.signUp(id(fred), fred);
    await world.until(id(fred), "waiting for the VM", ({ waitingFor }) => /VM \d+ to run/.test(waitingFor ?? ""));
    world.sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", fault: { kind: "delay", delayMs: 4_000 } });
    await world.signUp(id(frank), frank);
    await world.until(id(frank), "the purchase", ({ waitingFor }) => /: buying /.test(waitingFor ?? ""));
    const [run] = await world.runs(id(frank));
    const pid = await engineOf(run!.runId);
    process.kill(pid, "SIGKILL");
    await world.until(id(frank), "ready", ({ status }) => status === "ready");
    const runs = await world.runs(id(frank));
    assert.deepEqual(await world.outcomes(id(frank)), ["succeeded", "failed"]);
    assert.equal(runs.at(-1)?.errorCode, "ENGINE_FAILED");
    boughtOnce(frank);
    await world.until(id(fred), "ready", ({ status }) => status === "ready");
    assert.deepEqual(await world.outcomes(id(fred)), ["succeeded"]);
  });

  it("goes on by itself after PostgreSQL was stopped for 10 s, during a run and while a VM boots", async () => {
    const [gina, gerd] = [newName("gina"), newName("gerd")];
    const hostname = `${gina}.${world.sandbox.domain}`;
    const answer = await fetch(`${world.sandbox.controlUrl}/boot`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ hostname, bootMs: 5_000 }) });
    assert.ok(answer.ok);
    await world.signUp(id(gina), gina);
    await world.until(id(gina), "waiting for the VM", ({ waitingFor }) => /VM \d+ to run/.test(waitingFor ?? ""));
    world.holdNextRun(5_000);
    await world.signUp(id(gerd), gerd);
    await world.until(id(gerd), "the script", ({ phase }) => phase === "script");
    await server.stop();
    await new Promise((resume) => setTimeout(resume, OUTAGE_MS));
    server = await startEmbedded({ folder, serverSettings: SERVER_SETTINGS });
    await world.until(id(gina), "ready", ({ status }) => status === "ready");
    await world.until(id(gerd), "ready", ({ status }) => status === "ready");
    boughtOnce(gina);
    boughtOnce(gerd);
    assert.equal(worker.child.exitCode, null, "the worker has lived through it");
  });

  it("waits while Hostinger's API answers 429 for 30 s, without a failed run", async () => {
    const hugo = newName("hugo");
    world.sandbox.addFault({ api: "hostinger", path: "/api/", times: 0, forMs: 30_000, fault: { kind: "status", status: 429, retryAfterSeconds: 3 } });
    const startedMs = Date.now();
    await world.signUp(id(hugo), hugo);
    await world.until(id(hugo), "ready", ({ status }) => status === "ready");
    assert.ok(Date.now() - startedMs > 29_000, "the fault was in the way");
    assert.deepEqual(await world.outcomes(id(hugo)), ["succeeded"]);
    boughtOnce(hugo);
  });

  it("ends by a second SIGTERM while PostgreSQL is away, and another worker does what it was at", async () => {
    const iris = newName("iris");
    await worker.stop();
    const database = await openCutOff(server.url);
    const leaving = await world.startWorker({ DATABASE_URL: database.url });
    atEnd(() => leaving.kill());
    world.holdNextRun(5_000);
    await world.signUp(id(iris), iris);
    await world.until(id(iris), "the script", ({ phase }) => phase === "script");
    await database.cut();
    await printed(leaving, /cannot be written yet/);
    leaving.child.kill("SIGTERM");
    await printed(leaving, /finishing what runs/);
    const askedMs = Date.now();
    await leaving.stop();
    assert.ok(Date.now() - askedMs < SOON_MS, `it took ${Date.now() - askedMs} ms`);
    const next = await world.startWorker();
    atEnd(() => next.kill());
    await world.until(id(iris), "ready", ({ status }) => status === "ready");
    assert.deepEqual(await world.outcomes(id(iris)), ["succeeded", "lost"]);
    boughtOnce(iris);
  });
});

async function printed({ output }: WorkerProcess, text: RegExp): Promise<void> {
  for (const endMs = Date.now() + SOON_MS; !text.test(output()); await new Promise((resume) => setTimeout(resume, 50))) assert.ok(Date.now() < endMs, `${String(text)} is not printed: ${output()}`);
}

/** The command line's process among those of the run. */
async function engineOf(runId: string): Promise<number> {
  for (const pid of await findTagged("run", runId)) {
    const [command = "", operation] = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    if (command.endsWith("/pulumi") && operation === "up") return pid;
  }
  throw new Error(`run ${runId} has no engine`);
}
