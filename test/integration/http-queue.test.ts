/** Place in the queue and time left, as status and events tell them. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Client } from "pg";
import { describe, it } from "vitest";
import { finishRun, noteWaitTime, setVpsStatus, startRun } from "../../src/records/index.ts";
import { wishFor } from "../../src/purchases/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { openStream } from "../support/event-stream.ts";
import { withApp, withListeningApp } from "../support/http-app.ts";
import { asUser } from "../support/tokens.ts";

const { app, pool, url, address } = await withListeningApp();
eachBeginsEmpty({ pool });

async function signUp(username: string): Promise<void> {
  const answer = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(username) });
  assert.equal(answer.statusCode, 202, answer.body);
}

async function statusOf(username: string, page = app) {
  return (await page.inject({ url: "/api/vps/status", headers: await asUser(username) })).json();
}

/** The queue is read once a second: what has changed is told a second later. */
async function queueOf(username: string, position: number | undefined, total = 0) {
  const wanted = position === undefined ? null : { position, total };
  const endMs = Date.now() + 60_000;
  let told: unknown;
  do {
    told = (await statusOf(username)).queue;
    if (isDeepStrictEqual(told, wanted)) return;
    await delay(100);
  } while (Date.now() < endMs);
  assert.deepEqual(told, wanted);
}

/** `ada` is worked on; `blaise` and `carl` wait for it. */
async function threeSignUp(): Promise<void> {
  for (const name of ["ada", "blaise", "carl"]) await signUp(name);
  await setVpsStatus(pool, "user_ada", { status: "provisioning" });
  await queueOf("carl", 2, 2);
}

/** Statements that any connection sends while `work` goes on. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const { query } = Client.prototype;
  const sent: string[] = [];
  Client.prototype.query = function (this: Client, ...args: unknown[]) {
    const [asked] = args as [string | { readonly text: string }];
    sent.push(typeof asked === "string" ? asked : asked.text);
    return query.apply(this, args as never);
  } as never;
  try {
    await work();
  } finally {
    Client.prototype.query = query;
  }
  return sent;
}

describe("queue", () => {
  it("is the place among those who wait for a worker, in the order in which they came", async () => {
    for (const name of ["ada", "blaise", "carl"]) await signUp(name);
    for (const [place, name] of ["ada", "blaise", "carl"].entries()) await queueOf(name, place + 1, 3);
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
    assert.equal((await statusOf("ada")).queue, null);
    await queueOf("carl", 2, 2);
    await setVpsStatus(pool, "user_ada", { status: "queued" });
    assert.deepEqual((await statusOf("ada")).queue, { position: 3, total: 3 }, "who comes again stands at the end, from the first answer on");
  });

  it("is told live, though the user's own record does not change", async () => {
    await threeSignUp();
    const stream = await openStream(`${address}/api/vps/events`, await asUser("carl"));
    const first = (await stream.next()).data;
    assert.deepEqual(first.queue, { position: 2, total: 2 });
    await setVpsStatus(pool, "user_blaise", { status: "provisioning" });
    const { data } = await stream.next();
    assert.deepEqual([data.queue, data.version], [{ position: 1, total: 1 }, first.version]);
    await stream.close();
  });

  it("is nobody's who waits for the next try after a failure", async () => {
    for (const name of ["carl", "dora"]) await signUp(name);
    await setVpsStatus(pool, "user_dora", { status: "queued", errorCode: "API_UNAVAILABLE", reason: "an example", waitingFor: "the next try" });
    assert.equal((await statusOf("dora")).queue, null);
    await queueOf("carl", 1, 1);
  });

  it("is the place among those who wait to buy", async () => {
    await signUp("emmy");
    await setVpsStatus(pool, "user_emmy", { waitingKind: "purchases_per_day", waitingFor: "an example" });
    assert.equal((await statusOf("emmy")).queue, null, "before the place is counted");
    await wishFor(pool, { userId: "user_emmy", username: "emmy", hostname: "emmy.spoq.dev", plan: "hostingercom-vps-kvm1-usd-1m", changeId: null, askedAt: new Date() });
    await pool.query("UPDATE user_vps SET waiting_place = 1 WHERE username = 'emmy'");
    await queueOf("emmy", 1, 1);
    assert.equal((await statusOf("emmy")).estimatedReadyAt, null, "a cap is no matter of time");
  });
});

describe("estimatedReadyAt", () => {
  it("is not known before anybody was ready, then by what it took others", async () => {
    await threeSignUp();
    await setVpsStatus(pool, "user_blaise", { status: "provisioning" });
    // What it took others is kept for a while: by this one nobody has asked yet.
    const { app: page } = await withApp({ database: { pool, url } });
    assert.equal((await statusOf("carl", page)).estimatedReadyAt, null);
    await noteWaitTime(pool, "running", 100);
    await noteWaitTime(pool, "health", 200);
    await startRun(pool, { runId: "run-1", userId: "user_ada", username: "ada", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await finishRun(pool, "run-1", { outcome: "succeeded", seconds: 10 });
    const endMs = Date.now() + 60_000;
    while ((await statusOf("carl", page)).estimatedReadyAt === null && Date.now() < endMs) await delay(100);
    const left = async (name: string) => (Date.parse((await statusOf(name, page)).estimatedReadyAt) - Date.now()) / 1_000;
    // Queue (1 x 10 s), three runs, two waits.
    const carl = await left("carl");
    assert.ok(carl > 300 && carl <= 340, `expected about 340 s, got ${carl}`);
    const ada = await left("ada");
    assert.ok(ada > 290 && ada <= 330, `expected about 330 s, got ${ada}`);
  });

  it("is nobody's whose VPS is ready, even while it is worked on", async () => {
    await signUp("ada");
    await setVpsStatus(pool, "user_ada", { status: "ready", phase: "done" });
    await setVpsStatus(pool, "user_ada", { status: "provisioning" });
    assert.equal((await statusOf("ada")).estimatedReadyAt, null);
  });
});

describe("what an answer asks of PostgreSQL", () => {
  const users = Array.from({ length: 20 }, (_, number) => `many${number}`);

  it("is at most ten statements for a signup, whoever else signs up", async () => {
    const sent = await statementsOf(async () => { for (const name of users) await signUp(name); });
    assert.ok(sent.length >= users.length && sent.length <= users.length * 10, `${sent.length} statements for ${users.length} signups`);
  });

  it("is two statements for a status, and what all are told once a second", async () => {
    for (const name of users) await signUp(name);
    const begunMs = Date.now();
    const sent = await statementsOf(() => Promise.all(users.map((name) => statusOf(name))));
    const seconds = Math.floor((Date.now() - begunMs) / 1_000) + 1;
    assert.ok(sent.length >= users.length && sent.length <= users.length * 2 + 3 * seconds, `${sent.length} statements for ${users.length} answers`);
  });
});
