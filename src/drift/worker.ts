/** The worker's side of drift: takes sweeps and previews from their queues. */
import type { PgBoss } from "pg-boss";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { answerQuestions, LONGEST_ANSWER_MS } from "../jobs/questions.ts";
import { HEARTBEAT_SECONDS, NOTIFIED_POLLING } from "../jobs/queue.ts";
import { RunningWork } from "../jobs/running-work.ts";
import { stopWork } from "../jobs/stop-work.ts";
import { findVpsByUserId } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { performSweep } from "./perform-sweep.ts";
import type { PerformSweepOptions } from "./perform-sweep.ts";
import { createDriftQueues, DRIFT_QUEUE, driftJobSchema, scheduleSweeps, sendSweepAgain, SWEEP_QUEUE, sweepJobSchema } from "./queues.ts";
import { watchForRepairs } from "./second-look.ts";
import type { StackDrift } from "./stack-drift.ts";

export interface DriftWorkerOptions extends Omit<PerformSweepOptions, "signal"> {
  /** Started with `schedule: true`, or nothing comes by the schedule. */
  readonly boss: PgBoss;
  readonly driftOf: (user: VpsRecord, signal?: AbortSignal) => Promise<StackDrift>;
  readonly redact: (text: string) => string;
  /** As in crontab, UTC. */
  readonly cron?: string | undefined;
}

export interface DriftWorker {
  /** Ends what is under way: nothing of it changes anything, and a sweep is done again by another worker. */
  stop(): Promise<void>;
}

export async function startDriftWorker(options: DriftWorkerOptions): Promise<DriftWorker> {
  const { boss, driftOf, cron, redact, log } = options;
  const { pool } = options.sweep;
  const stopping = new AbortController();
  const running = new RunningWork();

  await createDriftQueues(boss);
  await scheduleSweeps(boss, cron);
  const previews = await answerQuestions({
    boss, redact, log, queue: DRIFT_QUEUE, limitMs: LONGEST_ANSWER_MS, schema: driftJobSchema,
    async answer({ userId }, signal) {
      const user = await findVpsByUserId(pool, userId);
      if (!user) throw new UserVpsError("INPUT_INVALID", "There is no such user.");
      return { drift: await driftOf(user, signal) };
    },
  });
  await boss.work(SWEEP_QUEUE, { ...NOTIFIED_POLLING, heartbeatRefreshSeconds: HEARTBEAT_SECONDS / 4 }, async ([job]) => {
    const { scheduled } = sweepJobSchema.parse(job?.data ?? {});
    await running.track(performSweep({ ...options, sweep: { ...options.sweep, driftOf }, signal: stopping.signal }, scheduled)).catch(async (error: unknown) => {
      if (error instanceof UserVpsError && error.code === "STACK_LOCKED") return await sendSweepAgain(boss, scheduled);
      log(`the sweep failed: ${messageOf(error)}`);
      throw error;
    });
  });
  const repairs = watchForRepairs(options.sweep, log);

  return {
    async stop() {
      const stopped = stopWork(boss, SWEEP_QUEUE, log);
      stopping.abort(new UserVpsError("RUN_LOST", "The worker was shut down."));
      await Promise.all([stopped, previews.stop(), repairs.stop()]);
      await running.ended();
    },
  };
}
