import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import type { SessionLock } from "../jobs/session-lock.ts";
import {
  countFailedMembers, endMember, endRollOut, findRelease, findRollOut, isAnyWaiting, listMembers, takeMember, takeMemberAgain,
  type ReleaseRecord, type RollOutRecord, type RunningMember,
} from "../records/index.ts";
import { releaseToVps, type ReleaseContext } from "./release-to-vps.ts";

const CLAIM_INTERVAL_MS = SECOND_MS / 2;

export interface RollOutContext extends Omit<ReleaseContext, "db"> {
  readonly pool: Pool;
  /** Keeps all other processes from rolling out; undefined while one is. */
  readonly lockRollOuts: () => Promise<SessionLock | undefined>;
}

/**
 * Brings a roll-out's release to its VPSs, wave by wave, and returns it as it is then: `succeeded`,
 * `stopped` by its failures, `cancelled` by somebody, or still open if this process's part is over.
 * Called again, also after kill -9, it goes on with those who are left. A VPS whose run was cut off
 * is done again first, which is safe (stacks/release.sh), also if the roll-out has ended since: what
 * was begun comes to its end.
 *
 * @throws UserVpsError INPUT_INVALID if there is none; STACK_LOCKED while another process works on one
 */
export async function runRollOut(context: RollOutContext, rollOutId: string): Promise<RollOutRecord> {
  const lock = await context.lockRollOuts();
  if (!lock) throw new UserVpsError("STACK_LOCKED", "Another process is rolling out.", { next: "Let it end, or cancel the roll-out." });
  try {
    return await underLock({ ...context, signal: AbortSignal.any([context.signal, lock.lost]) }, rollOutId);
  } finally {
    await lock.release();
  }
}

async function underLock(context: RollOutContext, rollOutId: string): Promise<RollOutRecord> {
  const { pool, log } = context;
  const rollOut = await existing(pool, rollOutId);
  const release = await findRelease(pool, rollOut.version);
  if (!release) throw new UserVpsError("INPUT_INVALID", `There is no release ${rollOut.version}.`);
  const members = await listMembers(pool, rollOutId);
  const cutOff = members.filter(({ status }) => status === "running");
  const isOver = !(await releaseToEach(context, rollOut, release, async (runId) => {
    const member = cutOff.shift();
    return member && (await takeMemberAgain(pool, member, runId));
  }));
  if (isOver || rollOut.outcome) return await existing(pool, rollOutId);

  const waves = new Set(members.map(({ wave }) => wave));
  for (const wave of waves) {
    log(`roll-out of ${rollOut.version}: wave ${wave} of ${waves.size}`);
    if (!(await releaseToWave(context, rollOut, release, wave))) return await existing(pool, rollOutId);
    if (await hasFailed(pool, rollOut)) {
      log(`roll-out of ${rollOut.version}: stopped by its failures in wave ${wave}`);
      await endRollOut(pool, rollOutId, "stopped");
      return await existing(pool, rollOutId);
    }
  }
  await endRollOut(pool, rollOutId, "succeeded");
  return await existing(pool, rollOutId);
}

/** Until none of the wave waits. @returns as `releaseToEach` */
async function releaseToWave(context: RollOutContext, rollOut: RollOutRecord, release: ReleaseRecord, wave: number): Promise<boolean> {
  const { pool, signal, closing } = context;
  const { rollOutId } = rollOut;
  const take = async (runId: string) => ((await hasFailed(pool, rollOut)) ? undefined : await takeMember(pool, rollOutId, wave, runId));
  while (await releaseToEach(context, rollOut, release, take)) {
    if ((await hasFailed(pool, rollOut)) || !(await isAnyWaiting(pool, rollOutId, wave))) return true;
    // A signup is claiming one from a pool: it is there again, as the user's, once the signup is through or rolled back.
    await sleep(CLAIM_INTERVAL_MS, AbortSignal.any([signal, closing])).catch(() => undefined);
  }
  return false;
}

/**
 * Several at a time, until `take` has none for anybody. Ends when all that were begun have.
 *
 * @returns false if this process's part is over: it is to end, or has lost its hold
 */
async function releaseToEach(context: RollOutContext, rollOut: RollOutRecord, release: ReleaseRecord, take: (runId: string) => Promise<RunningMember | undefined>): Promise<boolean> {
  const { pool, signal, closing } = context;
  const over = new AbortController();
  const isOver = AbortSignal.any([signal, closing, over.signal]);
  const work = async () => {
    while (!isOver.aborted) {
      const member = await take(randomUUID());
      if (!member) return;
      const end = await releaseToVps({ ...context, db: pool }, { release, snapshot: rollOut.snapshot, requestedBy: rollOut.requestedBy, reason: rollOut.reason }, member);
      if (end) await endMember(pool, member, end);
      else over.abort();
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: rollOut.concurrency }, () => work().catch((error: unknown) => {
    over.abort();
    throw error;
  })));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
  return !isOver.aborted;
}

async function hasFailed(pool: Pool, { rollOutId, maxFailures }: RollOutRecord): Promise<boolean> {
  return (await countFailedMembers(pool, rollOutId)) >= maxFailures;
}

async function existing(pool: Pool, rollOutId: string): Promise<RollOutRecord> {
  const rollOut = await findRollOut(pool, rollOutId);
  if (!rollOut) throw new UserVpsError("INPUT_INVALID", `There is no roll-out ${rollOutId}.`);
  return rollOut;
}
