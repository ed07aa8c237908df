import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { migrate } from "../../src/db/migrate.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { beginPhase, discardCredentials, createCredentialsCipher, endSession, findRun, findVpsByUserId, findVpsByUsername, finishRun, isSessionEnded, openRunsOf, readProgress, requestVps, saveCredentials, setVpsStatus, startRun, takeCredentials } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();
eachBeginsEmpty({ pool });
const request = (username: string, userId = `user_${username}`) => ({ userId, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
const run = (username: string, runId: string, more: { workerId?: string; hostId?: string } = {}) => ({ runId, userId: `user_${username}`, username, operation: "up" as const, workerId: "w1", hostId: "h1", pid: 1, ...more });

describe("setVpsStatus", () => {
  it("with a new status clears what the old one said, unless it is named again", async () => {
    await requestVps(pool, request("alice"));
    await setVpsStatus(pool, "user_alice", { status: "failed", phase: "vm", errorCode: "VM_ERROR", reason: "an example", nextStep: "wait" });
    const retried = await setVpsStatus(pool, "user_alice", { status: "provisioning", reason: "after a failure" });
    assert.deepEqual([retried?.phase, retried?.errorCode, retried?.reason, retried?.nextStep], ["vm", null, "after a failure", null]);
    const waiting = await setVpsStatus(pool, "user_alice", { waitingFor: "the VM" });
    assert.deepEqual([waiting?.status, waiting?.reason, waiting?.waitingFor], ["provisioning", "after a failure", "the VM"]);
  });

  it("changes nothing from a status that is not expected", async () => {
    await requestVps(pool, request("bob"));
    assert.equal(await setVpsStatus(pool, "user_bob", { status: "deprovisioning" }, ["ready", "failed"]), undefined);
    assert.equal((await findVpsByUsername(pool, "bob"))?.status, "queued");
  });

  it("keeps the time at which the user was ready first", async () => {
    await requestVps(pool, request("carol"));
    const first = await setVpsStatus(pool, "user_carol", { status: "ready" });
    await setVpsStatus(pool, "user_carol", { status: "provisioning" });
    const second = await setVpsStatus(pool, "user_carol", { status: "ready" });
    assert.ok(first?.readyAt);
    assert.deepEqual(second?.readyAt, first.readyAt);
    assert.equal(second?.version, first.version + 2);
  });
});

describe("runs", () => {
  it("end once: what is said later does not change the outcome", async () => {
    await startRun(pool, run("dave", "dave-1"));
    await finishRun(pool, "dave-1", { outcome: "succeeded", seconds: 3 });
    await finishRun(pool, "dave-1", { outcome: "lost", seconds: 9 });
    const found = await findRun(pool, "dave-1");
    assert.deepEqual([found?.outcome, found?.seconds], ["succeeded", 3]);
  });

  it("that are open are found by user", async () => {
    for (const runId of ["erin-1", "erin-2"]) await startRun(pool, run("erin", runId));
    assert.deepEqual((await openRunsOf(pool, "user_erin")).map(({ runId }) => runId), ["erin-1", "erin-2"]);
    await finishRun(pool, "erin-1", { outcome: "lost", seconds: 1 });
    assert.deepEqual((await openRunsOf(pool, "user_erin")).map(({ runId }) => runId), ["erin-2"]);
  });

  it("have phases; those of the last run are the ones that count", async () => {
    await requestVps(pool, request("frank"));
    for (const runId of ["frank-1", "frank-2"]) {
      await startRun(pool, run("frank", runId));
      await beginPhase(pool, { runId, userId: "user_frank", phase: "engine" });
    }
    await beginPhase(pool, { runId: "frank-2", userId: "user_frank", phase: "done" });
    const times = (await readProgress(pool, "user_frank")).phases;
    assert.deepEqual(times.map(({ phase, endedAt }) => [phase, endedAt !== null]), [["engine", true], ["done", true]]);
    assert.equal((await findVpsByUserId(pool, "user_frank"))?.phase, "done");
  });
});

describe("credentials", () => {
  const cipher = createCredentialsCipher([{ id: "new", key: Buffer.alloc(32, 1) }, { id: "old", key: Buffer.alloc(32, 2) }]);
  const credentials = { username: "spoq", hostname: "grace.spoq.dev", password: "fake-password-for-tests", jwtSecret: "fake-secret-for-tests" };

  it("sealed with an older key are still opened", async () => {
    await requestVps(pool, request("grace"));
    const before = createCredentialsCipher([{ id: "old", key: Buffer.alloc(32, 2) }]);
    await saveCredentials(pool, before, "user_grace", credentials, 1);
    assert.deepEqual(await takeCredentials(pool, cipher, "user_grace"), credentials);
  });

  describe("of a rotation that was stored already", () => {
    const [first, later] = ["2026-01-01T00:00:00.123Z", "2026-01-02T00:00:00.456Z"];
    const save = (username: string, password: string, madeAt: string | undefined, rotation = 1) => saveCredentials(pool, cipher, `user_${username}`, { ...credentials, password }, rotation, madeAt);

    it("are not stored again, but those that were made anew are, shown or not", async () => {
      await requestVps(pool, request("ivan"));
      assert.equal(await save("ivan", "fake-Password-1", first), true);
      assert.equal((await takeCredentials(pool, cipher, "user_ivan"))?.password, "fake-Password-1");
      assert.equal(await save("ivan", "fake-Password-1", first), false);
      assert.equal(await save("ivan", "fake-Password-2", later), true);
      assert.equal(await save("ivan", "fake-Password-2", later), false);
      const { credentialsAvailable, credentialsShownAt, credentialsSavedRotation } = (await findVpsByUserId(pool, "user_ivan"))!;
      assert.deepEqual([credentialsAvailable, credentialsShownAt, credentialsSavedRotation], [true, null, 1]);
      assert.equal(await save("ivan", "fake-Password-3", first), true, "of a stack that was restored from a backup");
      assert.equal((await takeCredentials(pool, cipher, "user_ivan"))?.password, "fake-Password-3");
    });

    it("count as the same where a version before has stored them, unless they were made after those were stored or shown", async () => {
      for (const username of ["judy", "kim"]) {
        await requestVps(pool, request(username));
        await save(username, "fake-Password-1", undefined);
        assert.equal(await save(username, "fake-Password-1", undefined), false);
      }
      assert.equal(await save("judy", "fake-Password-1", first), false);
      assert.equal(await save("judy", "fake-Password-2", later), true, "which they were is known from then on");
      const soon = new Date(Date.now() + 60_000).toISOString();
      assert.equal(await save("kim", "fake-Password-2", soon), true);
      await pool.query("UPDATE user_vps SET credentials_made_at = NULL WHERE user_id = 'user_kim'");
      await takeCredentials(pool, cipher, "user_kim");
      assert.equal(await save("kim", "fake-Password-3", first), false);
      await pool.query("UPDATE user_vps SET credentials_made_at = NULL WHERE user_id = 'user_kim'");
      assert.equal(await save("kim", "fake-Password-3", soon), true);
    });
  });

  it("that are discarded are not shown", async () => {
    await requestVps(pool, request("heidi"));
    await saveCredentials(pool, cipher, "user_heidi", credentials, 1);
    await discardCredentials(pool, "user_heidi");
    assert.equal(await takeCredentials(pool, cipher, "user_heidi"), undefined);
  });

  it("of a user without a record are not stored", async () => {
    assert.equal(await saveCredentials(pool, cipher, "nobody", credentials, 1), false);
    assert.equal((await pool.query("SELECT FROM vps_credentials WHERE user_id = 'nobody'")).rowCount, 0);
  });
});

describe("requestVps where user_id is a uuid", () => {
  it("refuses an id that is none, or is written in another way, and leaves nothing behind", async () => {
    const foreign = await withDatabase({ migrated: false });
    await foreign.pool.query("CREATE TABLE user_vps (id uuid PRIMARY KEY, user_id uuid NOT NULL, status text)");
    await migrate(foreign.pool);
    for (const userId of ["user_42", "5D1F4B2E-6F6E-4B53-9F0F-0D0C3A3C1111"]) {
      await assert.rejects(inTransaction(foreign.pool, (client) => requestVps(client, request("alice", userId))), { code: "INPUT_INVALID" });
    }
    assert.equal((await foreign.pool.query("SELECT FROM user_vps")).rowCount, 0);
  });
});

describe("an ended session", () => {
  it("signs nobody in where the clock is behind the database's either, and is forgotten later", async () => {
    const endedBy = async (sessionId: string, hoursAgo: number) => assert.equal(await endSession(pool, sessionId, new Date(Date.now() - hoursAgo * 3_600_000)), true);
    await endedBy("of-a-clock-behind", 2);
    await endedBy("long-over", 26);
    await endedBy("another", 0);
    assert.deepEqual([await isSessionEnded(pool, "of-a-clock-behind"), await isSessionEnded(pool, "long-over")], [true, false]);
    assert.equal(await endSession(pool, "of-a-clock-behind", new Date()), false, "nor is a link good once more");
  });
});
