/** A roll-out and a claim that come to the same member of a pool at the same moment, on a real PostgreSQL, with an engine that only notes what it is asked for. */
import assert from "node:assert/strict";
import type { QueryResultRow } from "pg";
import { beforeEach, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import type { Queryable } from "../../src/db/index.ts";
import type { Engine } from "../../src/provisioning/engine.ts";
import { claimFromPool } from "../../src/purchases/index.ts";
import { claimPoolMember, insertRelease, passOnMember, setVpsStatus, takeMember } from "../../src/records/index.ts";
import type { RunningMember, VpsRecord } from "../../src/records/index.ts";
import { RELEASE_LIMITS } from "../../src/releases/release-to-vps.ts";
import { createRollOut, listMembers, runRollOut } from "../../src/releases/index.ts";
import type { RollOutContext } from "../../src/releases/index.ts";
import { countLockWaits } from "../support/lock-waits.ts";
import { openPools } from "../support/pools.ts";
import { vmOf } from "../support/stub-engine.ts";
import { until } from "../support/until.ts";

const { pool, guarded, world, members, filled } = await openPools();
let upped: string[];
beforeEach(() => void (upped = []));

const engine = {
  vms: async () => [vmOf(1)],
  clearInterruptedRun: async () => undefined,
  up: async ({ stackName }: { stackName: string }) => {
    upped.push(stackName);
    return { changes: {}, outputs: {} };
  },
} as unknown as Engine;
const never = () => new AbortController().signal;
const context = {
  pool, engine, cipher: undefined as never, refuseNamesOfOthers: async () => undefined, takeSnapshot: async () => undefined,
  stackOf: async ({ username }: VpsRecord) => ({ stackName: username, config: {} }),
  lockUser: async () => ({ lost: never(), cancelled: never(), refuseLost: async () => undefined, release: async () => undefined }),
  lockRollOuts: async () => ({ lost: never(), refuseLost: async () => undefined, release: async () => undefined }),
  ...RELEASE_LIMITS, limitMs: 600_000, workerId: "test", hostId: "test", secrets: [], log: () => undefined, closing: never(), signal: never(),
} satisfies RollOutContext;

async function begun(): Promise<string> {
  await insertRelease(pool, { version: "2.0", cli: { url: "https://downloads.example.com/spoq-2.0", sha256: "a".repeat(64) } }, "olga");
  return (await inTransaction(pool, (db) => createRollOut(db, { version: "2.0", requestedBy: "olga", reason: "x", waves: ["rest"], concurrency: 1 }))).rollOutId;
}
const statusesOf = async (rollOutId: string) => (await listMembers(pool, rollOutId)).map(({ username, status }) => `${username} ${status}`);

describe("a member that a roll-out takes just as a claim has chosen it", () => {
  for (const [count, takes, gets] of [[2, 1, "another one"], [1, 1, "none"], [3, 3, "none"]] as const) {
    it(`is passed over: of ${count}, ${takes} of which are taken so, the user gets ${gets}`, async () => {
      const the = world();
      await filled(count);
      const rollOutId = await begun();
      const record = await the.signUp("alice");
      const taken: string[] = [];
      const claimed = await inTransaction(pool, async (db: Queryable) => {
        const interrupted: Queryable = {
          async query<Row extends QueryResultRow>(...asked: Parameters<Queryable["query"]>) {
            const answer = await db.query<Row>(...asked);
            const chosen = typeof asked[0] === "string" && asked[0].includes("FOR UPDATE OF vps_pool_members") ? answer.rows[0]?.["memberId"] : undefined;
            if (chosen === undefined || taken.length === takes) return answer;
            taken.push(chosen as string);
            const others = (await members()).map(({ memberId }) => memberId).filter((id) => id !== chosen);
            assert.ok(await takeMember(pool, rollOutId, 1, `run-${taken.length}`, others));
            return answer;
          },
        };
        return await claimPoolMember(interrupted, record);
      });
      assert.deepEqual([taken.length, new Set(taken).size], [takes, takes]);
      const now = await members();
      const left = now.map(({ memberId }) => memberId).filter((id) => !taken.includes(id));
      assert.deepEqual(left, claimed ? [claimed.memberId] : []);
      for (const { memberId, state } of now) assert.equal(state, taken.includes(memberId) ? "ready" : "claimed");
    });
  }
});

describe("a member that is claimed just as a roll-out comes to it", () => {
  for (const [when, isClaimSeen] of [["before", true], ["while", false]] as const) {
    it(`has its user's snapshot made anew, if the one of before is of the pool's time: claimed ${when} the roll-out comes to it again`, async () => {
      const the = world();
      await filled(1);
      const record = await the.signUp("alice");
      const rollOutId = await begun();
      await pool.query("UPDATE vps_roll_out_members SET snapshot_at = now()");
      if (!isClaimSeen) await pool.query("UPDATE vps_roll_out_members SET status = 'running', run_id = 'run-1'");
      const [member] = await members();
      if (isClaimSeen) await inTransaction(pool, (db) => claimFromPool(db, guarded, record));
      else assert.ok(await passOnMember(pool, { rollOutId, userId: member!.memberId, runId: "run-1" } as RunningMember, record));
      assert.deepEqual((await listMembers(pool, rollOutId)).map(({ username, status, snapshotAt }) => [username, status, snapshotAt]), [["alice", "waiting", null]]);
    });
  }

  it("has no engine at work on its stack, and its user gets the release", async () => {
    const the = world();
    await filled(1);
    const record = await the.signUp("alice");
    let rollOutId = "";
    const { ended } = await inTransaction(pool, async (db) => {
      assert.ok(await claimFromPool(db, guarded, record));
      // Nobody else sees the claim yet.
      rollOutId = await begun();
      const rolledOut = runRollOut(context, rollOutId);
      await until("the roll-out to come to the member", async () => upped.length > 0 || (await countLockWaits(pool)) > 0);
      return { ended: rolledOut };
    });
    await setVpsStatus(pool, "u-alice", { status: "ready" });
    assert.equal((await ended).outcome, "succeeded");
    assert.deepEqual([upped, await statusesOf(rollOutId)], [["alice"], ["alice succeeded"]]);
  });

  it("is skipped where the roll-out has the user already", async () => {
    const the = world();
    await filled(1);
    const record = await the.signUp("alice");
    await inTransaction(pool, (db) => claimFromPool(db, guarded, record));
    await setVpsStatus(pool, "u-alice", { status: "ready" });
    const rollOutId = await begun();
    const [member] = await members();
    await pool.query("INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave) VALUES ($1, $2, $3, 1)", [rollOutId, member!.memberId, member!.username]);
    assert.equal((await runRollOut(context, rollOutId)).outcome, "succeeded");
    assert.deepEqual([upped, await statusesOf(rollOutId)], [["alice"], ["alice succeeded", `${member!.username} skipped`]]);
  });
});
