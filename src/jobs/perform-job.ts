import { randomUUID } from "node:crypto";
import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { inTransaction } from "../db/index.ts";
import type { Settings } from "../config/index.ts";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, inSeconds, sleep } from "../../providers/core/time.ts";
import { destroy } from "../provisioning/destroy.ts";
import type { Engine } from "../provisioning/engine.ts";
import type { OperationKind, VmPower } from "../provisioning/operation.ts";
import { power } from "../provisioning/power.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { refresh } from "../provisioning/refresh.ts";
import { createRunRecorder } from "../provisioning/run-recorder.ts";
import type { RunRecorder } from "../provisioning/run-recorder.ts";
import { up } from "../provisioning/up.ts";
import { findVpsByUserId, finishRun, openRunsOf, setVpsStatus, startRun } from "../records/index.ts";
import type { CredentialsCipher, RunEnd, VpsRecord } from "../records/index.ts";
import type { Job } from "./job.ts";
import { MOST_LOST_WORKERS, send } from "./queue.ts";
import { decide } from "./retry-policy.ts";
import { tryLockUser } from "./user-lock.ts";
import type { UserLock } from "./user-lock.ts";

export interface WorkerContext {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly engine: Engine;
  readonly vms: VmPower;
  readonly settings: Settings;
  readonly cipher: CredentialsCipher;
  readonly workerId: string;
  readonly hostId: string;
  /** Values that no log may hold. */
  readonly secrets: readonly string[];
  /** Aborted, with a UserVpsError RUN_LOST, when running work is to be handed over. */
  readonly handOver: AbortSignal;
  readonly log: (line: string) => void;
}

const OPERATIONS: Readonly<Record<Job["operation"], OperationKind>> = { up, destroy, refresh, power };

/** How soon to look again whether the user's other run has ended. */
const BUSY_DELAY_MS = 1 * SECOND_MS;
/** How long to go on trying to write a result down while the database is away. */
const SAVE_LIMIT_MS = 10 * 60 * SECOND_MS;

/**
 * Does one job: under the user's lock, as one run with a log and an outcome, and ends it in one
 * transaction with whatever follows from it. It fails only if even that cannot be written; then the
 * queue gives the job to somebody again.
 *
 * @param lostWorkers how often the job was begun by a worker that did not end it
 */
export async function performJob(context: WorkerContext, job: Job, lostWorkers: number): Promise<void> {
  const { boss, pool, databaseUrl, log } = context;
  const lock = await tryLockUser(databaseUrl, job.userId).catch((error: unknown) => log(messageOf(error)));
  if (!lock) return await send(boss, pool, job, BUSY_DELAY_MS);
  try {
    const record = await findVpsByUserId(pool, job.userId);
    if (!record || isOvertaken(job, record, lostWorkers)) return;
    for (const { runId, startedAt } of await openRunsOf(pool, job.userId)) {
      // Whoever had the lock before is gone without a word.
      await finishRun(pool, runId, { outcome: "lost", errorCode: "RUN_LOST", message: "The worker of this run is gone.", seconds: (Date.now() - startedAt.getTime()) / SECOND_MS });
    }
    await performRun(context, job, record, lock, lostWorkers);
  } finally {
    await lock.release();
  }
}

/** The record has moved on since the job was sent. */
function isOvertaken(job: Job, record: VpsRecord, lostWorkers: number): boolean {
  const isRepetition = lostWorkers > 0 || (job.attempt ?? 1) > 1;
  if (isRepetition && record.status === "ready" && job.operation === "up") return true;
  return !OPERATIONS[job.operation].from.includes(record.status);
}

async function performRun(context: WorkerContext, job: Job, record: VpsRecord, lock: UserLock, lostWorkers: number): Promise<void> {
  const { pool, engine, settings, cipher, vms, workerId, hostId, log } = context;
  const kind = OPERATIONS[job.operation];
  const runId = randomUUID();
  const { userId, username } = record;
  await startRun(pool, { runId, userId, username, operation: job.operation, workerId, hostId, pid: process.pid });
  log(`${username}: ${job.operation} begins (run ${runId})`);

  const redactor = createRedactor(...context.secrets);
  const recorder = createRunRecorder({ db: pool, runId, userId, redactor, onError: (error) => log(`${username}: the run's log cannot be written: ${messageOf(error)}`) });
  const signal = AbortSignal.any([lock.cancelled, context.handOver]);
  const hooks = { runId, signal, killSignal: lock.lost, onEvent: recorder.onEvent, onLine: recorder.onLine };
  const startedMs = performance.now();
  const seconds = () => Math.round(performance.now() - startedMs) / SECOND_MS;
  try {
    if (lostWorkers >= MOST_LOST_WORKERS) throw new UserVpsError("RUN_LOST", `${lostWorkers} workers have died over this.`);
    const operation = { pool, engine, settings, cipher, record, hooks, recorder, redactor, vms, powerAction: job.action };
    const result = await kind.run(operation);
    await recorder.flush();
    const end: RunEnd = { outcome: "succeeded", seconds: seconds(), resourceChanges: result.changes, resources: recorder.resources() };
    await untilSaved(context, lock, async () => await inTransaction(pool, async (db) => {
      await finishRun(db, runId, end);
      await result.save(db);
    }));
    log(`${username}: ${job.operation} succeeded in ${inSeconds(end.seconds * SECOND_MS)}`);
  } catch (thrown) {
    const error = thrown instanceof UserVpsError ? thrown : new UserVpsError(codeOf(thrown), messageOf(thrown), { cause: thrown });
    await recordFailure(context, { job, kind, record, runId, recorder, lostWorkers }, error, redactor.redact(error.message), seconds());
  }
}

/** A bug or a broken database connection: neither has a code of the catalogue. */
function codeOf(thrown: unknown): "DATABASE_FAILED" | "ENGINE_FAILED" {
  const { code } = thrown as { code?: unknown };
  const fromDatabase = typeof code === "string" && /^(57P0\d|08\w{3}|53\w{3}|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code);
  return fromDatabase || /Connection terminated|timeout exceeded when trying to connect/.test(messageOf(thrown)) ? "DATABASE_FAILED" : "ENGINE_FAILED";
}

interface FailedJob {
  readonly job: Job;
  readonly kind: OperationKind;
  readonly record: VpsRecord;
  readonly runId: string;
  readonly recorder: RunRecorder;
  readonly lostWorkers: number;
}

async function recordFailure(context: WorkerContext, failed: FailedJob, error: UserVpsError, message: string, seconds: number): Promise<void> {
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
    await finishRun(db, runId, { outcome, errorCode: error.code, message, seconds, resources: recorder.resources() });
    if (decision.kind === "again") {
      // A handed-over run has not failed, so it does not count.
      await send(boss, db, { ...job, attempt: handedOver ? (job.attempt ?? 1) : attempt + 1 }, decision.delayMs);
      const waitingFor = handedOver ? "another worker" : `the next try, in ${inSeconds(decision.delayMs)}`;
      if (kind.waiting) await setVpsStatus(db, userId, { status: kind.waiting, ...(kind.waiting === "queued" && { phase: "queued" }), ...details, waitingFor, nextStep: "Nothing: it is tried again by itself." });
      return;
    }
    const nextStep = decision.exhausted ? `It was tried ${attempt} times. ${error.next} Then have an operator retry it.` : error.next;
    if (kind.waiting) await setVpsStatus(db, userId, { status: "failed", ...details, nextStep });
  }));
}

/** Repeats a write while the database is away, so that a finished run is not done again for that alone. */
async function untilSaved(context: WorkerContext, lock: UserLock | undefined, save: () => Promise<void>): Promise<void> {
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
