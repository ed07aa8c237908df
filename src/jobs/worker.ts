import type { JobWithMetadata } from "pg-boss";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { Listener } from "../db/listener.ts";
import { jobSchema } from "./job.ts";
import type { Job } from "./job.ts";
import { performJob } from "./perform-job.ts";
import type { WorkerContext } from "./worker-context.ts";
import { HEARTBEAT_SECONDS, QUEUE } from "./queue.ts";
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

export type WorkerSetup = Omit<WorkerContext, "handOver">;

export async function startWorker(setup: WorkerSetup): Promise<Worker> {
  const { boss, settings, databaseUrl, log } = setup;
  const handOver = new AbortController();
  const context: WorkerContext = { ...setup, handOver: handOver.signal };
  const running = new RunningWork();

  /** @returns whether the next one is taken at once: not where jobs only come back, or the queue would be run through without an end */
  const handle = async ([job]: JobWithMetadata<object>[]): Promise<boolean> => {
    const parsed = jobSchema.safeParse(job?.data);
    if (!job || !parsed.success) {
      log(`a job that is none was dropped: ${job?.id}`);
      return true;
    }
    const asked: Job = { sentAt: job.createdOn.toISOString(), ...parsed.data };
    try {
      return await running.track(performJob(context, asked, job.retryCount));
    } catch (error) {
      log(`job ${job.id} failed, the queue has it done again: ${messageOf(error)}`);
      throw error;
    }
  };
  const options = {
    includeMetadata: true, batchSize: 1, pollingIntervalSeconds: POLL_SECONDS, heartbeatRefreshSeconds: HEARTBEAT_SECONDS / 4,
    localConcurrency: settings.workerConcurrency,
    // Of what may last long and is no signup (queue.ts): one slot is kept for signups, if there are two.
    localGroupConcurrency: Math.max(1, settings.workerConcurrency - 1),
  } as const;
  const wake = () => { for (const { id, name } of boss.getWipData()) if (name === QUEUE) boss.notifyWorker(id); };
  // What a dead worker left is not announced, so this does not replace looking.
  const listener = new Listener({ url: databaseUrl, channel: WAKE_CHANNEL, name: "user-vps jobs wait", onNotify: wake, onGap: wake });
  // Before any job is taken: where it fails, there is no worker yet that could stop what was begun.
  await listener.start();
  await boss.work(QUEUE, options, async (jobs: JobWithMetadata<object>[]) => {
    if (await handle(jobs)) wake();
  });
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

