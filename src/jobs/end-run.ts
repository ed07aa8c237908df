/** What the ends of a run have in common, and the end of one that has to wait. */
import { inTransaction, isDatabaseOutage } from "../db/index.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import type { OperationKind } from "../provisioning/operation.ts";
import type { RunRecorder } from "../provisioning/run-recorder.ts";
import { countPlaces } from "../purchases/index.ts";
import type { Wait } from "../purchases/index.ts";
import { setVpsStatus } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { closeRun, recordCancelled } from "./close-run.ts";
import type { Job } from "./job.ts";
import type { UserLock } from "./user-lock.ts";
import type { WorkerContext } from "./worker-context.ts";

/** How long to go on trying to write a result down while the database is away. */
const SAVE_LIMIT_MS = 10 * MINUTE_MS;

/** A bug or a broken database connection: neither has a code of the catalogue. */
export function codeOf(thrown: unknown): "DATABASE_FAILED" | "ENGINE_FAILED" {
  return isDatabaseOutage(thrown) ? "DATABASE_FAILED" : "ENGINE_FAILED";
}

/** One run of a job, whichever way it ends. */
export interface JobRun {
  readonly job: Job;
  readonly kind: OperationKind;
  readonly record: VpsRecord;
  readonly runId: string;
  readonly recorder: RunRecorder;
  /** How often the job was begun by a worker that did not end it. */
  readonly lostWorkers: number;
}

/** Ends a run that has to wait: no try is used up, and no job is left; who watches what is waited for sends the next. */
export async function recordWait(context: WorkerContext, { kind, record, runId, recorder }: JobRun, { kind: waitingKind, text }: Wait, seconds: number): Promise<void> {
  context.log(`${record.username}: waits: ${text}`);
  recorder.onLine(`waits: ${text}`);
  await recorder.flush();
  await untilSaved(context, undefined, async () => await inTransaction(context.pool, async (db) => {
    const ended = await closeRun(db, { userId: record.userId, runId }, { outcome: "waiting", message: text, seconds, resources: recorder.resources() });
    if (!ended) return;
    if (ended === "cancelled") return await recordCancelled(db, record.userId);
    await setVpsStatus(db, record.userId, { status: kind.waiting ?? record.status, phase: "queued", waitingKind, waitingFor: text });
    await countPlaces(db);
  }));
}

/**
 * Repeats a write while the database is away, so that a finished run is not done again for that alone; of a worker that is
 * to end, once more. What was not written is as of a worker that was lost: the run is ended so, and the job comes back.
 */
export async function untilSaved({ log, handOver }: Pick<WorkerContext, "log" | "handOver">, lock: UserLock | undefined, save: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + SAVE_LIMIT_MS;
  for (;;) {
    // Without the lock, somebody else may be writing by now.
    lock?.lost.throwIfAborted();
    try {
      return await save();
    } catch (error) {
      if (codeOf(error) !== "DATABASE_FAILED" || performance.now() > endMs || handOver.aborted) throw error;
      log(`the result of a run cannot be written yet: ${messageOf(error)}`);
      await sleep(SECOND_MS / 2, handOver).catch(() => undefined);
    }
  }
}
