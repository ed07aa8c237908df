/** Drift's two queues: sweeps, and previews that somebody waits for. */
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import { HOUR_MS, SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { ask, createQuestionQueue } from "../jobs/questions.ts";
import type { FailedAnswer } from "../jobs/questions.ts";
import { ensureQueue, HEARTBEAT_SECONDS, inside } from "../jobs/queue.ts";
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

export const sweepJobSchema = z.object({ scheduled: z.boolean().default(false) });
export const driftJobSchema = z.object({ userId: z.string().min(1) });

/** What a worker answers. */
export type DriftAnswer = { readonly drift: StackDrift } | FailedAnswer;

export async function createDriftQueues(boss: PgBoss): Promise<void> {
  await ensureQueue(boss, SWEEP_QUEUE, { policy: "stately", retryLimit: 5, retryDelay: 5, heartbeatSeconds: HEARTBEAT_SECONDS, expireInSeconds: HOUR_MS / SECOND_MS, notify: true });
  await createQuestionQueue(boss, DRIFT_QUEUE);
}

/** How soon to look again whether another worker has ended its sweep. */
const AGAIN_SECONDS = 5;

/** However long the sweep takes that is under way: a try that failed would count, and what was asked for meanwhile be lost after a few. */
export async function sendSweepAgain(boss: PgBoss, scheduled: boolean): Promise<void> {
  await boss.send(SWEEP_QUEUE, { scheduled }, { singletonKey: scheduled ? SCHEDULED : ON_DEMAND, startAfter: AGAIN_SECONDS });
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

export function driftRequests(boss: PgBoss, answerLimitMs: number): DriftRequests {
  return {
    async requestSweep(db, requestedBy) {
      const waiting = await requestSweep(db, requestedBy);
      await boss.send(SWEEP_QUEUE, { scheduled: false }, { singletonKey: ON_DEMAND, ...inside(db) });
      return waiting;
    },
    stackDrift: (userId) => ask<{ readonly drift: StackDrift }>(boss, DRIFT_QUEUE, { userId }, answerLimitMs),
  };
}
