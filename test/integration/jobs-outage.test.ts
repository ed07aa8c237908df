/** A worker that is to end while PostgreSQL is away. The engine is a stub. */
import assert from "node:assert/strict";
import { afterAll, it } from "vitest";
import { notYet } from "../../providers/core/patience.ts";
import { createPool, inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { listRuns } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { openCutOff } from "../support/cut-off.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";

/** Without the database the write would be tried for ten minutes. */
const SOON_MS = 30_000;

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
const account = { read: async () => ({ state: "none" as const }), withdrawIntents: async () => undefined, resolve: async () => undefined };
afterAll(async () => {
  await Promise.all([vms.close(), world.close()]);
  await sandbox.close();
});

/** A process of its own, as far as its connections are concerned; it ends with the test at the latest. */
async function openWorker(databaseUrl: string, engine: StubEngine) {
  const own = createPool({ url: databaseUrl, name: "test worker", max: 4 });
  const boss = await startQueue({ databaseUrl, works: true, onError: () => undefined });
  const worker = await startStubWorker({ boss, pool: own, databaseUrl, engine, vms, world, account });
  let ending: Promise<void> | undefined;
  const close = () => (ending ??= (async () => {
    await worker.stop(0);
    await boss.stop({ graceful: false });
    await own.end();
  })());
  atEnd(close);
  return { boss, worker, close };
}

const ends: Readonly<Record<string, StubEngine["onUp"]>> = {
  alice: () => 61,
  bob: () => { throw new Error("as the test says"); },
  carol: ({ stackName }) => { throw notYet("running", `${stackName}.spoq.dev`, "creating"); },
};

for (const [who, onUp] of Object.entries(ends)) {
  it(`ends soon, whatever its run came to, and another one does it again: ${who}`, async () => {
    const database = await openCutOff(url);
    atEnd(() => database.cut());
    const username = newName(who);
    const engine = new StubEngine();
    const isAway = Promise.withResolvers<void>();
    engine.onUp = async (request, hooks) => {
      engine.stacks.set(request.stackName, [vmOf(61)]);
      await database.cut();
      isAway.resolve();
      return await onUp(request, hooks);
    };
    const first = await openWorker(database.url, engine);
    const { userId } = await world.signUp(username);
    const jobs = pgBossJobs(first.boss, pool);
    await inTransaction(pool, (db) => jobs.enqueue(db, { operation: "up", userId }));
    await isAway.promise;
    // The run tries to write down how it ended.
    await new Promise((resume) => setTimeout(resume, 2_000));
    const askedMs = performance.now();
    await Promise.all([first.worker.stop(60_000 * 10), first.worker.stop(0)]);
    assert.ok(performance.now() - askedMs < SOON_MS, `it took ${Math.round(performance.now() - askedMs)} ms`);
    await database.open();
    await first.close();

    engine.onUp = () => 61;
    await openWorker(url, engine);
    await world.until(username, "it to be done again", ({ status }) => status === "ready");
    assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome }) => outcome), ["succeeded", "lost"]);
  });
}
