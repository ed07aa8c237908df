import { randomUUID } from "node:crypto";
import { inTransaction, storableText } from "../db/index.ts";
import type { Queryable } from "../db/index.ts";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { MINUTE_MS, SECOND_MS, inSeconds } from "../../providers/core/time.ts";
import { currentTraceparent, inSpan, isTracing } from "../../providers/core/tracing.ts";
import { destroy } from "../provisioning/destroy.ts";
import type { OperationKind } from "../provisioning/operation.ts";
import { power } from "../provisioning/power.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { refresh } from "../provisioning/refresh.ts";
import { createRunRecorder } from "../provisioning/run-recorder.ts";
import { restore } from "../provisioning/restore.ts";
import { snapshot } from "../provisioning/snapshot.ts";
import { up } from "../provisioning/up.ts";
import { endWait, findVpsByUserId, hasBeenUpSince, isSuspended, lockVps, startRun, traceparentOfWait } from "../records/index.ts";
import type { RunEnd, VpsRecord } from "../records/index.ts";
import { closeRun, endLostRuns } from "./close-run.ts";
import { codeOf, recordWait, untilSaved } from "./end-run.ts";
import type { JobRun } from "./end-run.ts";
import { recordFailure } from "./record-failure.ts";
import { recordNotYet } from "./record-not-yet.ts";
import type { Job } from "./job.ts";
import { END_GRACE_MS, startRunLimit } from "./run-limit.ts";
import { MOST_LOST_WORKERS, sendAgain } from "./queue.ts";
import { tryLockUser } from "./user-lock.ts";
import type { UserLock } from "./user-lock.ts";
import type { WorkerContext } from "./worker-context.ts";

const OPERATIONS: Readonly<Record<Job["operation"], OperationKind>> = { up, destroy, refresh, power, snapshot, restore };

/** How soon to look again whether the user's other run has ended. */
const BUSY_DELAY_MS = 1 * SECOND_MS;

/**
 * Does one job: under the user's lock, as one run with a log and an outcome, and ends it in one
 * transaction with whatever follows from it. It fails only if even that cannot be written; then the
 * queue gives the job to somebody again.
 *
 * @param lostWorkers how often the job was begun by a worker that did not end it
 * @returns false if the user's lock could not be had, or the worker is to end, and the job is to be done later
 */
export async function performJob(context: WorkerContext, job: Job, lostWorkers: number): Promise<boolean> {
  const { boss, pool, databaseUrl, handOver, log } = context;
  const later = async (): Promise<false> => {
    await sendAgain(boss, pool, lostWorkers > 0 ? { ...job, isTakenOver: true } : job, BUSY_DELAY_MS);
    return false;
  };
  const lock = await tryLockUser(databaseUrl, job.userId).catch((error: unknown) => log(messageOf(error)));
  if (!lock) return await later();
  try {
    await endLostRuns(pool, job.userId);
    const user = await findVpsByUserId(pool, job.userId);
    if (!user) return true;
    // Fetched just before the worker was to end: nothing of it begins, and no run is recorded that did nothing.
    if (handOver.aborted) return await later();
    const parent = job.traceparent ?? (isTracing() ? await traceparentOfWait(pool, job.userId) : undefined);
    await inSpan({ name: `job ${job.operation}`, kind: "consumer", parent, attributes: { "user_vps.username": user.username, "user_vps.attempt": job.attempt ?? 0 } }, async () => {
      const traced = { ...job, traceparent: parent ?? currentTraceparent() };
      const begun = await beginRun(context, traced, lostWorkers);
      if (begun) await performRun(context, traced, begun, lock, lostWorkers);
    });
    return true;
  } finally {
    await lock.release();
  }
}

function isRepetition(job: Job, lostWorkers: number): boolean {
  return lostWorkers > 0 || job.attempt !== undefined || job.isTakenOver === true;
}

/** The record has moved on since the job was sent. */
async function isOvertaken(db: Queryable, job: Job, record: VpsRecord, lostWorkers: number): Promise<boolean> {
  if (job.whileSuspended) return !(await isSuspended(db, job.userId));
  // Of a ready user the worker may have been lost before it began with what was asked for: only a run tells that it is done.
  if (isRepetition(job, lostWorkers) && record.status === "ready" && job.operation === "up" && job.sentAt && (await hasBeenUpSince(db, job.userId, job.sentAt))) return true;
  return !OPERATIONS[job.operation].from.includes(record.status);
}

interface BegunRun {
  readonly runId: string;
  readonly record: VpsRecord;
}

/**
 * After a signup that is just claiming this very VPS from a pool, whose record then says so; from then on none does, for a
 * run is at it. @returns undefined if the job was overtaken
 */
async function beginRun({ pool, workerId, hostId }: WorkerContext, job: Job, lostWorkers: number): Promise<BegunRun | undefined> {
  const { userId, operation, traceparent } = job;
  return await inTransaction(pool, async (db) => {
    await lockVps(db, userId);
    const record = await findVpsByUserId(db, userId);
    if (!record || (await isOvertaken(db, job, record, lostWorkers))) return undefined;
    const runId = randomUUID();
    await startRun(db, { runId, userId, username: record.username, operation, workerId, hostId, pid: process.pid, traceparent });
    return { runId, record };
  });
}

async function performRun(context: WorkerContext, job: Job, { runId, record }: BegunRun, lock: UserLock, lostWorkers: number): Promise<void> {
  const { pool, engine, settings, cipher, vms, dns, purchases, log } = context;
  const kind = OPERATIONS[job.operation];
  const { userId, username } = record;
  log(`${username}: ${job.operation} begins (run ${runId})`);

  const redactor = createRedactor(...context.secrets);
  const recorder = createRunRecorder({ db: pool, runId, userId, redactor, onError: (error) => log(`${username}: the run's log cannot be written: ${messageOf(error)}`) });
  const run: JobRun = { job, kind, record, runId, recorder, lostWorkers };
  const limit = startRunLimit(settings.runLimitMinutes * MINUTE_MS, END_GRACE_MS);
  const ends = joinSignals({ signals: [lock.cancelled, context.handOver, limit.over] });
  const { signal } = ends;
  const hooks = { runId, signal, killSignal: AbortSignal.any([lock.lost, limit.kill]), refuseLost: lock.refuseLost, onEvent: recorder.onEvent, onLine: recorder.onLine, redact: (text: string) => redactor.redact(text) };
  const startedMs = performance.now();
  const seconds = () => Math.round(performance.now() - startedMs) / SECOND_MS;
  try {
    signal.throwIfAborted();
    if (lostWorkers >= MOST_LOST_WORKERS) throw new UserVpsError("RUN_LOST", `${lostWorkers} workers have died over this.`, { next: "See in the workers' own logs what ended them; then have an operator retry it." });
    const operation = { pool, engine, settings, cipher, record, hooks, recorder, redactor, vms, dns, purchases, overdue: job.overdue, isRepetition: isRepetition(job, lostWorkers), powerAction: job.action, sentAt: job.sentAt };
    const result = await limit.hold(inSpan({ name: `run ${job.operation}`, attributes: { "user_vps.run_id": runId, "user_vps.username": username } }, async () => kind.run(operation)));
    if ("wait" in result) return await recordWait(context, run, result.wait, seconds());
    await recorder.flush();
    const end: RunEnd = { outcome: "succeeded", seconds: seconds(), resourceChanges: result.changes, resources: recorder.resources() };
    await untilSaved(context, lock, async () => await inTransaction(pool, async (db) => {
      // Whoever has taken the user over from a worker that stood still has ended this run, and the world has moved on since.
      if (!(await closeRun(db, { userId, runId }, end))) throw new UserVpsError("RUN_LOST", "The run was ended before it could write its result down.");
      await endWait(db, userId);
      await result.save(db);
    }));
    log(`${username}: ${job.operation} succeeded in ${inSeconds(end.seconds * SECOND_MS)}`);
  } catch (thrown) {
    const error = thrown instanceof UserVpsError ? thrown : new UserVpsError(codeOf(thrown), messageOf(thrown), { cause: thrown });
    if (error.code === "NOT_YET" && (await recordNotYet(context, run, error, seconds()))) return;
    await recordFailure(context, run, error, storableText(redactor.redact(error.message)), seconds());
  } finally {
    ends.leave();
    limit.clear();
  }
}
