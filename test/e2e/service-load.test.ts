/** Many users, two workers; one user, many requests; the secrets of all of them. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createCredentialsCipher, findVpsByUserId, takeCredentials } from "../../src/records/index.ts";
import type { RunRecord } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld, WorkerProcess } from "../support/service-world.ts";

const database = await withDatabase();

describe("two workers", () => {
  let world: ServiceWorld;
  let workers: WorkerProcess[];

  beforeAll(async () => {
    world = await startServiceWorld(database.url);
    workers = await Promise.all([1, 2].map(() => world.startWorker({ WORKER_CONCURRENCY: "2" })));
  });
  afterAll(() => world.close());

  it("make 20 users ready who sign up at once, each with one purchase and no two runs at a time", async () => {
    const users = Array.from({ length: 20 }, (_, index) => ({ userId: `load-${index}`, username: `load${index}` }));
    const startedMs = Date.now();
    await Promise.all(users.map(({ userId, username }) => world.signUp(userId, username)));
    await Promise.all(users.map(({ userId }) => world.until(userId, "ready", ({ status }) => status === "ready", 350_000)));
    console.log(`20 users ready after ${Date.now() - startedMs} ms`);

    const hostnames = world.sandbox.state().purchases.map(({ hostname }) => hostname);
    assert.deepEqual(hostnames.toSorted(), users.map(({ username }) => `${username}.${world.sandbox.domain}`).toSorted());
    const runs = await Promise.all(users.map(({ userId }) => world.runs(userId)));
    assert.ok(runs.every((of) => !overlapping(of)), "no two runs of one user overlap");
    assert.deepEqual(new Set(runs.flat().map(({ outcome }) => outcome)), new Set(["succeeded", "waiting"]));
    assert.equal(new Set(runs.flat().map(({ workerId }) => workerId)).size, 2, "both workers took part");
  });

  it("make one VPS of 50 signups of one user at once", async () => {
    const records = await Promise.all(Array.from({ length: 50 }, () => world.signUp("u-again", "ines")));
    assert.equal(new Set(records.map(({ requestedAt }) => requestedAt.getTime())).size, 1, "all got the same record");
    await world.until("u-again", "ready", ({ status }) => status === "ready");
    assert.deepEqual(await world.outcomes("u-again"), ["succeeded"]);
    assert.equal(world.sandbox.state().purchases.filter(({ hostname }) => hostname.startsWith("ines.")).length, 1);
  });

  it("leave credentials that open once, and no secret in plain text in the database or in what they print", async () => {
    const record = await findVpsByUserId(world.pool, "u-again");
    assert.equal(record?.credentialsAvailable, true);
    const everything = `${await dump(world)}\n${workers.map((worker) => worker.output()).join("\n")}`;
    const [id, key] = world.env["CREDENTIALS_KEYS"]!.split(":") as [string, string];
    const credentials = await takeCredentials(world.pool, createCredentialsCipher([{ id, key: Buffer.from(key, "base64") }]), "u-again");
    assert.ok(credentials && credentials.password.length >= 24);
    assert.equal((await findVpsByUserId(world.pool, "u-again"))?.credentialsAvailable, false);

    const secrets = { password: credentials.password, jwtSecret: credentials.jwtSecret, hostinger: world.sandbox.hostingerToken, cloudflare: world.sandbox.cloudflareToken, passphrase: world.env["PULUMI_CONFIG_PASSPHRASE"]!, key };
    for (const [name, secret] of Object.entries(secrets)) assert.ok(!everything.includes(secret), `${name} is in plain text somewhere`);
    assert.ok(everything.includes("ines."), "the dump holds something");
  });

  it("store credentials no second time when the user's stack is brought up again", async () => {
    const before = await world.outcomes("u-again");
    await world.jobs.enqueue(world.pool, { operation: "up", userId: "u-again" });
    const endMs = Date.now() + 450_000;
    while ((await world.outcomes("u-again")).filter((outcome) => outcome === "succeeded").length === before.length && Date.now() < endMs) await new Promise((resume) => setTimeout(resume, 50));
    const [last] = await world.runs("u-again");
    assert.equal(last?.outcome, "succeeded");
    assert.equal(last?.resourceChanges?.["create"] ?? 0, 0);
    assert.equal((await findVpsByUserId(world.pool, "u-again"))?.credentialsAvailable, false);
  });
});

function overlapping(runs: readonly RunRecord[]): boolean {
  const inOrder = runs.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  return inOrder.some((run, index) => index > 0 && run.startedAt < inOrder[index - 1]!.endedAt!);
}

/** Every table of the database as text; what is base64 in Pulumi's state also decoded. */
async function dump(world: ServiceWorld): Promise<string> {
  const tables = await world.pool.query<{ name: string }>("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')");
  const texts = [];
  for (const { name } of tables.rows) {
    const { rows } = await world.pool.query<{ text: string }>(`SELECT row_to_json(t)::text AS text FROM ${name} t`);
    texts.push(...rows.map(({ text }) => text));
  }
  const states = await world.pool.query<{ data: { data: string } }>("SELECT data FROM pulumi_state");
  texts.push(...states.rows.map(({ data }) => Buffer.from(data.data, "base64").toString("utf8")));
  return texts.join("\n");
}
