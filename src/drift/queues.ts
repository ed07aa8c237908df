/** Drift's two queues: sweeps, and previews that somebody waits for. */
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import { HOUR_MS, MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { HEARTBEAT_SECONDS, inside } from "../jobs/queue.ts";
import type { StackDrift } from "./stack-drift.ts";
import { requestSweep } from "./sweeps.ts";
import type { SweepRecord } from "./sweeps.ts";

export const SWEEP_QUEUE = "user-vps-sweeps";
export const DRIFT_QUEUE = "user-vps-drift";

/**
 * Of one key, a stately queue has at most one that waits and one that runs. The schedule has its own:
 * one that somebody asked for may still wait when its request was served already, and then does nothing.
 */
const ON_DEMAND = "on demand";
const SCHEDULED = "schedule";
const POLL_MS = 100;
const ANSWER_LIMIT_MS = MINUTE_MS;

export const sweepJobSchema = z.object({ scheduled: z.boolean().default(false) });
export const driftJobSchema = z.object({ userId: z.string().min(1) });

/** What a worker answers; an error is an answer too, and not to be tried again. */
export type DriftAnswer = { readonly drift: StackDrift } | { readonly error: string };

export async function createDriftQueues(boss: PgBoss): Promise<void> {
  await boss.createQueue(SWEEP_QUEUE, { policy: "stately", retryLimit: 5, retryDelay: 5, heartbeatSeconds: HEARTBEAT_SECONDS, expireInSeconds: HOUR_MS / SECOND_MS });
  await boss.createQueue(DRIFT_QUEUE, { policy: "standard", retryLimit: 0, expireInSeconds: (5 * MINUTE_MS) / SECOND_MS, deleteAfterSeconds: HOUR_MS / SECOND_MS });
}

/** `cron` as in crontab, UTC; undefined: no sweeps by themselves. All workers may call it. */
export async function scheduleSweeps(boss: PgBoss, cron: string | undefined): Promise<void> {
  if (cron) await boss.schedule(SWEEP_QUEUE, cron, { scheduled: true }, { tz: "UTC", singletonKey: SCHEDULED });
  else await boss.unschedule(SWEEP_QUEUE);
}

/** What the HTTP side has others do. */
export interface DriftRequests {
  /** Part of the caller's transaction. One that waits already serves for all. */
  requestSweep(db: Queryable, requestedBy: string): Promise<SweepRecord>;
  /** Has a worker preview the user's stack, and waits; undefined if no worker answers in time. */
  stackDrift(userId: string): Promise<DriftAnswer | undefined>;
}

export function driftRequests(boss: PgBoss, answerLimitMs: number = ANSWER_LIMIT_MS): DriftRequests {
  return {
    async requestSweep(db, requestedBy) {
      const waiting = await requestSweep(db, requestedBy);
      await boss.send(SWEEP_QUEUE, { scheduled: false }, { singletonKey: ON_DEMAND, ...inside(db) });
      return waiting;
    },
    async stackDrift(userId) {
      const id = await boss.send(DRIFT_QUEUE, { userId });
      const endMs = Date.now() + answerLimitMs;
      while (id && Date.now() < endMs) {
        const job = await boss.getJobById(DRIFT_QUEUE, id);
        if (job?.state === "completed") return job.output as unknown as DriftAnswer;
        if (job?.state === "failed") return { error: "The worker that was at it is gone." };
        await sleep(POLL_MS);
      }
      if (id) await boss.cancel(DRIFT_QUEUE, id);
      return undefined;
    },
  };
}
