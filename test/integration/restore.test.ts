/** A user's VM goes back to its snapshot: only to one that is the user's, and once. The engine is not used; PostgreSQL, the queue and the sandbox's API are real. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { jobSchema } from "../../src/jobs/job.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { QUEUE_SCHEMA } from "../../src/jobs/queue.ts";
import { listRuns } from "../../src/records/index.ts";
import { withOneVm } from "../support/one-vm-world.ts";
import { hostinger } from "./sandbox-support.ts";

const { pool, sandbox, vmId, userId, worker } = await withOneVm();
beforeEach(async () => {
  for (const table of ["vps_runs", `${QUEUE_SCHEMA}.job`]) await pool.query(`DELETE FROM ${table}`);
  await pool.query("UPDATE user_vps SET ready_at = now() - interval '1 hour', snapshot_vm_id = NULL");
});

const restores = () => sandbox.state().vms.find(({ id }) => id === vmId)!.actions.filter(({ name }) => name === "restore_snapshot").length;
/** As a roll-out made it while the VM was a pool's, or its VPS not yet its user's. */
const snapshotOfBefore = () => hostinger(sandbox, "POST", `vps/v1/virtual-machines/${vmId}/snapshot`).then(({ status }) => assert.equal(status, 200));
const outcomes = async () => (await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => [outcome, errorCode]);
const jobsLeft = async () => (await pool.query<{ data: object }>(`SELECT data FROM ${QUEUE_SCHEMA}.job WHERE state = 'created'`)).rows.map(({ data }) => jobSchema.parse(data));

describe("restoring a snapshot", () => {
  it("puts the VM back to one that was made since the VPS was ready for its user", async () => {
    const before = restores();
    await performJob(worker(), { operation: "snapshot", userId }, 0);
    await performJob(worker(), { operation: "restore", userId }, 0);
    assert.deepEqual([restores() - before, await outcomes()], [1, [["succeeded", null], ["succeeded", null]]]);
  });

  it("puts it back to the user's own where PostgreSQL's clock was ahead of Hostinger's when the VPS was ready", async () => {
    const before = restores();
    await pool.query("UPDATE user_vps SET ready_at = now() + interval '1 hour'");
    await performJob(worker(), { operation: "snapshot", userId }, 0);
    await performJob(worker(), { operation: "restore", userId }, 0);
    assert.deepEqual([restores() - before, await outcomes()], [1, [["succeeded", null], ["succeeded", null]]]);
  });

  it("is refused for one of a pool's time, also where PostgreSQL's clock was behind when the VPS was ready", async () => {
    const before = restores();
    await snapshotOfBefore();
    await pool.query("UPDATE user_vps SET ready_at = now() - interval '30 minutes'");
    await performJob(worker(), { operation: "restore", userId }, 0);
    assert.deepEqual([restores() - before, await outcomes()], [0, [["failed", "INPUT_INVALID"]]]);
  });

  it("is refused for one that was made before the VPS was ready, and for one of another VM that the user had", async () => {
    const before = restores();
    await pool.query("UPDATE user_vps SET ready_at = NULL");
    await performJob(worker(), { operation: "snapshot", userId }, 0);
    await pool.query("UPDATE user_vps SET ready_at = now()");
    await performJob(worker(), { operation: "restore", userId }, 0);
    await pool.query("UPDATE user_vps SET snapshot_vm_id = $1", [vmId - 1]);
    await performJob(worker(), { operation: "restore", userId }, 0);
    assert.deepEqual([restores() - before, await outcomes()], [0, [["failed", "INPUT_INVALID"], ["failed", "INPUT_INVALID"], ["succeeded", null]]]);
  });

  it("that a worker hands over when it is to end is not done again by the next one: the user may have worked since", async () => {
    const before = restores();
    await pool.query("UPDATE user_vps SET snapshot_vm_id = hostinger_vm_id");
    const handOver = new AbortController();
    const job = performJob(worker(handOver.signal), { operation: "restore", userId }, 0);
    for (const endMs = Date.now() + 60_000; restores() === before; await new Promise((resume) => setTimeout(resume, 5))) assert.ok(Date.now() < endMs, "waited in vain for the order");
    handOver.abort(new UserVpsError("RUN_LOST", "The worker is to end."));
    await job;
    const [again] = await jobsLeft();
    await pool.query("UPDATE vps_runs SET started_at = started_at - interval '1 minute'");
    await performJob(worker(), again!, 0);
    assert.deepEqual([restores() - before, await outcomes()], [1, [["cancelled", "CANCELLED"], ["lost", "RUN_LOST"]]]);
  });
});
