import type { Pool, PoolClient } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { repairAutomatically } from "./automatic-repair.ts";
import type { AutomaticRepairOptions } from "./automatic-repair.ts";
import { sweep } from "./sweep.ts";
import type { SweepOptions, SweepResult } from "./sweep.ts";
import { beginSweep, finishSweep, requestSweep } from "./sweeps.ts";

export interface PerformSweepOptions {
  readonly sweep: Omit<SweepOptions, "signal">;
  /** Without it, nothing is repaired automatically. */
  readonly repair?: Omit<AutomaticRepairOptions, "pool"> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log: (line: string) => void;
}

/** Any number of ours that nobody else locks with. */
const LOCK = "hashtextextended('user-vps:sweep', 0)";

/** Who asks for the sweeps of the schedule. */
export const SCHEDULE = "schedule";

/**
 * Does the sweep that is asked for, with its row, and the automatic repairs after it. The
 * database's lock makes it one at a time on all machines, whatever the queue does.
 *
 * @param scheduled makes one if none is asked for
 * @returns undefined if there was none to do
 * @throws UserVpsError STACK_LOCKED if somebody else is at one; whatever made the sweep fail
 */
export async function performSweep(options: PerformSweepOptions, scheduled: boolean): Promise<SweepResult | undefined> {
  const { pool } = options.sweep;
  return await withSweepLock(pool, async (lost) => {
    if (scheduled) await requestSweep(pool, SCHEDULE);
    const begun = await beginSweep(pool);
    if (!begun) return undefined;
    const signal = options.signal ? AbortSignal.any([options.signal, lost]) : lost;
    try {
      const result = await sweep({ ...options.sweep, signal });
      const { findings, ...counts } = result;
      await finishSweep(pool, begun.sweepId, { outcome: "succeeded", ...counts, findings: findings.length });
      options.log(`sweep ${begun.sweepId}: ${counts.examined} of ${counts.users} users examined, ${findings.length} findings, ${counts.apiCalls} API calls, ${counts.seconds} s`);
      const repairs = options.repair ? await repairAutomatically({ ...options.repair, pool }) : [];
      if (repairs.length > 0) options.log(`sweep ${begun.sweepId}: ${repairs.length} repairs are queued`);
      return result;
    } catch (error) {
      await finishSweep(pool, begun.sweepId, { outcome: "failed", message: messageOf(error) });
      throw error;
    }
  });
}

async function withSweepLock<T>(pool: Pool, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const lost = new AbortController();
  const onError = (error: Error) => lost.abort(new UserVpsError("DATABASE_FAILED", `The session that holds the lock of sweeps broke: ${messageOf(error)}.`));
  client.on("error", onError);
  try {
    if (!(await lock(client))) throw new UserVpsError("STACK_LOCKED", "Another worker is at a sweep.", { next: "It is tried again by itself." });
    return await work(lost.signal);
  } finally {
    // Of a session that cannot even unlock, the end unlocks.
    const unlocked = await client.query(`SELECT pg_advisory_unlock(${LOCK})`).then(() => true, () => false);
    client.off("error", onError);
    client.release(!unlocked);
  }
}

async function lock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`);
  return rows[0]?.locked === true;
}
