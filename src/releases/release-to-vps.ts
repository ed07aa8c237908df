import type { Pool } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { inSeconds, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { releaseSettings, type Release } from "../../stacks/release.ts";
import type { Queryable } from "../db/queryable.ts";
import { inTransaction } from "../db/transaction.ts";
import { endLostRuns } from "../jobs/close-run.ts";
import { codeOf } from "../jobs/end-run.ts";
import type { UserLock } from "../jobs/user-lock.ts";
import type { Engine, RunHooks, StackRequest } from "../provisioning/engine.ts";
import { isOfKilledEngine } from "../provisioning/pulumi-command.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { createRunRecorder } from "../provisioning/run-recorder.ts";
import { CREDENTIALS_OUTPUTS } from "../provisioning/stack-outputs.ts";
import { findPoolMember, findVpsByUserId, finishRun, isGettingReady, lockVps, noteOwnSnapshot, saveCredentials, startRun, type CredentialsCipher, type RunEnd, type VpsRecord } from "../records/index.ts";
import { isStillTaken, noteSnapshot, passOnMember, type MemberEnd, type RunningMember } from "../records/index.ts";

export interface ReleaseContext {
  readonly db: Pool;
  readonly engine: Engine;
  readonly cipher: CredentialsCipher;
  /** The user's stack as it is without a release. */
  readonly stackOf: (record: VpsRecord) => Promise<StackRequest>;
  /** Undefined while somebody else works on the user's VPS. */
  readonly lockUser: (userId: string) => Promise<UserLock | undefined>;
  /** How long to wait for that, and for a VPS that is about to be ready. */
  readonly lockTimeoutMs: number;
  /** How long one VPS may take, from the moment it is worked on. */
  readonly limitMs: number;
  /** How long what was asked to stop may take to, before nobody waits for it any more. */
  readonly stopLimitMs: number;
  /** Throws VM_MISMATCH if the user's VM is called as another user's. */
  readonly refuseNamesOfOthers: (record: VpsRecord, hooks: RunHooks) => Promise<void>;
  readonly takeSnapshot: (record: VpsRecord, hooks: RunHooks) => Promise<void>;
  /** The process, as it stands with every run. */
  readonly workerId: string;
  readonly hostId: string;
  /** Values that no log may hold. */
  readonly secrets: readonly string[];
  readonly log: (line: string) => void;
  /** Aborted when nothing more is to be begun. What is under way goes on. */
  readonly closing: AbortSignal;
  /** Aborted, with a UserVpsError, when the process is to end: what is under way is asked to stop. */
  readonly signal: AbortSignal;
}

export interface ReleaseOrder {
  readonly release: Release;
  readonly snapshot: boolean;
  /** Who has it rolled out, and why. */
  readonly requestedBy: string;
  readonly reason: string;
}

/** But for that of one VPS, which is a setting. */
export const RELEASE_LIMITS = { lockTimeoutMs: 600 * SECOND_MS, stopLimitMs: 60 * SECOND_MS } as const;
const LOCK_INTERVAL_MS = SECOND_MS / 2;

/** Errors of this program's own, before an engine is started: they say nothing about the release. */
const INTERRUPTIONS: ReadonlySet<string> = new Set(["RUN_LOST", "DATABASE_FAILED"]);

/**
 * Brings a release to one user's VPS: `up` of the user's stack with the release's settings, as a
 * run of its own with log and outcome.
 *
 * @returns how it ended; `not ready yet` of one that is being worked on or taken over, of which nothing was begun;
 *   `passed on` of a pool's member whose VM a user has got, who waits for the release in its place;
 *   `cut off` if its engine was killed, which may be the VPS's doing; `interrupted` if something else is known to have kept
 *   it from its end. Both are to be done again later
 */
export async function releaseToVps(context: ReleaseContext, order: ReleaseOrder, member: RunningMember): Promise<MemberEnd | "not ready yet" | "passed on" | "cut off" | "interrupted"> {
  const { db, signal, closing, log } = context;
  let held: UserLock | undefined;
  try {
    held = await lock(context, member);
    if (!(await isStillTaken(db, member))) return { status: "skipped" };
    await endLostRuns(db, member.userId);
    const { record, owner } = await readLocked(db, member.userId);
    if (owner) return (await passOnMember(db, member, owner)) ? "passed on" : { status: "skipped", message: `Its VM is that of ${owner.username} by now.` };
    // A user who has just got a VPS from a pool, for one: it is ready in seconds.
    if (record && isGettingReady(record.status)) return "not ready yet";
    if (record?.status !== "ready") return { status: "skipped", message: `The VPS is ${record?.status ?? "gone"}, not ready.` };
    return await run(context, held, order, record, member);
  } catch (error) {
    if (signal.aborted || (closing.aborted && !held)) return "interrupted";
    const errorCode = codeOfAny(error);
    log(`${member.username}: ${messageOf(error)}`);
    return INTERRUPTIONS.has(errorCode) ? "interrupted" : { status: "failed", errorCode, message: messageOf(error) };
  } finally {
    await held?.release();
  }
}

/** After a signup that is just claiming the VPS from a pool: from then on none does, for a roll-out is at it. */
async function readLocked(pool: Pool, userId: string): Promise<{ readonly record: VpsRecord | undefined; readonly owner: { readonly userId: string; readonly username: string } | undefined }> {
  return await inTransaction(pool, async (db) => {
    await lockVps(db, userId);
    const record = await findVpsByUserId(db, userId);
    const { claimedBy = null, claimedByUsername = null } = (record?.isPooled && (await findPoolMember(db, userId))) || {};
    return { record, owner: claimedBy === null || claimedByUsername === null ? undefined : { userId: claimedBy, username: claimedByUsername } };
  });
}

async function lock({ db, lockUser, lockTimeoutMs, signal, closing }: ReleaseContext, member: RunningMember): Promise<UserLock> {
  const endMs = performance.now() + lockTimeoutMs;
  const isOver = joinSignals({ signals: [signal, closing] });
  try {
    for (;;) {
      isOver.signal.throwIfAborted();
      const held = await lockUser(member.userId);
      if (held) return held;
      if (!(await isStillTaken(db, member))) throw new UserVpsError("CANCELLED", "An operator has skipped it.");
      if (performance.now() > endMs) throw new UserVpsError("STACK_LOCKED", "Another run of this user did not end in time.");
      await sleep(LOCK_INTERVAL_MS, isOver.signal);
    }
  } finally {
    isOver.leave();
  }
}

async function run(context: ReleaseContext, held: UserLock, { release, snapshot, requestedBy, reason }: ReleaseOrder, record: VpsRecord, member: RunningMember): Promise<MemberEnd | "cut off" | "interrupted"> {
  const { db, engine, cipher, stackOf, refuseNamesOfOthers, takeSnapshot, workerId, hostId, secrets, log, limitMs, stopLimitMs } = context;
  const { userId, username } = record;
  const { runId } = member;
  const { stackName, config } = await stackOf(record);
  const stack = { stackName, config: { ...config, ...releaseSettings(release) } };
  const redactor = createRedactor(...secrets);
  const recorder = createRunRecorder({ db, runId, userId, redactor, onError: (error) => log(`${username}: the run's log cannot be written: ${messageOf(error)}`) });
  await startRun(db, { runId, userId, username, operation: "up", workerId, hostId, pid: process.pid }, { kind: "release", requestedBy, reason: `${release.version}: ${reason}` });
  log(`${username}: release ${release.version} begins (run ${runId})`);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new UserVpsError("RELEASE_TIMED_OUT", `Release ${release.version} did not come to its end on the VPS within ${inSeconds(limitMs)}.`)), limitMs);
  const kill = new AbortController();
  const ends = joinSignals({ signals: [context.signal, held.cancelled, limit.signal] });
  const { signal } = ends;
  const hooks: RunHooks = {
    runId,
    signal,
    killSignal: AbortSignal.any([held.lost, kill.signal]),
    refuseLost: held.refuseLost,
    onLine: recorder.onLine,
    redact: (text) => redactor.redact(text),
    // Phases are of a VPS that is on its way to be ready; this one is.
    onEvent: (event) => event.kind === "resource-ended" && recorder.onEvent(event),
  };
  const startedMs = performance.now();
  /** @returns false, and writes nothing, if whoever has taken the user over has ended the run */
  const finish = async (end: Omit<RunEnd, "seconds" | "resources">, save: (db: Queryable) => Promise<unknown> = async () => undefined) => {
    await recorder.flush();
    return await inTransaction(db, async (within) => {
      await lockVps(within, userId);
      const isEndedHere = await finishRun(within, runId, { ...end, seconds: Math.round(performance.now() - startedMs) / SECOND_MS, resources: recorder.resources() });
      if (isEndedHere) await save(within);
      return isEndedHere;
    });
  };

  const work = async () => {
    // An `up` would make a stack around nothing, or new credentials over a VPS in use.
    const isInStack = (await engine.vms(stackName)).some(({ isLeftOver }) => !isLeftOver);
    if (!isInStack) throw new UserVpsError("STACK_WITHOUT_VM", `The stack ${stackName} of ${username}, who is ready, has no VM; nothing was done.`);
    await refuseNamesOfOthers(record, hooks);
    await engine.clearInterruptedRun(stack, hooks);
    if (snapshot && !member.snapshotAt) {
      await takeSnapshot(record, hooks);
      await noteOwnSnapshot(db, record);
      await noteSnapshot(db, member);
    }
    // The state tells what was released last by a run that succeeded: the VPS may have another by now, or the same half-way.
    return await engine.up(stack, hooks, { again: ["release", "health"] });
  };
  try {
    const { changes, outputs } = await endedInTime(work(), signal, stopLimitMs, kill);
    // New credentials that were asked for are made by whichever run comes first. Those of what waits in a pool nobody is shown.
    const credentials = CREDENTIALS_OUTPUTS.safeParse(outputs);
    const isEndedHere = await finish({ outcome: "succeeded", resourceChanges: changes }, async (within) => {
      if (!credentials.success || record.isPooled) return;
      const { credentialsCreatedAt, ...shown } = credentials.data;
      await saveCredentials(within, cipher, userId, { username: "spoq", ...shown }, record.credentialsRotation, credentialsCreatedAt);
    });
    if (!isEndedHere) return "interrupted";
    log(`${username}: release ${release.version} succeeded`);
    return { status: "succeeded" };
  } catch (thrown) {
    // However the engine says that it was stopped: this is why.
    const error: unknown = limit.signal.aborted && !context.signal.aborted ? limit.signal.reason : thrown;
    const errorCode = codeOfAny(error);
    const message = redactor.redact(messageOf(error));
    // By facts alone: what a failure says may be what the VPS has said. The engine's own word on its database is none of that.
    const isInterrupted = context.signal.aborted || held.lost.aborted || errorCode === "DATABASE_FAILED";
    const cutOff = isInterrupted ? "interrupted" : isOfKilledEngine(error) ? "cut off" : undefined;
    recorder.onLine(message);
    await finish({ outcome: cutOff ? "lost" : errorCode === "CANCELLED" ? "cancelled" : "failed", errorCode, message });
    log(`${username}: release ${release.version} ${cutOff ? `was ${cutOff}` : "failed"}: ${message}`);
    return cutOff ?? { status: "failed", errorCode, message };
  } finally {
    ends.leave();
    clearTimeout(timer);
  }
}

/** Work that does not heed its signal is killed, and not waited for: it holds up neither the worker nor the roll-out. */
async function endedInTime<T>(work: Promise<T>, signal: AbortSignal, stopLimitMs: number, kill: AbortController): Promise<T> {
  const overdue = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => {
      kill.abort(signal.reason);
      overdue.reject(signal.reason);
    }, stopLimitMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, overdue.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}

function codeOfAny(error: unknown): string {
  return error instanceof UserVpsError ? error.code : codeOf(error);
}
