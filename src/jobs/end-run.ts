import { inTransaction, isDatabaseOutage } from "../db/index.ts";
import { messageOf } from "../../providers/core/errors.ts";
import type { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, inSeconds, sleep } from "../../providers/core/time.ts";
import type { OperationKind } from "../provisioning/operation.ts";
import type { RunRecorder } from "../provisioning/run-recorder.ts";
import { newVm } from "../provisioning/ask-to-buy.ts";
import { asksTheAccount, countPlaces, findOpenPurchase, readAccount, settleFailure } from "../purchases/index.ts";
import type { RunFailure, Wait } from "../purchases/index.ts";
import { endWait, moveToNextDataCenter, notePoolMemberFailed, setPoolMemberAside, setVpsStatus } from "../records/index.ts";
import type { RunEnd, VpsRecord } from "../records/index.ts";
import { closeRun, recordCancelled } from "./close-run.ts";
import type { Job } from "./job.ts";
import { MOST_LOST_WORKERS, send, sendAgain } from "./queue.ts";
import { isOutOfStock } from "./out-of-stock.ts";
import { isPoolMembersFault } from "./pool-members-fault.ts";
import { decide } from "./retry-policy.ts";
import type { UserLock } from "./user-lock.ts";
import type { WorkerContext } from "./worker-context.ts";

/** How long the account may be asked what became of a purchase. */
const ACCOUNT_LIMIT_MS = 30 * SECOND_MS;

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
  const { boss, pool, settings, log, handOver } = context;
  const { job, kind, record, runId, recorder, lostWorkers } = failed;
  const { userId, username } = record;
  const attempt = (job.attempt ?? 0) + 1;
  const handedOver = handOver.aborted && error === handOver.reason;
  const decision = handedOver ? { kind: "again" as const, delayMs: 0 } : lostWorkers >= MOST_LOST_WORKERS ? { kind: "park" as const, exhausted: false } : decide(error.code, attempt);
  log(`${username}: ${job.operation} failed: ${message}`);
  recorder.onLine(message);
  await recorder.flush();
  const outcome = handedOver || error.code === "RUN_LOST" ? "lost" : error.code === "CANCELLED" ? "cancelled" : "failed";
  const details = { errorCode: error.code, reason: message };
  const purchase = await purchaseAfter(context, failed, error, message, decision.kind === "park");
  const save = (resources: RunEnd["resources"]) => untilSaved(context, undefined, async () => await inTransaction(pool, async (db) => {
    const isAwaited = job.operation === "up" && error.code === "AWAITING_PAYMENT";
    const ended = await closeRun(db, { userId, runId }, { outcome: isAwaited ? "waiting" : outcome, errorCode: error.code, message, seconds, resources });
    // Whoever has taken the user over from a worker that seemed lost has ended this run, and does what is left to do.
    if (!ended) return;
    // A run that is done again goes on with what was waited for.
    if (decision.kind === "park") await endWait(db, userId);
    const aftermath = job.operation === "up" ? await settleFailure(db, context.settings, purchase) : undefined;
    if (ended === "cancelled") return await recordCancelled(db, userId);
    if (aftermath) {
      if (aftermath.againMs !== undefined) await send(boss, db, { operation: job.operation, userId }, { delayMs: aftermath.againMs });
      const nextStep = "Nothing: it goes on by itself.";
      return void (await setVpsStatus(db, userId, { status: "queued", phase: "queued", waitingKind: aftermath.wait.kind, waitingFor: aftermath.wait.text, ...(!isAwaited && { ...details, nextStep }) }));
    }
    // The user is not left with less than without a pool: the next run gets another VPS.
    if (job.operation === "up" && !handedOver && isPoolMembersFault(record, error, attempt) && (await setPoolMemberAside(db, userId, message))) {
      await endWait(db, userId);
      await send(boss, db, { operation: "up", userId });
      return void (await setVpsStatus(db, userId, { status: "queued", phase: "queued", ...details, waitingFor: "another VPS: the one that was ready did not come to be the user's", nextStep: "Nothing: it goes on by itself." }));
    }
    if (decision.kind === "again") {
      // A handed-over run has not failed, so it does not count; but it was begun.
      await sendAgain(boss, db, handedOver ? { ...job, isTakenOver: true } : { ...job, attempt }, decision.delayMs);
      const waitingFor = handedOver ? "another worker" : `the next try, in ${inSeconds(decision.delayMs)}`;
      // Whoever has taken a lost lock by now says what is going on.
      const isOurs = handedOver || error.code !== "RUN_LOST";
      if (kind.waiting && isOurs) await setVpsStatus(db, userId, { status: kind.waiting, ...(kind.waiting === "queued" && { phase: "queued" }), ...details, waitingFor, nextStep: "Nothing: it is tried again by itself." }, kind.from);
      return;
    }
    const hasNoStock = job.operation === "up" && isOutOfStock(error.code, message);
    // Nothing is ordered elsewhere by itself while something may have been ordered here.
    const nextCenter = hasNoStock && purchase.account?.state === "none" ? await moveToNextDataCenter(db, userId) : undefined;
    if (nextCenter !== undefined) {
      await send(boss, db, { operation: "up", userId });
      return void (await setVpsStatus(db, userId, { status: "queued", phase: "queued", ...details, waitingFor: `data center ${nextCenter}: the one before has no VPS of this plan`, nextStep: "Nothing: the next nearest data center is tried." }));
    }
    const nextStep = hasNoStock ? `Choose another data center or plan: \`user-vps retry ${username} --data-center ID\` or \`--plan PLAN\`.` : decision.exhausted ? `It was tried ${attempt} times. ${error.next} Then have an operator retry it.` : error.next;
    if (!kind.waiting) return;
    await setVpsStatus(db, userId, { status: "failed", ...details, nextStep });
    if (record.isPooled && job.operation === "up") await notePoolMemberFailed(db, userId, message, settings.poolFailures);
  }));
  try {
    await save(recorder.resources());
  } catch (thrown) {
    if (isDatabaseOutage(thrown)) throw thrown;
    // What the run did is the larger part of what is written, and the only one that is not of this program's making: a run that cannot be ended would be done again and again.
    log(`${username}: the run is ended without what it did: ${messageOf(thrown)}`);
    await save(null);
  }
}

/** What of a run's end concerns its purchase; the account is asked where it knows more. */
async function purchaseAfter({ engine, vms, purchases, log }: WorkerContext, { job, record, runId }: FailedJob, { code }: UserVpsError, message: string, isAtRest: boolean): Promise<RunFailure> {
  const { userId, username, requestedAt } = record;
  const failure: RunFailure = { userId, askedAt: requestedAt, code, message, isAtRest, vmId: undefined, account: undefined };
  const open = job.operation === "up" ? await findOpenPurchase(purchases.guard.pool, userId).catch(() => undefined) : undefined;
  if (!open || open.state === "waiting") return failure;
  const found = await engine.vms(username).catch(() => undefined);
  if (!found) return failure;
  const vmId = newVm(found, open.changeId === null ? undefined : (record.hostingerVmId ?? undefined));
  if (vmId === undefined && !asksTheAccount(code, isAtRest)) return failure;
  const session = vms.openSession({ signal: AbortSignal.timeout(ACCOUNT_LIMIT_MS), report: (text) => log(`${username}: run ${runId}: ${text}`) });
  return { ...failure, vmId, account: await readAccount(purchases.account, session, open.hostname) };
}

/** Ends a run that has to wait: no try is used up, and no job is left; who watches what is waited for sends the next. */
export async function recordWait(context: WorkerContext, { kind, record, runId, recorder }: FailedJob, { kind: waitingKind, text }: Wait, seconds: number): Promise<void> {
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
