/** Whoever changes more than one row locks them in the same order as all others, so that no two wait for each other. */
import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import type { Queryable } from "../../src/db/index.ts";
import { saveFindings } from "../../src/drift/findings.ts";
import { requestRepair, requestRepairOfUser } from "../../src/drift/repair.ts";
import { withClient } from "../../src/db/transaction.ts";
import { beginWait, endWait, findVpsByUserId, lockManyVps, lockVps, noteSeen, requestVps, setVpsStatus } from "../../src/records/index.ts";
import { RecordingJobs } from "../support/http-app.ts";
import { untilLocksAreWaitedFor } from "../support/lock-waits.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();

/** Once only, unlike `inTransaction`: a deadlock fails. */
const inOneTry = (work: (db: Queryable) => Promise<void>) => withClient(pool, async (db) => {
  await db.query("BEGIN");
  await work(db);
  await db.query("COMMIT");
});

beforeAll(async () => {
  // On the disk the second comes first.
  for (const username of ["bob", "alice"]) await requestVps(pool, { userId: username, username, hostname: `${username}.spoq.dev`, plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });
});

describe("what a watcher has seen", () => {
  it("is noted without holding up whoever has locked the user before, as an operator's cancel does", async () => {
    const wait = { userId: "alice", username: "alice", hostname: "alice.spoq.dev", what: "running" as const, vmId: 17_923, address: null };
    await setVpsStatus(pool, "alice", { status: "provisioning" });
    await beginWait(pool, { ...wait, seen: "creating", limitSeconds: 60 });
    let noted: Promise<void> | undefined;
    await inOneTry(async (db) => {
      await lockVps(db, "alice");
      noted = noteSeen(pool, wait, "initial");
      noted.catch(() => undefined);
      await untilLocksAreWaitedFor(pool);
      await endWait(db, "alice");
    });
    await noted;
  });

  it("stands with the wait and in the record", async () => {
    const wait = { userId: "bob", username: "bob", hostname: "bob.spoq.dev", what: "running" as const, vmId: 17_924, address: null };
    await setVpsStatus(pool, "bob", { status: "provisioning" });
    await beginWait(pool, { ...wait, seen: "creating", limitSeconds: 60 });
    await noteSeen(pool, wait, "initial");
    assert.deepEqual((await pool.query("SELECT seen FROM vps_waits WHERE user_id = 'bob'")).rows, [{ seen: "initial" }]);
    assert.equal((await findVpsByUserId(pool, "bob"))?.waitingFor, "VM 17924 to run: initial");
  });
});

describe("many users at once", () => {
  it("are locked in one order, however they are named: whoever has one of them gets the others too", async () => {
    let all: Promise<void> | undefined;
    await inOneTry(async (db) => {
      await lockVps(db, "alice");
      all = inOneTry((other) => lockManyVps(other, ["bob", "alice"]));
      all.catch(() => undefined);
      await untilLocksAreWaitedFor(pool);
      await lockVps(db, "bob");
    });
    await all;
  });
});

describe("a repair", () => {
  const asked = { requestedBy: "operator_1", why: "a test" };
  const jobs = new RecordingJobs();
  for (const [what, repair] of [
    ["of one finding", (findingId: number) => requestRepair(pool, jobs, { findingId, ...asked })],
    ["of all that a user has", () => inOneTry(async (db) => void (await requestRepairOfUser(db, jobs, (await findVpsByUserId(db, "alice"))!, asked)))],
  ] as const) {
    it(`${what} leaves its findings to whoever has locked the user before, as one of many users does`, async () => {
      await setVpsStatus(pool, "alice", { status: "failed" });
      const found = { kind: "VmStopped", subject: "alice", userId: "alice", username: "alice", declared: "a", actual: "b" } as const;
      const [finding] = await saveFindings(pool, { findings: [found], unexamined: [], unprobed: [] });
      let repaired: Promise<unknown> | undefined;
      await inOneTry(async (db) => {
        await lockManyVps(db, ["alice", "bob"]);
        repaired = repair(finding!.findingId);
        repaired.catch(() => undefined);
        await untilLocksAreWaitedFor(pool);
        await db.query("SELECT FROM vps_findings WHERE finding_id = $1 FOR UPDATE NOWAIT", [finding!.findingId]);
      });
      await repaired;
      assert.equal((await findVpsByUserId(pool, "alice"))?.status, "queued");
    });
  }
});
