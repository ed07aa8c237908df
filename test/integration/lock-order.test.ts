/** Whoever changes more than one row locks them in the same order as all others, so that no two wait for each other. */
import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import type { Queryable } from "../../src/db/index.ts";
import { withClient } from "../../src/db/transaction.ts";
import { beginWait, endWait, findVpsByUserId, lockManyVps, lockVps, noteSeen, requestVps, setVpsStatus } from "../../src/records/index.ts";
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
      await sleep(300);
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
      await sleep(300);
      await lockVps(db, "bob");
    });
    await all;
  });
});
