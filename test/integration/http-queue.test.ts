/** Place in the queue and time left, as status and events tell them. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { finishRun, noteWaitTime, setVpsStatus, startRun } from "../../src/records/index.ts";
import { wishFor } from "../../src/purchases/index.ts";
import { openStream } from "../support/event-stream.ts";
import { withListeningApp } from "../support/http-app.ts";
import { asUser } from "../support/tokens.ts";

const { app, pool, address } = await withListeningApp();

async function signUp(username: string): Promise<void> {
  const answer = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(username) });
  assert.equal(answer.statusCode, 202, answer.body);
}

async function statusOf(username: string) {
  return (await app.inject({ url: "/api/vps/status", headers: await asUser(username) })).json();
}

describe("queue", () => {
  it("is the place among those who wait for a worker, in the order in which they came", async () => {
    for (const name of ["ada", "blaise", "carl"]) await signUp(name);
    assert.deepEqual(await Promise.all(["ada", "blaise", "carl"].map(async (name) => (await statusOf(name)).queue)), [{ position: 1, total: 3 }, { position: 2, total: 3 }, { position: 3, total: 3 }]);
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
    assert.equal((await statusOf("ada")).queue, null);
    assert.deepEqual((await statusOf("carl")).queue, { position: 2, total: 2 });
    await setVpsStatus(pool, "user_ada", { status: "queued" });
    assert.deepEqual((await statusOf("ada")).queue, { position: 3, total: 3 }, "who comes again stands at the end");
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
  });

  it("is told live, though the user's own record does not change", async () => {
    const stream = await openStream(`${address}/api/vps/events`, await asUser("carl"));
    const first = (await stream.next()).data;
    assert.deepEqual(first.queue, { position: 2, total: 2 });
    await setVpsStatus(pool, "user_blaise", { status: "provisioning" });
    const { data } = await stream.next();
    assert.deepEqual([data.queue, data.version], [{ position: 1, total: 1 }, first.version]);
    await stream.close();
  });

  it("is nobody's who waits for the next try after a failure", async () => {
    await signUp("dora");
    await setVpsStatus(pool, "user_dora", { status: "queued", errorCode: "API_UNAVAILABLE", reason: "an example", waitingFor: "the next try" });
    assert.equal((await statusOf("dora")).queue, null);
    assert.deepEqual((await statusOf("carl")).queue, { position: 1, total: 1 });
  });

  it("is the place among those who wait to buy", async () => {
    await signUp("emmy");
    await setVpsStatus(pool, "user_emmy", { waitingKind: "purchases_per_day", waitingFor: "an example" });
    assert.equal((await statusOf("emmy")).queue, null, "before the place is counted");
    await wishFor(pool, { userId: "user_emmy", username: "emmy", hostname: "emmy.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", changeId: null, askedAt: new Date() });
    await pool.query("UPDATE user_vps SET waiting_place = 1 WHERE username = 'emmy'");
    assert.deepEqual((await statusOf("emmy")).queue, { position: 1, total: 1 });
    assert.equal((await statusOf("emmy")).estimatedReadyAt, null, "a cap is no matter of time");
  });
});

describe("estimatedReadyAt", () => {
  it("is not known before anybody was ready, then by what it took others", async () => {
    assert.equal((await statusOf("carl")).estimatedReadyAt, null);
    await noteWaitTime(pool, "running", 100);
    await noteWaitTime(pool, "health", 200);
    await startRun(pool, { runId: "run-1", userId: "user_ada", username: "ada", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await finishRun(pool, "run-1", { outcome: "succeeded", seconds: 10 });
    const left = async (name: string) => (Date.parse((await statusOf(name)).estimatedReadyAt) - Date.now()) / 1_000;
    // Queue (1 x 10 s), three runs, two waits.
    const carl = await left("carl");
    assert.ok(carl > 300 && carl <= 340, `expected about 340 s, got ${carl}`);
    const ada = await left("ada");
    assert.ok(ada > 290 && ada <= 330, `expected about 330 s, got ${ada}`);
  });

  it("is nobody's whose VPS is ready, even while it is worked on", async () => {
    await setVpsStatus(pool, "user_ada", { status: "ready", phase: "done" });
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
    assert.equal((await statusOf("ada")).estimatedReadyAt, null);
  });
});
