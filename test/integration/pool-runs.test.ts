/** What an operator asks of a pool's VPS, and a claim that comes to it at the same moment, on a real PostgreSQL; Hostinger is a stub. */
import assert from "node:assert/strict";
import type { QueryResultRow } from "pg";
import { describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import type { Queryable } from "../../src/db/index.ts";
import type { Job } from "../../src/jobs/job.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { claimFromPool } from "../../src/purchases/index.ts";
import { claimPoolMember, listRuns, startRun } from "../../src/records/index.ts";
import type { PoolMember } from "../../src/records/index.ts";
import { FakeAccount } from "../support/fake-account.ts";
import { openPools } from "../support/pools.ts";
import { until } from "../support/until.ts";

const { pool, url, guarded, world, members, filled } = await openPools();
const isWaitedForLock = async () => (await pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).rowCount! > 0;

/** A worker that does the job, and notes what it has Hostinger do. */
function worksOn({ memberId, username, vmId }: PoolMember, job: Pick<Job, "operation" | "action">) {
  const account = new FakeAccount();
  account.addVm({ id: vmId!, hostname: `${username}.spoq.dev` });
  const touched: string[] = [];
  const session = () => {
    const opened = account.session();
    const snapshot = { get: async () => (touched.push(job.operation), null), create: async () => assert.fail("it is looked for first") };
    return { ...opened, client: { ...opened.client, virtualMachines: { ...opened.client.virtualMachines, snapshot } } };
  };
  const context = {
    boss: undefined, pool, databaseUrl: url, vms: { openSession: session, act: async () => void touched.push(job.operation) }, settings: { runLimitMinutes: 10 },
    secrets: [], workerId: "worker", hostId: "host", log: () => undefined, handOver: new AbortController().signal,
  };
  return { touched, done: performJob(context as never, { ...job, userId: memberId }, 0) };
}

describe("a member that is claimed just as a run is to begin with it", () => {
  for (const job of [{ operation: "power", action: "stop" }, { operation: "snapshot" }, { operation: "restore" }] as const) {
    it(`is the user's by then: its ${job.operation} is not done`, async () => {
      const the = world();
      await filled(1);
      const [member] = await members();
      const record = await the.signUp("alice");
      const { touched, done } = await inTransaction(pool, async (db) => {
        assert.ok(await claimFromPool(db, guarded, record));
        // Nobody else sees the claim yet.
        const work = worksOn(member!, job);
        await until("the run to come to the member", async () => work.touched.length > 0 || (await isWaitedForLock()));
        return work;
      });
      await done;
      assert.deepEqual([touched, (await listRuns(pool, member!.memberId)).items], [[], []]);
    });
  }
});

describe("a member with which a run begins just as a claim has chosen it", () => {
  for (const [count, gets] of [[1, "none"], [2, "another one"]] as const) {
    it(`is passed over: of ${count}, the user gets ${gets}`, async () => {
      const the = world();
      await filled(count);
      const record = await the.signUp("alice");
      let begun: string | undefined;
      const claimed = await inTransaction(pool, async (db: Queryable) => {
        const interrupted: Queryable = {
          async query<Row extends QueryResultRow>(...asked: Parameters<Queryable["query"]>) {
            const answer = await db.query<Row>(...asked);
            const chosen = typeof asked[0] === "string" && asked[0].includes("FOR UPDATE OF vps_pool_members") ? answer.rows[0]?.["memberId"] : undefined;
            if (chosen === undefined || begun !== undefined) return answer;
            begun = chosen as string;
            await startRun(pool, { runId: `run-of-${count}`, userId: begun, username: "pool", operation: "power", workerId: "worker", hostId: "host", pid: 1 });
            return answer;
          },
        };
        return await claimPoolMember(interrupted, record);
      });
      assert.ok(begun);
      assert.notEqual(claimed?.memberId, begun);
      assert.equal(claimed !== undefined, count === 2);
    });
  }
});
