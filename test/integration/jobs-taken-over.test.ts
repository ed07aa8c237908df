/** Workers that stood still while another one took their user over, and those that were lost; the engine is a stub, PostgreSQL and the sandbox's APIs are real. */
import assert from "node:assert/strict";
import { afterAll, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { startQueue } from "../../src/jobs/index.ts";
import { endLostRuns } from "../../src/jobs/close-run.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { findLastPurchase } from "../../src/purchases/index.ts";
import { createCredentialsCipher, listRuns, setVpsStatus } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import { StubEngine } from "../support/stub-engine.ts";

const { pool, url } = await withDatabase();
const sandbox = await startSandbox();
const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
const engine = new StubEngine();
const vms = hostingerPower(sandbox.env);
const world = openPurchaseWorld(pool, sandbox);
afterAll(async () => {
  await Promise.all([boss.stop({ graceful: false }), vms.close(), world.close()]);
  await sandbox.close();
});

const context = {
  boss, pool, databaseUrl: url, engine, vms, settings: world.guard.settings, purchases: world, secrets: [], workerId: "worker", hostId: "host", log: () => undefined,
  cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), handOver: new AbortController().signal,
};

describe("a worker that stood still at the end of a run, and was taken over", () => {
  it("writes no result: neither the status, nor a VM that may be another user's by now", async () => {
    const { userId } = await world.signUp("alice");
    engine.onUp = async () => {
      await endLostRuns(pool, userId);
      await setVpsStatus(pool, userId, { status: "deprovisioned" });
      return 101;
    };
    await performJob(context as never, { operation: "up", userId }, 0);
    const { status, hostingerVmId, readyAt } = await world.record("alice");
    assert.deepEqual([status, hostingerVmId, readyAt], ["deprovisioned", null, null]);
    assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => [outcome, errorCode]), [["lost", "RUN_LOST"]]);
    assert.equal((await findLastPurchase(pool, userId))?.state, "reserved", "what became of it, whoever has the user now finds out");
    assert.equal((await pool.query("SELECT FROM user_vps_jobs.job")).rowCount, 0, "and it asks for no run of its own");
  });
});

describe("a user whose runs have lost one worker after the other", () => {
  let tries = 0;
  for (const [who, state, becomes] of [["bob", "none", "released"], ["carol", "doubt", "uncertain"]] as const) {
    it(`is worked on once more after nine and becomes failed after ten, when a reservation is ${becomes} where the account says ${state}`, async () => {
      // At a second try it is another user.
      const username = `${who}-${(tries += 1)}`;
      const { userId } = await world.signUp(username);
      const purchases = { guard: world.guard, account: { ...world.account, read: async () => ({ state }) } };
      const perform = (lostWorkers: number) => performJob({ ...context, purchases } as never, { operation: "up", userId }, lostWorkers);
      engine.ups.length = 0;
      engine.onUp = () => { throw new UserVpsError("API_UNAVAILABLE", "as the test says"); };
      await perform(9);
      assert.deepEqual([engine.ups.length, (await world.record(username)).status, (await findLastPurchase(pool, userId))?.state], [1, "queued", "reserved"]);
      await perform(10);
      const { status, errorCode, reason } = await world.record(username);
      assert.deepEqual([engine.ups.length, status, errorCode], [1, "failed", "RUN_LOST"]);
      assert.match(reason ?? "", /10 workers have died over this/);
      assert.doesNotMatch(reason ?? "", /by itself/);
      assert.deepEqual((await listRuns(pool, userId)).items.map(({ outcome }) => outcome), ["lost", "failed"]);
      assert.equal((await findLastPurchase(pool, userId))?.state, becomes);
    });
  }
});
