/** A pool's member whose VM a user has, and whose own stack did not come to its end: whatever is asked for, only that is done. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { requestRepairOfUser } from "../../src/drift/repair.ts";
import { retryAll } from "../../src/jobs/retry-user.ts";
import { refillPools } from "../../src/pool/refill.ts";
import { up } from "../../src/provisioning/up.ts";
import { findVpsByUserId, notePoolMemberDelivered, resumeVps, setVpsStatus, suspendVps } from "../../src/records/index.ts";
import { openPools } from "../support/pools.ts";

const { pool, jobs, context, world, wanted, members, filled, claims } = await openPools();
const asked = { requestedBy: "olga", reason: "Hostinger is back" };
const enqueue = context().jobs.enqueue;

/** Alice has the member's VM; the end of its own stack was tried often enough. */
async function parked(): Promise<string> {
  const the = world();
  await filled(1);
  assert.ok(await claims(the, "alice"));
  await setVpsStatus(pool, "u-alice", { status: "ready" });
  await notePoolMemberDelivered(pool, "u-alice");
  await wanted(0);
  const [member] = await members();
  await setVpsStatus(pool, member!.memberId, { status: "failed", errorCode: "API_UNAVAILABLE", reason: "an outage" });
  jobs.length = 0;
  return member!.memberId;
}
const statusOf = async (userId: string) => (await findVpsByUserId(pool, userId))!.status;
/** What only records do; an engine that is called fails the test. */
const runUp = async (userId: string) => {
  const record = (await findVpsByUserId(pool, userId))!;
  const result = await up.run({ pool, record, recorder: { onLine: () => undefined } } as never);
  assert.ok("save" in result);
  await inTransaction(pool, (db) => result.save(db));
};

describe("a member that was let go, and is parked,", () => {
  it("has its stack ended by a retry of all, and by nothing else", async () => {
    const memberId = await parked();
    const { usernames } = await inTransaction(pool, (db) => retryAll(db, { enqueue }, { perMinute: 10, most: 500, asked }));
    assert.equal(usernames.length, 1);
    assert.deepEqual(jobs, [{ operation: "destroy", userId: memberId }]);
    assert.equal(await statusOf(memberId), "deprovisioning");
  });

  it("is not brought up, whoever asks for it: a resume, or what was queued before", async () => {
    const memberId = await parked();
    await inTransaction(pool, (db) => suspendVps(db, memberId, { suspendedBy: "olga", reason: "a mistake" }));
    await inTransaction(pool, (db) => resumeVps(db, memberId));
    await runUp(memberId);
    assert.equal(await statusOf(memberId), "deprovisioning", "so that it gets the job that ends its stack");
    assert.equal((await findVpsByUserId(pool, memberId))!.hostingerVmId, null);
  });

  it("is not repaired", async () => {
    const memberId = await parked();
    const { username, status, userId } = (await findVpsByUserId(pool, memberId))!;
    await pool.query(`INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen) VALUES ('VmStopped', $2, $1, $2, 'x', 'y', now(), now())`, [memberId, username]);
    const why = await inTransaction(pool, (db) => requestRepairOfUser(db, { enqueue }, { userId, username, status }, { requestedBy: "olga", why: "x" }));
    assert.match(why ?? "", /a user's by now/);
    assert.deepEqual([jobs, await statusOf(memberId)], [[], "failed"]);
  });

  it("is tried again by itself, an hour later", async () => {
    const memberId = await parked();
    await refillPools(context());
    assert.deepEqual(jobs, []);
    await pool.query("ALTER TABLE user_vps DISABLE TRIGGER user_vps_count_version");
    await pool.query("UPDATE user_vps SET updated_at = now() - interval '61 minutes' WHERE user_id = $1", [memberId]);
    await pool.query("ALTER TABLE user_vps ENABLE TRIGGER user_vps_count_version");
    await refillPools(context());
    await refillPools(context());
    assert.deepEqual([jobs, await statusOf(memberId)], [[{ operation: "destroy", userId: memberId }], "deprovisioning"]);
  });
});
