/** A payment and an answer that take their time, while everything that waits for them is restarted; the engine is the real one. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startEmbedded } from "../../src/db/embedded.ts";
import { control } from "../support/fleet.ts";
import { newName } from "../support/new-name.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld, WorkerProcess } from "../support/service-world.ts";
import { signToken, TEST_JWT_SECRET } from "../support/tokens.ts";

const SERVER_SETTINGS = { fsync: "off", full_page_writes: "off" };
const READY_MS = 450_000;

describe("a signup whose purchase takes its time", () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof startEmbedded>>;
  let world: ServiceWorld;
  let env: Record<string, string>;
  let last: WorkerProcess | undefined;

  beforeAll(async () => {
    folder = await mkdtemp("/var/tmp/user-vps-late-payment-");
    server = await startEmbedded({ folder, serverSettings: SERVER_SETTINGS });
    world = await startServiceWorld(server.url);
    // Users come one after the other: a slot is a process that has the whole SDK to load.
    env = { WORKER_CONCURRENCY: "1", JWT_SECRET: TEST_JWT_SECRET, PAYMENT_LOOK_SECONDS: "2", HOSTINGER_PURCHASE_SETTLE_SECONDS: "120" };
  });
  afterAll(async () => {
    await world?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ordersOf = (username: string) => world.sandbox.state().purchases.filter(({ hostname }) => hostname === `${username}.${world.sandbox.domain}`);
  const looks = async (userId: string) => Number((await world.pool.query<{ looks: number }>("SELECT looks FROM vps_purchases WHERE user_id = $1", [userId])).rows[0]?.looks ?? 0);
  const restartDatabase = async () => {
    await server.stop();
    server = await startEmbedded({ folder, serverSettings: SERVER_SETTINGS });
  };

  /** As the user's browser does it. */
  async function call(username: string, url: string, method: string, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const token = await signToken({ sub: `user-${username}`, username }, { expiresInSeconds: 3_600 });
    const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  it("becomes ready by itself when its order is paid, after restarts of worker, HTTP and database, with one order", async () => {
    const alice = newName("alice");
    const userId = `user-${alice}`;
    await control(world.sandbox, "purchases", { answer: "payment-initiated", paidAfterMs: null });
    const worker = await world.startWorker(env);
    let http = await world.startHttp(env);
    assert.equal((await call(alice, http.url, "POST", "/api/vps/provision")).status, 202);
    await world.until(userId, "waiting for the payment", ({ waitingKind }) => waitingKind === "payment", READY_MS);
    await worker.kill();
    await http.kill();

    http = await world.startHttp(env);
    const { body } = await call(alice, http.url, "GET", "/api/vps/status");
    assert.equal(body["status"], "queued");
    assert.match(JSON.stringify(body), /its payment is under way; nothing is ordered again/);
    const again = await world.startWorker(env);
    await untilMore(() => looks(userId));
    await restartDatabase();
    await untilMore(() => looks(userId));
    assert.equal(again.child.exitCode, null, "the worker has lived through it");
    assert.equal(await again.stop(), 0);
    await restartDatabase();

    const [order, ...more] = ordersOf(alice);
    assert.deepEqual([order!.vmId, more], [null, []]);
    await control(world.sandbox, `orders/${order!.orderId}`, { status: "completed" });
    last = await world.startWorker(env);
    const { hostingerVmId } = await world.until(userId, "ready", ({ status }) => status === "ready", READY_MS);
    assert.deepEqual(ordersOf(alice).map(({ vmId }) => vmId), [hostingerVmId]);
    assert.deepEqual((await world.outcomes(userId)).filter((outcome) => outcome === "failed"), []);
    assert.equal((await call(alice, http.url, "POST", "/api/vps/credentials")).status, 200);
    const { rows } = await world.pool.query<{ state: string; vm_id: string }>("SELECT state, vm_id FROM vps_purchases WHERE user_id = $1", [userId]);
    assert.deepEqual(rows.map(({ state, vm_id }) => [state, Number(vm_id)]), [["bought", hostingerVmId]]);
  });

  it("waits without a run for a VM whose answer was lost, through kill -9 of the worker, and takes it when it shows", async () => {
    const bob = newName("bob");
    last ??= await world.startWorker(env);
    const { sandbox } = world;
    await control(sandbox, "purchases", { hostname: `${bob}.${sandbox.domain}`, listedAfterMs: 20_000 });
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", bodyHas: `${bob}.${sandbox.domain}`, fault: { kind: "drop-after" } });
    await world.signUp(`user-${bob}`, bob);
    const { status } = await world.until(`user-${bob}`, "waiting for the purchase", ({ waitingKind }) => waitingKind === "purchase", READY_MS);
    assert.equal(status, "provisioning");
    assert.deepEqual((await world.runs(`user-${bob}`)).map(({ outcome }) => outcome), ["waiting"], "no run is held");
    await last.kill();
    last = await world.startWorker(env);
    const { hostingerVmId } = await world.until(`user-${bob}`, "ready", (record) => record.status === "ready", READY_MS);
    assert.deepEqual(ordersOf(bob).map(({ vmId }) => vmId), [hostingerVmId]);
  });
});

/** Until the number has grown. */
async function untilMore(count: () => Promise<number>): Promise<void> {
  const orNone = () => count().catch(() => undefined);
  const before = (await orNone()) ?? 0;
  const endMs = Date.now() + READY_MS;
  while (((await orNone()) ?? before) <= before) {
    assert.ok(Date.now() < endMs, "it is not looked for any more");
    await new Promise((resume) => setTimeout(resume, 100));
  }
}
