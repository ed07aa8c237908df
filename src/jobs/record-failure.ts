/**
 * Ends a run that failed, in one transaction with what follows from it: the first of these that fits.
 *
 *     an operator has cancelled it                ──> failed, with that
 *     its purchase waits for something            ──> queued, until that is over
 *     the VPS of a pool has not become the user's ──> queued, for another VPS
 *     another worker goes on, or a try is left    ──> as it waits for that, with a job
 *     the data center has no VPS of the plan      ──> queued, for the next nearest
 *     none of them                                ──> failed, for somebody to look at
 */
import { inTransaction, isDatabaseOutage } from "../db/index.ts";
import type { Queryable } from "../db/index.ts";
import { messageOf } from "../../providers/core/errors.ts";
import type { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, inSeconds } from "../../providers/core/time.ts";
import { newVm } from "../provisioning/ask-to-buy.ts";
import { asksTheAccount, findOpenPurchase, readAccount, settleFailure } from "../purchases/index.ts";
import type { Aftermath, RunFailure } from "../purchases/index.ts";
import { endWait, moveToNextDataCenter, notePoolMemberFailed, setPoolMemberAside, setVpsStatus } from "../records/index.ts";
import type { RunEnd } from "../records/index.ts";
import { closeRun, recordCancelled } from "./close-run.ts";
import { untilSaved } from "./end-run.ts";
import type { JobRun } from "./end-run.ts";
import { MOST_LOST_WORKERS, send, sendAgain } from "./queue.ts";
import { isOutOfStock } from "./out-of-stock.ts";
import { isPoolMembersFault } from "./pool-members-fault.ts";
import { decide } from "./retry-policy.ts";
import type { Decision } from "./retry-policy.ts";
import type { WorkerContext } from "./worker-context.ts";

/** How long the account may be asked what became of a purchase. */
const ACCOUNT_LIMIT_MS = 30 * SECOND_MS;
const GOES_ON = "Nothing: it goes on by itself.";

interface Failure extends JobRun {
  readonly error: UserVpsError;
  /** What the error says, as it may be shown. */
  readonly message: string;
  /** The number of this try, from 1. */
  readonly attempt: number;
  /** The worker is to end: then it has not failed. */
  readonly isHandedOver: boolean;
}

export async function recordFailure(context: WorkerContext, run: JobRun, error: UserVpsError, message: string, seconds: number): Promise<void> {
  const { pool, settings, log, handOver } = context;
  const { job, record: { userId, username }, runId, recorder } = run;
  const failure: Failure = { ...run, error, message, attempt: (job.attempt ?? 0) + 1, isHandedOver: handOver.aborted && error === handOver.reason };
  const decision = decisionOn(failure);
  log(`${username}: ${job.operation} failed: ${message}`);
  recorder.onLine(message);
  await recorder.flush();
  const purchase = await purchaseAfter(context, failure, decision.kind === "park");
  const save = (resources: RunEnd["resources"]) => untilSaved(context, undefined, async () => await inTransaction(pool, async (db) => {
    const closed = await closeRun(db, { userId, runId }, { outcome: outcomeOf(failure), errorCode: error.code, message, seconds, resources });
    // Whoever has taken the user over from a worker that seemed lost has ended this run, and does what is left to do.
    if (!closed) return;
    // A run that is done again goes on with what was waited for.
    if (decision.kind === "park") await endWait(db, userId);
    const aftermath = job.operation === "up" ? await settleFailure(db, settings, purchase) : undefined;
    if (closed === "cancelled") return await recordCancelled(db, userId);
    if (aftermath) return await waitForPurchase(context, db, failure, aftermath);
    if (await takeAnotherVps(context, db, failure)) return;
    if (decision.kind === "again") return await goOnLater(context, db, failure, decision.delayMs);
    if (await goToNextDataCenter(context, db, failure, purchase)) return;
    await park(context, db, failure, decision.exhausted);
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

function decisionOn({ error, attempt, isHandedOver, lostWorkers }: Failure): Decision {
  if (isHandedOver) return { kind: "again", delayMs: 0 };
  if (lostWorkers >= MOST_LOST_WORKERS) return { kind: "park", exhausted: false };
  return decide(error.code, attempt);
}

function outcomeOf(failure: Failure): RunEnd["outcome"] {
  const { error: { code }, isHandedOver } = failure;
  if (isPaymentAwaited(failure)) return "waiting";
  if (isHandedOver || code === "RUN_LOST") return "lost";
  return code === "CANCELLED" ? "cancelled" : "failed";
}

/** The order stands: nothing has failed. */
function isPaymentAwaited({ job, error }: Failure): boolean {
  return job.operation === "up" && error.code === "AWAITING_PAYMENT";
}

/** What of a run's end concerns its purchase; the account is asked where it knows more. */
async function purchaseAfter({ engine, vms, purchases, log }: WorkerContext, { job, record, runId, error: { code }, message }: Failure, isAtRest: boolean): Promise<RunFailure> {
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

async function waitForPurchase({ boss }: WorkerContext, db: Queryable, failure: Failure, { wait, againMs }: Aftermath): Promise<void> {
  const { job: { operation }, record: { userId } } = failure;
  if (againMs !== undefined) await send(boss, db, { operation, userId }, { delayMs: againMs });
  const why = isPaymentAwaited(failure) ? {} : { ...saidOf(failure), nextStep: GOES_ON };
  await setVpsStatus(db, userId, { status: "queued", phase: "queued", waitingKind: wait.kind, waitingFor: wait.text, ...why });
}

/** The user is not left with less than without a pool: the next run gets another VPS. */
async function takeAnotherVps({ boss }: WorkerContext, db: Queryable, failure: Failure): Promise<boolean> {
  const { job, record, error, message, attempt, isHandedOver } = failure;
  const { userId } = record;
  if (job.operation !== "up" || isHandedOver || !isPoolMembersFault(record, error, attempt) || !(await setPoolMemberAside(db, userId, message))) return false;
  await endWait(db, userId);
  await send(boss, db, { operation: "up", userId });
  await setVpsStatus(db, userId, { status: "queued", phase: "queued", ...saidOf(failure), waitingFor: "another VPS: the one that was ready did not come to be the user's", nextStep: GOES_ON });
  return true;
}

async function goOnLater({ boss }: WorkerContext, db: Queryable, failure: Failure, delayMs: number): Promise<void> {
  const { job, kind, record: { userId }, error, attempt, isHandedOver } = failure;
  // A handed-over run has not failed, so it does not count; but it was begun.
  await sendAgain(boss, db, isHandedOver ? { ...job, isTakenOver: true } : { ...job, attempt }, delayMs);
  // Whoever has taken a lost lock by now says what is going on.
  const isOurs = isHandedOver || error.code !== "RUN_LOST";
  if (!kind.waiting || !isOurs) return;
  const waitingFor = isHandedOver ? "another worker" : `the next try, in ${inSeconds(delayMs)}`;
  await setVpsStatus(db, userId, { status: kind.waiting, ...(kind.waiting === "queued" && { phase: "queued" }), ...saidOf(failure), waitingFor, nextStep: "Nothing: it is tried again by itself." }, kind.from);
}

/** Nothing is ordered elsewhere by itself while something may have been ordered here. */
async function goToNextDataCenter({ boss }: WorkerContext, db: Queryable, failure: Failure, { account }: RunFailure): Promise<boolean> {
  const { userId } = failure.record;
  const nextCenter = isNotSoldThere(failure) && account?.state === "none" ? await moveToNextDataCenter(db, userId) : undefined;
  if (nextCenter === undefined) return false;
  await send(boss, db, { operation: "up", userId });
  await setVpsStatus(db, userId, { status: "queued", phase: "queued", ...saidOf(failure), waitingFor: `data center ${nextCenter}: the one before has no VPS of this plan`, nextStep: "Nothing: the next nearest data center is tried." });
  return true;
}

async function park({ settings }: WorkerContext, db: Queryable, failure: Failure, isExhausted: boolean): Promise<void> {
  const { job, kind, record: { userId, isPooled }, message } = failure;
  if (!kind.waiting) return;
  await setVpsStatus(db, userId, { status: "failed", ...saidOf(failure), nextStep: nextStepOf(failure, isExhausted) });
  if (isPooled && job.operation === "up") await notePoolMemberFailed(db, userId, message, settings.poolFailures);
}

function nextStepOf(failure: Failure, isExhausted: boolean): string {
  const { record: { username }, error: { next }, attempt } = failure;
  if (isNotSoldThere(failure)) return `Choose another data center or plan: \`user-vps retry ${username} --data-center ID\` or \`--plan PLAN\`.`;
  return isExhausted ? `It was tried ${attempt} times. ${next} Then have an operator retry it.` : next;
}

function isNotSoldThere({ job, error, message }: Failure): boolean {
  return job.operation === "up" && isOutOfStock(error.code, message);
}

function saidOf({ error, message }: Failure): { readonly errorCode: string; readonly reason: string } {
  return { errorCode: error.code, reason: message };
}
