/** A VPS is given up and its VM serves the next user: whatever dies, it ends the same way. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { FaultRule } from "../../src/sandbox/http/faults.ts";
import { findTagged } from "../../src/provisioning/process-tags.ts";
import { findVpsByUserId, readRunLog, setVpsStatus } from "../../src/records/index.ts";
import { control, hitsOf } from "../integration/sandbox-support.ts";
import { atEnd } from "../support/at-end.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld, WorkerProcess } from "../support/service-world.ts";

const REUSE = { REUSE_WIPED_VMS: "true" };
const HOSTINGER = "/api/vps/v1";
const database = await withDatabase();

let world: ServiceWorld;
beforeAll(async () => {
  world = await startServiceWorld(database.url);
});
afterAll(() => world.close());

const id = (username: string) => `u-${username}`;
const ready = (username: string) => world.until(id(username), "ready", ({ status }) => status === "ready");
const gone = (username: string) => world.until(id(username), "deprovisioned", ({ status }) => status === "deprovisioned");
const vmOf = (vmId: number | null) => world.sandbox.state().vms.find((vm) => vm.id === vmId)!;
const purchases = () => world.sandbox.state().purchases.length;

async function readyUser(username: string): Promise<number> {
  await world.signUp(id(username), username);
  return (await ready(username)).hostingerVmId!;
}

/** All that is left of a user's VPS, without what differs from user to user. */
async function leftOf(username: string, vmId: number) {
  const { state, autoRenewed, hostname, script, actions, locked } = vmOf(vmId);
  const { records, scripts } = world.sandbox.state();
  const { startedAt, stackRemovedAt, wipedAt, stoppedAt, endedAt, paidUntil, vmId: recordedVmId } = await lastGiveUp(world.pool, id(username));
  const count = async (sql: string, value: string) => (await world.pool.query(sql, [value])).rowCount;
  return {
    vm: { state, autoRenewed, locked, script, hostname: hostname === `srv${vmId}.hstgr.cloud` ? "Hostinger's own" : hostname, wiped: actions.some(({ name, state: end }) => name === "recreate" && end === "success") },
    records: records.filter(({ name }) => name.startsWith(`${username}.`)).length,
    scripts: scripts.filter(({ name }) => name.includes(` ${username}.`)).length,
    states: await count("SELECT FROM pulumi_state WHERE key ~ ('/user-vps/' || $1 || '[./]')", username),
    credentials: await count("SELECT FROM vps_credentials WHERE user_id = $1", id(username)),
    steps: [startedAt, stackRemovedAt, wipedAt, stoppedAt, endedAt, paidUntil].every((at) => at !== null),
    sameVm: recordedVmId === vmId,
    status: (await findVpsByUserId(world.pool, id(username)))?.status,
  };
}

const NOTHING_LEFT = {
  vm: { state: "stopped", autoRenewed: false, locked: false, script: null, hostname: "Hostinger's own", wiped: true },
  records: 0, scripts: 0, states: 0, credentials: 0, steps: true, sameVm: true, status: "deprovisioned",
};

/** Makes a request hang, or its answer come late, and tells when one is hit. */
function hold(rule: Omit<FaultRule, "fault">, when: "before" | "after") {
  const fault = when === "before" ? { kind: "hang" } as const : { kind: "delay", delayMs: 60_000, when } as const;
  const ruleId = world.sandbox.addFault({ ...rule, times: 1, fault });
  return async () => (await hitsOf(world.sandbox, ruleId)) === 1;
}

async function untilAll(held: readonly [string, () => boolean | Promise<boolean>][]): Promise<void> {
  const endMs = Date.now() + 450_000;
  for (const [what, isReached] of held) {
    while (!(await isReached())) {
      assert.ok(Date.now() < endMs, `waited in vain for the step '${what}'`);
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}

describe("giving a VPS up", () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    worker = await world.startWorker(REUSE);
  });
  afterAll(() => worker.stop());

  it("removes the record first, then wipes, stops and stops paying; the next signup takes the VM, with nothing bought", async () => {
    const [amy, bea] = [newName("amy"), newName("bea")];
    const vmId = await readyUser(amy);
    const formerPassword = vmOf(vmId).rootPasswordSha256;
    await requestDeprovision(world, id(amy));
    await gone(amy);
    assert.deepEqual(await leftOf(amy, vmId), NOTHING_LEFT);
    const { subscriptionId, paidUntil, requestedBy, reason } = await lastGiveUp(world.pool, id(amy));
    assert.deepEqual([subscriptionId, requestedBy, reason], [vmOf(vmId).subscriptionId, "operator_1", "a test"]);
    assert.ok(paidUntil! > new Date());

    const [run] = await world.runs(id(amy));
    const log = (await readRunLog(world.pool, run!.runId, { limit: 500 })).map(({ line }) => line);
    const steps = [/DnsRecord.*delet/, /: stopping VM/, /PostInstallScript.*delet/, /: wiping VM/, /: giving back the host name/];
    const places = steps.map((step) => log.findIndex((line) => step.test(line)));
    assert.ok(places.every((place, index) => place > (places[index - 1] ?? -1)), `${places.join(" ")} in ${log.join("\n")}`);

    const before = purchases();
    assert.equal(await readyUser(bea), vmId);
    assert.equal(purchases(), before);
    const { state, hostname, autoRenewed, rootPasswordSha256, health } = vmOf(vmId);
    assert.deepEqual([state, hostname, autoRenewed, health?.healthStatus], ["running", `${bea}.${world.sandbox.domain}`, true, 200]);
    assert.notEqual(rootPasswordSha256, formerPassword);
    assert.equal((await lastGiveUp(world.pool, id(amy))).reusedBy, id(bea));
  });

  it("never hands on a VM whose wipe failed, nor one that Hostinger tells otherwise of", async () => {
    const [cleo, dora, ella] = [newName("cleo"), newName("dora"), newName("ella")];
    const failing = await readyUser(cleo);
    await control(world.sandbox, "POST", "actions", { hostname: `${cleo}.${world.sandbox.domain}`, name: "recreate", outcome: "error", times: 0 });
    await requestDeprovision(world, id(cleo));
    await world.until(id(cleo), "a failed wipe", ({ errorCode }) => errorCode === "VM_ACTION_FAILED");
    assert.deepEqual([vmOf(failing).state, vmOf(failing).autoRenewed], ["stopped", false], "it costs nothing more, and serves nobody");
    await world.jobs.cancel(id(cleo));
    await world.until(id(cleo), "failed", ({ status }) => status === "failed");
    const beforeRepair = purchases();
    await setVpsStatus(world.pool, id(cleo), { status: "queued" });
    await world.jobs.enqueue(world.pool, { operation: "up", userId: id(cleo) });
    await world.until(id(cleo), "a refused repair", ({ errorCode }) => errorCode === "CHANGE_REFUSED");
    assert.equal(purchases(), beforeRepair, "what is given up half-way is not bought again");
    await requestDeprovision(world, id(cleo), { wipe: false });
    await gone(cleo);
    assert.deepEqual([(await lastGiveUp(world.pool, id(cleo))).wipedAt, (await lastGiveUp(world.pool, id(cleo))).endedAt !== null], [null, true]);

    const running = await readyUser(dora);
    await requestDeprovision(world, id(dora));
    await gone(dora);
    await control(world.sandbox, "POST", `vms/${running}/drift`, { kind: "started" });

    const before = purchases();
    const bought = await readyUser(ella);
    assert.ok(![failing, running].includes(bought));
    assert.equal(purchases(), before + 1);
    assert.match((await lastGiveUp(world.pool, id(dora))).unusableBecause ?? "", /'running', expected 'stopped'/);
  });
});

describe("kill -9 of the worker in each step", () => {
  const MANY = { WORKER_CONCURRENCY: "7" };
  let vmIds: Record<string, number>;
  /** Until the test ends, however it does: another try has its own. */
  const startWorker = async (env: Readonly<Record<string, string>>) => {
    const worker = await world.startWorker(env);
    atEnd(() => worker.kill());
    return worker;
  };

  it("of giving up ends in the same final state, with another worker", async () => {
    const users = ["finn", "gwen", "hugo", "iris", "jana", "kira", "lars"].map(newName);
    const [finn, gwen, hugo, iris, jana, kira, lars] = users as [string, string, string, string, string, string, string];
    const first = await startWorker(MANY);
    for (const username of users) await world.signUp(id(username), username);
    vmIds = Object.fromEntries(await Promise.all(users.map(async (username) => [username, (await ready(username)).hostingerVmId!])));
    const { records, scripts } = world.sandbox.state();
    const vm = (username: string) => `${HOSTINGER}/virtual-machines/${vmIds[username]}`;
    const script = scripts.find(({ name }) => name.includes(` ${iris}.`))!;
    const record = records.find(({ name }) => name.startsWith(`${finn}.`))!;
    await control(world.sandbox, "POST", "actions", { hostname: `${kira}.${world.sandbox.domain}`, name: "recreate", durationMs: 12_000 });
    const held: [string, () => boolean | Promise<boolean>][] = [
      ["record removed", hold({ api: "cloudflare", method: "DELETE", path: `.*/dns_records/${record.id}$` }, "after")],
      ["renewal off", hold({ api: "hostinger", method: "DELETE", path: `/api/billing/v1/subscriptions/${vmOf(vmIds[gwen]!).subscriptionId}/` }, "before")],
      ["VM stopped", hold({ api: "hostinger", method: "POST", path: `${vm(hugo)}/stop$` }, "after")],
      ["script removed", hold({ api: "hostinger", method: "DELETE", path: `${HOSTINGER}/post-install-scripts/${script.id}$` }, "after")],
      ["wipe ordered", hold({ api: "hostinger", method: "POST", path: `${vm(jana)}/recreate$` }, "after")],
      ["wipe under way", async () => (await lastGiveUp(world.pool, id(kira))).wipeActionId !== null],
      ["host name given back", hold({ api: "hostinger", method: "DELETE", path: `${vm(lars)}/hostname$` }, "before")],
    ];
    for (const username of users) await requestDeprovision(world, id(username));
    await untilAll(held);
    await first.kill();
    const second = await startWorker(MANY);
    for (const username of users) await gone(username);
    for (const username of users) assert.deepEqual(await leftOf(username, vmIds[username]!), NOTHING_LEFT, username);
    assert.equal(vmOf(vmIds[kira]!).actions.filter(({ name }) => name === "recreate").length, 1, "a wipe that is under way is waited for");
    await second.kill();
  });

  it("of giving up goes on after the engine alone has died, too", async () => {
    const paul = newName("paul");
    const worker = await startWorker(MANY);
    await world.signUp(id(paul), paul);
    const vmId = (await ready(paul)).hostingerVmId!;
    const stopped = hold({ api: "hostinger", method: "POST", path: `${HOSTINGER}/virtual-machines/${vmId}/stop$` }, "after");
    await requestDeprovision(world, id(paul));
    await untilAll([["VM stopped", stopped]]);
    const [run] = await world.runs(id(paul));
    const processes = await findTagged("run", run!.runId);
    assert.ok(processes.length > 0);
    for (const pid of processes) process.kill(pid, "SIGKILL");
    await gone(paul);
    assert.deepEqual(await leftOf(paul, vmId), NOTHING_LEFT);
    assert.equal(await worker.stop(), 0);
  });

  it("of taking a wiped VM over ends with a healthy VPS, each user on another VM, and nothing bought", async () => {
    const users = ["mira", "nils", "olga"].map(newName);
    const before = purchases();
    // Whoever gets which VM: each of these requests is made once a user.
    const any = `${HOSTINGER}/virtual-machines/\\d+`;
    const first = await startWorker({ ...MANY, ...REUSE });
    const held: [string, () => boolean | Promise<boolean>][] = [
      ["installed anew", hold({ api: "hostinger", method: "POST", path: `${any}/recreate$` }, "after")],
      ["host name set", hold({ api: "hostinger", method: "PUT", path: `${any}/hostname$` }, "after")],
      ["renewed", hold({ api: "hostinger", method: "PATCH", path: "/api/billing/v1/subscriptions/" }, "before")],
    ];
    for (const username of users) await world.signUp(id(username), username);
    await untilAll(held);
    await first.kill();
    await startWorker({ ...MANY, ...REUSE });
    const taken = await Promise.all(users.map(async (username) => (await ready(username)).hostingerVmId!));
    assert.equal(new Set(taken).size, users.length);
    assert.equal(purchases(), before);
    for (const [index, username] of users.entries()) {
      const { hostname, state, autoRenewed, health } = vmOf(taken[index]!);
      assert.deepEqual([hostname, state, autoRenewed, health?.healthStatus], [`${username}.${world.sandbox.domain}`, "running", true, 200]);
    }
  });
});
