import type { JobWithMetadata } from "pg-boss";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { Listener } from "../db/listener.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { jobSchema } from "./job.ts";
import type { Job } from "./job.ts";
import { performJob } from "./perform-job.ts";
import type { WorkerContext } from "./worker-context.ts";
import { HEARTBEAT_SECONDS, isOfPool, QUEUE, sendAgain } from "./queue.ts";
import { RunningWork } from "./running-work.ts";
import { stopWork } from "./stop-work.ts";
import { WAKE_CHANNEL } from "./wake.ts";
import { startPurchaseTurns } from "./purchase-turns.ts";
import { startFindingMissingJobs } from "./missing-jobs.ts";

export interface Worker {
  /**
   * Takes no more jobs, lets the running ones finish for `graceMs`, and hands over what is left.
   * Called again with 0, it hands over at once.
   */
  stop(graceMs: number): Promise<void>;
}

/** For what is to be done later and for what another worker left or handed over; of what is asked for, `wakeWorkers` tells. */
const POLL_SECONDS = 1;
/** How soon a pool's job looks again for a slot. */
const POOL_DELAY_MS = 1 * SECOND_MS;

export type WorkerSetup = Omit<WorkerContext, "handOver">;

export async function startWorker(setup: WorkerSetup): Promise<Worker> {
  const { boss, settings, databaseUrl, log } = setup;
  const handOver = new AbortController();
  const context: WorkerContext = { ...setup, handOver: handOver.signal };
  const running = new RunningWork();
  const forPools = new RunningWork();
  // One slot is kept for people, if there are two.
  const mostForPools = Math.max(1, settings.workerConcurrency - 1);

  /** @returns whether the next one is taken at once: not where jobs only come back, or the queue would be run through without an end */
  const handle = async ([job]: JobWithMetadata<object>[]): Promise<boolean> => {
    const parsed = jobSchema.safeParse(job?.data);
    if (!job || !parsed.success) {
      log(`a job that is none was dropped: ${job?.id}`);
      return true;
    }
    const asked: Job = { sentAt: job.createdOn.toISOString(), ...parsed.data };
    try {
      if (isOfPool(job) && forPools.size >= mostForPools) {
        await sendAgain(boss, context.pool, asked, POOL_DELAY_MS);
        return false;
      }
      const work = performJob(context, asked, job.retryCount);
      return await running.track(isOfPool(job) ? forPools.track(work) : work);
    } catch (error) {
      log(`job ${job.id} failed, the queue has it done again: ${messageOf(error)}`);
      throw error;
    }
  };
  const options = { includeMetadata: true, batchSize: 1, pollingIntervalSeconds: POLL_SECONDS, heartbeatRefreshSeconds: HEARTBEAT_SECONDS / 4 } as const;
  const startOne = async (): Promise<string> => {
    const worker = { id: "" };
    worker.id = await boss.work(QUEUE, options, async (jobs: JobWithMetadata<object>[]) => {
      if (await handle(jobs)) boss.notifyWorker(worker.id);
    });
    return worker.id;
  };
  const workers: string[] = [];
  const wake = () => { for (const worker of workers) boss.notifyWorker(worker); };
  // What a dead worker left is not announced, so this does not replace looking.
  const listener = new Listener({ url: databaseUrl, channel: WAKE_CHANNEL, name: "user-vps jobs wait", onNotify: wake, onGap: wake });
  // Before any job is taken: where it fails, there is no worker yet that could stop what was begun.
  await listener.start();
  workers.push(...(await Promise.all(Array.from({ length: settings.workerConcurrency }, startOne))));
  const missingJobs = startFindingMissingJobs(context);
  const turns = startPurchaseTurns(context);

  return {
    async stop(graceMs) {
      const others = Promise.all([missingJobs.stop(), turns.stop(), listener.close()]);
      if (await running.endedWithin(graceMs, Promise.all([stopWork(boss, QUEUE, log), others]))) return;
      log(`${running.size} running jobs are handed over`);
      handOver.abort(new UserVpsError("RUN_LOST", "The worker was shut down; the run is handed over to another."));
      await running.ended();
    },
  };
}

