import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import {
  countFailedMembers, endMember, endRollOut, findRelease, findRollOut, listMembers, releaseRunningMembers, takeMember,
  type ReleaseRecord, type RollOutRecord,
} from "./records/index.ts";
import { releaseToVps, type ReleaseContext } from "./release-to-vps.ts";

export interface RollOutContext extends Omit<ReleaseContext, "db"> {
  readonly pool: Pool;
}

/** Any number of ours that nobody else locks with; see PostgreSQL, 'Advisory Locks'. */
const LOCK = "hashtextextended('user-vps:roll-out', 0)";

/**
 * Brings a roll-out's release to its VPSs, wave by wave, and returns it as it is then: `succeeded`,
 * `stopped` by its failures, `cancelled` by somebody, or still open if `signal` ended this process's
 * part. Called again, also after kill -9, it goes on with those who are left; a VPS whose run was
 * cut off is done again, which is safe (stacks/release.sh).
 *
 * @throws UserVpsError INPUT_INVALID if there is none; STACK_LOCKED while another process works on it
 */
export async function runRollOut(context: RollOutContext, rollOutId: string): Promise<RollOutRecord> {
  const client = await context.pool.connect();
  let broken: Error | undefined;
  try {
    const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`);
    if (!rows[0]?.locked) throw new UserVpsError("STACK_LOCKED", "Another process is rolling out.", { next: "Let it end, or cancel the roll-out." });
    try {
      return await underLock(context, rollOutId);
    } finally {
      await client.query(`SELECT pg_advisory_unlock(${LOCK})`);
    }
  } catch (error) {
    if (!(error instanceof UserVpsError)) broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

async function underLock(context: RollOutContext, rollOutId: string): Promise<RollOutRecord> {
  const { pool, log, signal } = context;
  const rollOut = await existing(pool, rollOutId);
  if (rollOut.outcome) return rollOut;
  const release = await findRelease(pool, rollOut.version);
  if (!release) throw new UserVpsError("INPUT_INVALID", `There is no release ${rollOut.version}.`);
  await releaseRunningMembers(pool, rollOutId);
  const waves = new Set((await listMembers(pool, rollOutId)).map(({ wave }) => wave));
  for (const wave of waves) {
    log(`roll-out of ${rollOut.version}: wave ${wave} of ${waves.size}`);
    await runWave(context, rollOut, release, wave);
    if (signal.aborted) return await existing(pool, rollOutId);
    if (await hasFailed(pool, rollOut)) {
      log(`roll-out of ${rollOut.version}: stopped by its failures in wave ${wave}`);
      await endRollOut(pool, rollOutId, "stopped");
      return await existing(pool, rollOutId);
    }
  }
  await endRollOut(pool, rollOutId, "succeeded");
  return await existing(pool, rollOutId);
}

/** Several at a time; none is begun once there are too many failures. Ends when those that were begun have. */
async function runWave(context: RollOutContext, rollOut: RollOutRecord, release: ReleaseRecord, wave: number): Promise<void> {
  const { pool, signal } = context;
  const work = async () => {
    while (!signal.aborted && !(await hasFailed(pool, rollOut))) {
      const runId = randomUUID();
      const member = await takeMember(pool, rollOut.rollOutId, wave, runId);
      if (!member) return;
      const end = await releaseToVps({ ...context, db: pool }, release, member.userId, runId);
      if (end) await endMember(pool, rollOut.rollOutId, member.userId, end);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: rollOut.concurrency }, work));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

async function hasFailed(pool: Pool, { rollOutId, maxFailures }: RollOutRecord): Promise<boolean> {
  return (await countFailedMembers(pool, rollOutId)) >= maxFailures;
}

async function existing(pool: Pool, rollOutId: string): Promise<RollOutRecord> {
  const rollOut = await findRollOut(pool, rollOutId);
  if (!rollOut) throw new UserVpsError("INPUT_INVALID", `There is no roll-out ${rollOutId}.`);
  return rollOut;
}
