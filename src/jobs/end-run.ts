import { inTransaction, isDatabaseOutage } from "../db/index.ts";
import { messageOf } from "../../providers/core/errors.ts";
import type { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, inSeconds, sleep } from "../../providers/core/time.ts";
import type { OperationKind } from "../provisioning/operation.ts";
import type { RunRecorder } from "../provisioning/run-recorder.ts";
import { finishRun, setVpsStatus } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import type { Job } from "./job.ts";
import { MOST_LOST_WORKERS, send } from "./queue.ts";
import { decide } from "./retry-policy.ts";
import type { UserLock } from "./user-lock.ts";
import type { WorkerContext } from "./worker-context.ts";

/** How long to go on trying to write a result down while the database is away. */
const SAVE_LIMIT_MS = 10 * MINUTE_MS;

/** A bug or a broken database connection: neither has a code of the catalogue. */
export function codeOf(thrown: unknown): "DATABASE_FAILED" | "ENGINE_FAILED" {
  return isDatabaseOutage(thrown) ? "DATABASE_FAILED" : "ENGINE_FAILED";
}

export interface FailedJob {
  readonly job: Job;
  readonly kind: OperationKind;
  readonly record: VpsRecord;
  readonly runId: string;
  readonly recorder: RunRecorder;
  readonly lostWorkers: number;
}

/**
 * Ends a run that failed: tried again later by a new job, or parked for somebody to look at. An
 * error by which the run was handed over counts as no failure.
 */
export async function recordFailure(context: WorkerContext, failed: FailedJob, error: UserVpsError, message: string, seconds: number): Promise<void> {
  const { boss, pool, log, handOver } = context;
  const { job, kind, record, runId, recorder, lostWorkers } = failed;
  const { userId, username } = record;
  const attempt = (job.attempt ?? 0) + 1;
  const handedOver = handOver.aborted && error === handOver.reason;
  const decision = handedOver ? { kind: "again" as const, delayMs: 0 } : lostWorkers >= MOST_LOST_WORKERS ? { kind: "park" as const, exhausted: true } : decide(error.code, attempt);
  log(`${username}: ${job.operation} failed: ${message}`);
  recorder.onLine(message);
  await recorder.flush();
  const outcome = handedOver || error.code === "RUN_LOST" ? "lost" : error.code === "CANCELLED" ? "cancelled" : "failed";
  const details = { errorCode: error.code, reason: message };
  await untilSaved(context, undefined, async () => await inTransaction(pool, async (db) => {
    const isEndedHere = await finishRun(db, runId, { outcome, errorCode: error.code, message, seconds, resources: recorder.resources() });
    // Whoever has taken the user over from a worker that seemed lost has ended this run, and does what is left to do.
    if (!isEndedHere) return;
    if (decision.kind === "again") {
      // A handed-over run has not failed, so it does not count.
      await send(boss, db, handedOver ? job : { ...job, attempt }, decision.delayMs);
      const waitingFor = handedOver ? "another worker" : `the next try, in ${inSeconds(decision.delayMs)}`;
      // Whoever has taken a lost lock by now says what is going on.
      const isOurs = handedOver || error.code !== "RUN_LOST";
      if (kind.waiting && isOurs) await setVpsStatus(db, userId, { status: kind.waiting, ...(kind.waiting === "queued" && { phase: "queued" }), ...details, waitingFor, nextStep: "Nothing: it is tried again by itself." });
      return;
    }
    const nextStep = decision.exhausted ? `It was tried ${attempt} times. ${error.next} Then have an operator retry it.` : error.next;
    if (kind.waiting) await setVpsStatus(db, userId, { status: "failed", ...details, nextStep });
  }));
}

/** Repeats a write while the database is away, so that a finished run is not done again for that alone. */
export async function untilSaved(context: WorkerContext, lock: UserLock | undefined, save: () => Promise<void>): Promise<void> {
  const endMs = Date.now() + SAVE_LIMIT_MS;
  for (;;) {
    // Without the lock, somebody else may be writing by now.
    lock?.lost.throwIfAborted();
    try {
      return await save();
    } catch (error) {
      if (codeOf(error) !== "DATABASE_FAILED" || Date.now() > endMs) throw error;
      context.log(`the result of a run cannot be written yet: ${messageOf(error)}`);
      await sleep(SECOND_MS / 2);
    }
  }
}
