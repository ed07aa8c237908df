import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { releaseSettings, type Release } from "../../stacks/release.ts";
import type { Queryable } from "../db/queryable.ts";
import type { Engine, StackRequest } from "../provisioning/engine.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { appendRunLog, findVpsByUserId, finishRun, startRun, type VpsRecord } from "../records/index.ts";
import type { MemberEnd } from "./records/index.ts";

/** Holds off every other run of the user; see src/jobs/user-lock.ts. */
export interface HeldUser {
  readonly lost: AbortSignal;
  readonly cancelled: AbortSignal;
  release(): Promise<void>;
}

export interface ReleaseContext {
  readonly db: Queryable;
  readonly engine: Engine;
  /** The user's stack as it is without a release. */
  readonly stackOf: (record: VpsRecord) => StackRequest;
  /** Undefined while somebody else works on the user's VPS. */
  readonly lockUser: (userId: string) => Promise<HeldUser | undefined>;
  /** How long to wait for that, 600 s unless given. */
  readonly lockTimeoutMs?: number;
  /** The process, as it stands with every run. */
  readonly workerId: string;
  readonly hostId: string;
  /** Values that no log may hold. */
  readonly secrets: readonly string[];
  readonly log: (line: string) => void;
  /** Aborted, with a UserVpsError, when the process is to end: what is under way is asked to stop. */
  readonly signal: AbortSignal;
}

const LOCK_INTERVAL_MS = SECOND_MS / 2;

/**
 * Brings a release to one user's VPS: `up` of the user's stack with the release's settings, as a
 * run of its own with log and outcome.
 *
 * @returns how it ended; undefined if the process is to end, so that it is to be done again later
 */
export async function releaseToVps(context: ReleaseContext, release: Release, userId: string, runId: string): Promise<MemberEnd | undefined> {
  const { db, signal } = context;
  let held: HeldUser | undefined;
  try {
    held = await lock(context, userId);
    const record = await findVpsByUserId(db, userId);
    if (record?.status !== "ready") return { status: "skipped", message: `The VPS is ${record?.status ?? "gone"}, not ready.` };
    return await run(context, held, release, record, runId);
  } catch (error) {
    if (signal.aborted) return undefined;
    return { status: "failed", errorCode: codeOf(error), message: messageOf(error) };
  } finally {
    await held?.release();
  }
}

async function lock({ lockUser, lockTimeoutMs = 600 * SECOND_MS, signal }: ReleaseContext, userId: string): Promise<HeldUser> {
  const endMs = Date.now() + lockTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const held = await lockUser(userId);
    if (held) return held;
    if (Date.now() > endMs) throw new UserVpsError("STACK_LOCKED", "Another run of this user did not end in time.");
    await sleep(LOCK_INTERVAL_MS, signal);
  }
}

async function run(context: ReleaseContext, held: HeldUser, release: Release, record: VpsRecord, runId: string): Promise<MemberEnd | undefined> {
  const { db, engine, stackOf, workerId, hostId, secrets, log } = context;
  const { userId, username } = record;
  const { stackName, config } = stackOf(record);
  const stack = { stackName, config: { ...config, ...releaseSettings(release) } };
  const redactor = createRedactor(...secrets);
  const lines: string[] = [];
  const signal = AbortSignal.any([context.signal, held.cancelled]);
  const hooks = { runId, signal, killSignal: held.lost, onLine: (line: string) => void lines.push(redactor.redact(line)) };
  const startedMs = performance.now();
  const seconds = () => Math.round(performance.now() - startedMs) / SECOND_MS;

  await startRun(db, { runId, userId, username, operation: "up", workerId, hostId, pid: process.pid });
  log(`${username}: release ${release.version} begins (run ${runId})`);
  try {
    await engine.clearLeftovers(stack, hooks);
    const { changes } = await engine.up(stack, hooks);
    await appendRunLog(db, runId, lines);
    await finishRun(db, runId, { outcome: "succeeded", seconds: seconds(), resourceChanges: changes });
    log(`${username}: release ${release.version} succeeded`);
    return { status: "succeeded" };
  } catch (error) {
    const errorCode = codeOf(error);
    const message = redactor.redact(messageOf(error));
    const handedOver = context.signal.aborted;
    await appendRunLog(db, runId, [...lines, message]);
    await finishRun(db, runId, { outcome: handedOver ? "lost" : errorCode === "CANCELLED" ? "cancelled" : "failed", errorCode, message, seconds: seconds() });
    log(`${username}: release ${release.version} failed: ${message}`);
    return handedOver ? undefined : { status: "failed", errorCode, message };
  }
}

function codeOf(error: unknown): string {
  return error instanceof UserVpsError ? error.code : "ENGINE_FAILED";
}
