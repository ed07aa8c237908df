/**
 * Whether a snapshot that was asked for is made, or was made already, whatever the clocks of HTTP, worker and Hostinger tell.
 * The engine is not used; PostgreSQL, the queue and the sandbox's API are real.
 */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { jobSchema } from "../../src/jobs/job.ts";
import type { Job } from "../../src/jobs/job.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { QUEUE_SCHEMA, send } from "../../src/jobs/queue.ts";
import { listRuns } from "../../src/records/index.ts";
import type { Fault } from "../../src/sandbox/http/faults.ts";
import { withOneVm } from "../support/one-vm-world.ts";
import { until } from "../support/until.ts";
import { hostinger } from "./sandbox-support.ts";

const { pool, sandbox, boss, vmId, userId, worker } = await withOneVm();

let before = 0;
beforeEach(async () => {
  for (const table of ["vps_runs", `${QUEUE_SCHEMA}.job`]) await pool.query(`DELETE FROM ${table}`);
  sandbox.clearFaults();
  before = orders().length;
});

const orders = () => sandbox.state().vms.find(({ id }) => id === vmId)!.actions.filter(({ name }) => name === "create_snapshot");
const made = () => orders().length - before;
const outcomes = async () => (await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => errorCode ?? outcome).toReversed();
const MINUTE = 60;

/** Asked for so long ago; versions before wrote down what the clock of HTTP told then, which may be another one. */
async function asked(secondsAgo: number, httpSecondsAhead: number): Promise<Job> {
  const { rows: [at] } = await pool.query<{ sent: Date }>("SELECT clock_timestamp() - make_interval(secs => $1) AS sent", [secondsAgo]);
  return { operation: "snapshot", userId, sentAt: at!.sent.toISOString(), requestedAt: new Date(at!.sent.getTime() + httpSecondsAhead * 1_000).toISOString() } as Job;
}
const perform = (job: Job, lostWorkers = 0, handOver?: AbortSignal) => performJob(worker(handOver), job, lostWorkers);
/** What waits to be done. */
async function again(): Promise<Job> {
  const { rows: [left] } = await pool.query<{ data: object }>(`SELECT data FROM ${QUEUE_SCHEMA}.job WHERE state = 'created'`);
  return jobSchema.loose().parse(left?.data);
}
const failOnce = (fault: Fault) => sandbox.addFault({ api: "hostinger", method: "POST", path: `/api/vps/v1/virtual-machines/${vmId}/snapshot`, fault });
const snapshotOfBefore = async () => {
  assert.equal((await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${vmId}/snapshot`)).status, 200);
  await until("the snapshot", () => orders().every(({ state }) => state === "success"));
  before++;
};

describe("a snapshot that is asked for", () => {
  for (const [clock, seconds] of [["ten minutes behind", -10 * MINUTE], ["sixteen minutes behind", -16 * MINUTE], ["an hour ahead", 60 * MINUTE]] as const) {
    it(`is made by the second try after one that made none, though there is an earlier one, where the clock of HTTP is ${clock}`, async () => {
      await snapshotOfBefore();
      failOnce({ kind: "status", status: 503 });
      await perform(await asked(1, seconds));
      await perform(await again());
      assert.deepEqual([made(), await outcomes()], [1, ["API_UNAVAILABLE", "succeeded"]]);
    });
  }

  for (const [clock, seconds] of [["right", 0], ["a minute ahead", MINUTE]] as const) {
    it(`is made once where the answer to its order was lost, and the clock of HTTP is ${clock}`, async () => {
      failOnce({ kind: "drop-after" });
      await perform(await asked(1, seconds));
      await perform(await again());
      assert.deepEqual([made(), await outcomes()], [1, ["API_UNREACHABLE", "succeeded"]]);
    });
  }

  it("is made once where the worker is to end while it is made: the next one waits for it", async () => {
    const handOver = new AbortController();
    const job = perform(await asked(1, MINUTE), 0, handOver.signal);
    await until("the order", () => made() === 1);
    handOver.abort(new UserVpsError("RUN_LOST", "The worker is to end."));
    await job;
    await perform(await again());
    assert.deepEqual([made(), await outcomes()], [1, ["RUN_LOST", "succeeded"]]);
    assert.ok(orders().every(({ state }) => state === "success"));
  });

  it("is made once where the worker was killed after it: its job comes back as it was", async () => {
    const job = await asked(1, MINUTE);
    await perform(job);
    await perform(job, 1);
    assert.deepEqual([made(), await outcomes()], [1, ["succeeded", "succeeded"]]);
  });

  it("is made anew for who asks once more, though the worker was killed that was at the one before", async () => {
    await perform(await asked(1, 0));
    await perform(await asked(0, 0), 1);
    assert.equal(made(), 2);
  });

  it("is not made late, whatever the clock of HTTP told: it might hold what it was to guard against", async () => {
    for (const secondsAhead of [0, 120 * MINUTE]) await perform(await asked(120 * MINUTE, secondsAhead));
    assert.deepEqual([made(), await outcomes()], [0, ["CANCELLED", "CANCELLED"]]);
  });
});

describe("what is asked for while its job waits", () => {
  it("is asked for now, and not when that job was sent first", async () => {
    await send(boss, pool, { operation: "snapshot", userId }, { delayMs: 3_600_000 });
    await pool.query(`UPDATE ${QUEUE_SCHEMA}.job SET created_on = created_on - interval '1 hour'`);
    assert.equal((await again()).sentAt, undefined, "as pg-boss tells it");
    await send(boss, pool, { operation: "snapshot", userId });
    const { rows } = await pool.query(`SELECT (data ->> 'sentAt')::timestamptz > clock_timestamp() - interval '30 minutes' AS "isNow" FROM ${QUEUE_SCHEMA}.job`);
    assert.deepEqual(rows, [{ isNow: true }]);
    assert.equal((await again()).operation, "snapshot", "it is read as any job");
  });
});
