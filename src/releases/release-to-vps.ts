import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { releaseSettings, type Release } from "../../stacks/release.ts";
import type { Queryable } from "../db/queryable.ts";
import { codeOf } from "../jobs/end-run.ts";
import type { UserLock } from "../jobs/user-lock.ts";
import type { Engine, RunHooks, StackRequest } from "../provisioning/engine.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { createRunRecorder } from "../provisioning/run-recorder.ts";
import { endLostRuns, findVpsByUserId, finishRun, startRun, type RunEnd, type VpsRecord } from "../records/index.ts";
import { noteSnapshot, type MemberEnd, type RunningMember } from "./records/index.ts";

export interface ReleaseContext {
  readonly db: Queryable;
  readonly engine: Engine;
  /** The user's stack as it is without a release. */
  readonly stackOf: (record: VpsRecord) => Promise<StackRequest>;
  /** Undefined while somebody else works on the user's VPS. */
  readonly lockUser: (userId: string) => Promise<UserLock | undefined>;
  /** How long to wait for that, 600 s unless given. */
  readonly lockTimeoutMs?: number;
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
}

const LOCK_INTERVAL_MS = SECOND_MS / 2;

/** Say nothing about the release: whoever has been interrupted so is to be done again. */
const INTERRUPTIONS: ReadonlySet<string> = new Set(["RUN_LOST", "DATABASE_FAILED"]);

/**
 * Brings a release to one user's VPS: `up` of the user's stack with the release's settings, as a
 * run of its own with log and outcome.
 *
 * @returns how it ended; undefined if it was interrupted, so that it is to be done again later
 */
export async function releaseToVps(context: ReleaseContext, order: ReleaseOrder, member: RunningMember): Promise<MemberEnd | undefined> {
  const { db, signal, closing, log } = context;
  let held: UserLock | undefined;
  try {
    held = await lock(context, member.userId);
    await endLostRuns(db, member.userId);
    const record = await findVpsByUserId(db, member.userId);
    if (record?.status !== "ready") return { status: "skipped", message: `The VPS is ${record?.status ?? "gone"}, not ready.` };
    return await run(context, held, order, record, member);
  } catch (error) {
    if (signal.aborted || (closing.aborted && !held)) return undefined;
    const errorCode = codeOfAny(error);
    log(`${member.username}: ${messageOf(error)}`);
    return INTERRUPTIONS.has(errorCode) ? undefined : { status: "failed", errorCode, message: messageOf(error) };
  } finally {
    await held?.release();
  }
}

async function lock({ lockUser, lockTimeoutMs = 600 * SECOND_MS, signal, closing }: ReleaseContext, userId: string): Promise<UserLock> {
  const endMs = Date.now() + lockTimeoutMs;
  const isOver = AbortSignal.any([signal, closing]);
  for (;;) {
    isOver.throwIfAborted();
    const held = await lockUser(userId);
    if (held) return held;
    if (Date.now() > endMs) throw new UserVpsError("STACK_LOCKED", "Another run of this user did not end in time.");
    await sleep(LOCK_INTERVAL_MS, isOver);
  }
}

async function run(context: ReleaseContext, held: UserLock, { release, snapshot }: ReleaseOrder, record: VpsRecord, member: RunningMember): Promise<MemberEnd | undefined> {
  const { db, engine, stackOf, takeSnapshot, workerId, hostId, secrets, log } = context;
  const { userId, username } = record;
  const { runId } = member;
  const { stackName, config } = await stackOf(record);
  const stack = { stackName, config: { ...config, ...releaseSettings(release) } };
  const redactor = createRedactor(...secrets);
  const recorder = createRunRecorder({ db, runId, userId, redactor, onError: (error) => log(`${username}: the run's log cannot be written: ${messageOf(error)}`) });
  const hooks: RunHooks = {
    runId,
    signal: AbortSignal.any([context.signal, held.cancelled]),
    killSignal: held.lost,
    onLine: recorder.onLine,
    // Phases are of a VPS that is on its way to be ready; this one is.
    onEvent: (event) => event.kind === "resource-ended" && recorder.onEvent(event),
  };
  const startedMs = performance.now();
  const finish = async (end: Omit<RunEnd, "seconds" | "resources">) => {
    await recorder.flush();
    await finishRun(db, runId, { ...end, seconds: Math.round(performance.now() - startedMs) / SECOND_MS, resources: recorder.resources() });
  };

  await startRun(db, { runId, userId, username, operation: "up", workerId, hostId, pid: process.pid });
  log(`${username}: release ${release.version} begins (run ${runId})`);
  try {
    await engine.clearLeftovers(stack, hooks);
    if (snapshot && !member.snapshotAt) {
      await takeSnapshot(record, hooks);
      await noteSnapshot(db, member);
    }
    const { changes } = await engine.up(stack, hooks);
    await finish({ outcome: "succeeded", resourceChanges: changes });
    log(`${username}: release ${release.version} succeeded`);
    return { status: "succeeded" };
  } catch (error) {
    const errorCode = codeOfAny(error);
    const message = redactor.redact(messageOf(error));
    const isInterrupted = context.signal.aborted || held.lost.aborted || INTERRUPTIONS.has(errorCode);
    recorder.onLine(message);
    await finish({ outcome: isInterrupted ? "lost" : errorCode === "CANCELLED" ? "cancelled" : "failed", errorCode, message });
    log(`${username}: release ${release.version} ${isInterrupted ? "was interrupted" : "failed"}: ${message}`);
    return isInterrupted ? undefined : { status: "failed", errorCode, message };
  }
}

function codeOfAny(error: unknown): string {
  return error instanceof UserVpsError ? error.code : codeOf(error);
}
