import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { monotonicMs, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { inTransaction } from "../db/transaction.ts";
import { untilSaved } from "../jobs/end-run.ts";
import type { SessionLock } from "../jobs/session-lock.ts";
import {
  countFailedMembers, endMember, endRollOut, excuseInterruption, findRelease, findRollOut, hasAnySucceeded, isAnyWaiting, listMembers, mayBeTheReason, putBackMember, takeMember, takeMemberAgain,
  type ReleaseRecord, type RollOutMember, type RollOutRecord, type RunningMember,
} from "../records/index.ts";
import { releaseToVps, type ReleaseContext } from "./release-to-vps.ts";

const CLAIM_INTERVAL_MS = SECOND_MS / 2;
/** Of one member, as far as it may have been the reason: with the last of them it counts as failed, or a VPS by which runs are cut off would hold up all others for ever. */
const MOST_INTERRUPTIONS = 3;

export interface RollOutContext extends Omit<ReleaseContext, "db"> {
  readonly pool: Pool;
  /** Keeps all other processes from rolling out; undefined while one is. */
  readonly lockRollOuts: () => Promise<SessionLock | undefined>;
}

/** `signal` is aborted also if the hold on all roll-outs is lost. */
interface HeldContext extends RollOutContext {
  /** When the process is to end. */
  readonly handOver: AbortSignal;
}

/**
 * Brings a roll-out's release to its VPSs, wave by wave, and returns it as it is then: `succeeded`,
 * `stopped` by its failures, `cancelled` by somebody, or still open if this process's part is over.
 * Called again, also after kill -9, it goes on with those who are left. A VPS whose run was cut off
 * is done again first, which is safe (stacks/release.sh), also if the roll-out has ended since: what
 * was begun comes to its end, or fails with the third run that is cut off by what may be its own doing.
 *
 * @throws UserVpsError INPUT_INVALID if there is none; STACK_LOCKED while another process works on one
 */
export async function runRollOut(context: RollOutContext, rollOutId: string): Promise<RollOutRecord> {
  const lock = await context.lockRollOuts();
  if (!lock) throw new UserVpsError("STACK_LOCKED", "Another process is rolling out.", { next: "Let it end, or cancel the roll-out." });
  const ends = joinSignals({ signals: [context.signal, lock.lost] });
  try {
    return await underLock({ ...context, signal: ends.signal, handOver: context.signal }, rollOutId);
  } finally {
    ends.leave();
    await lock.release();
  }
}

async function underLock(context: HeldContext, rollOutId: string): Promise<RollOutRecord> {
  const { pool, log } = context;
  const rollOut = await existing(pool, rollOutId);
  const release = await findRelease(pool, rollOut.version);
  if (!release) throw new UserVpsError("INPUT_INVALID", `There is no release ${rollOut.version}.`);
  const members = await listMembers(pool, rollOutId);
  const cutOff: RollOutMember[] = [];
  for (const member of members) {
    if (!isRunning(member)) continue;
    if (member.interruptions + 1 < MOST_INTERRUPTIONS || !(await mayBeTheReason(pool, member))) cutOff.push(member);
    else await endMember(pool, member, { status: "failed", errorCode: "RUN_LOST", message: `Its run was cut off ${MOST_INTERRUPTIONS} times; the run's log tells where.` });
  }
  const late = new LateMembers(context.lockTimeoutMs);
  const isOver = !(await releaseToEach(context, rollOut, release, late, async (runId) => {
    const member = cutOff.shift();
    return member && (await takeMemberAgain(pool, member, runId));
  }));
  if (isOver || rollOut.outcome) return await existing(pool, rollOutId);

  const waves = new Set(members.map(({ wave }) => wave));
  const [first] = waves;
  for (const wave of waves) {
    log(`roll-out of ${rollOut.version}: wave ${wave} of ${waves.size}`);
    if (!(await releaseToWave(context, rollOut, release, late, { wave, isFirst: wave === first }))) return await existing(pool, rollOutId);
    if (await hasFailed(pool, rollOut)) {
      log(`roll-out of ${rollOut.version}: stopped by its failures in wave ${wave}`);
      await inTransaction(pool, (db) => endRollOut(db, rollOutId, "stopped"));
      return await existing(pool, rollOutId);
    }
  }
  await inTransaction(pool, (db) => endRollOut(db, rollOutId, "succeeded"));
  return await existing(pool, rollOutId);
}

/** Until none of the wave waits. @returns as `releaseToEach` */
async function releaseToWave(context: HeldContext, rollOut: RollOutRecord, release: ReleaseRecord, late: LateMembers, { wave, isFirst }: { readonly wave: number; readonly isFirst: boolean }): Promise<boolean> {
  const { pool, signal, closing } = context;
  const { rollOutId } = rollOut;
  for (;;) {
    // A wave in which all were skipped has shown nothing: one VPS has the release before several at once do.
    const isAlone = !isFirst && !(await hasAnySucceeded(pool, rollOutId));
    let taken = 0;
    const take = async (runId: string) => {
      if ((isAlone && taken > 0) || (await hasFailed(pool, rollOut))) return undefined;
      const member = await takeMember(pool, rollOutId, wave, runId, late.ofThisRound);
      if (member) taken++;
      return member;
    };
    if (!(await releaseToEach(context, isAlone ? { ...rollOut, concurrency: 1 } : rollOut, release, late, take))) return false;
    if ((await hasFailed(pool, rollOut)) || !(await isAnyWaiting(pool, rollOutId, wave))) return true;
    if (taken > 0) continue;
    // A signup is claiming one from a pool: it is there again, as the user's, once the signup is through or rolled back; and ready a little later.
    const isOver = joinSignals({ signals: [signal, closing] });
    await sleep(CLAIM_INTERVAL_MS, isOver.signal).catch(() => undefined);
    isOver.leave();
    late.beginRound();
  }
}

/**
 * Several at a time, until `take` has none for anybody. Ends when all that were begun have.
 *
 * @returns false if this process's part is over: it is to end, or has lost its hold
 */
async function releaseToEach(context: HeldContext, rollOut: RollOutRecord, release: ReleaseRecord, late: LateMembers, take: (runId: string) => Promise<RunningMember | undefined>): Promise<boolean> {
  const { pool, signal, closing } = context;
  const over = new AbortController();
  const isOver = joinSignals({ signals: [signal, closing, over.signal] });
  const work = async () => {
    while (!isOver.signal.aborted) {
      const member = await take(randomUUID());
      if (!member) return;
      const end = await releaseToVps({ ...context, db: pool }, { release, snapshot: rollOut.snapshot, requestedBy: rollOut.requestedBy, reason: rollOut.reason }, member);
      if (end === "passed on") continue;
      if (end === "interrupted" || end === "cut off") over.abort();
      if (end === "cut off") return;
      const mayWait = end === "not ready yet" && late.mayWait(member);
      // What a database that is away does not let be written would count against the VPS.
      await untilSaved(context, undefined, async () => {
        if (end === "interrupted") await excuseInterruption(pool, member);
        else if (mayWait) await putBackMember(pool, member);
        else await endMember(pool, member, end === "not ready yet" ? { status: "skipped", message: "The VPS did not become ready in time." } : end);
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: rollOut.concurrency }, () => work().catch((error: unknown) => {
    over.abort();
    throw error;
  })));
  isOver.leave();
  for (const one of ended) if (one.status === "rejected") throw one.reason;
  return !isOver.signal.aborted;
}

/** Those that were not ready when their turn came: each is taken again when the others of its wave are through, until the time is over. */
class LateMembers {
  readonly #limitMs: number;
  readonly #sinceMs = new Map<string, number>();
  readonly #round = new Set<string>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  mayWait({ userId }: RunningMember): boolean {
    const sinceMs = this.#sinceMs.get(userId) ?? monotonicMs();
    this.#sinceMs.set(userId, sinceMs);
    this.#round.add(userId);
    return monotonicMs() - sinceMs < this.#limitMs;
  }

  get ofThisRound(): readonly string[] {
    return [...this.#round];
  }

  beginRound(): void {
    this.#round.clear();
  }
}

function isRunning(member: RollOutMember): member is RunningMember {
  return member.status === "running" && member.runId !== null;
}

async function hasFailed(pool: Pool, { rollOutId, maxFailures }: RollOutRecord): Promise<boolean> {
  return (await countFailedMembers(pool, rollOutId)) >= maxFailures;
}

async function existing(pool: Pool, rollOutId: string): Promise<RollOutRecord> {
  const rollOut = await findRollOut(pool, rollOutId);
  if (!rollOut) throw new UserVpsError("INPUT_INVALID", `There is no roll-out ${rollOutId}.`);
  return rollOut;
}
