import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { tryLockSession } from "../jobs/session-lock.ts";
import { repairAutomatically } from "./automatic-repair.ts";
import type { AutomaticRepairOptions } from "./automatic-repair.ts";
import { sweep } from "./sweep.ts";
import type { SweepOptions, SweepResult } from "./sweep.ts";
import { beginSweep, finishSweep, requestSweep } from "./sweeps.ts";

export interface PerformSweepOptions {
  /** For the lock of sweeps, which has a session of its own. */
  readonly databaseUrl: string;
  readonly sweep: Omit<SweepOptions, "signal">;
  /** Without it, nothing is repaired automatically. */
  readonly repair?: Omit<AutomaticRepairOptions, "pool"> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log: (line: string) => void;
}

/** Who asks for the sweeps of the schedule. */
export const SCHEDULE = "schedule";

/**
 * Does the sweep that is asked for, with its row, and the automatic repairs after it. The
 * database's lock makes it one at a time on all machines, whatever the queue does; a worker that is
 * frozen loses it.
 *
 * @param scheduled makes one if none is asked for
 * @returns undefined if there was none to do
 * @throws UserVpsError STACK_LOCKED if somebody else is at one; whatever made the sweep fail
 */
export async function performSweep(options: PerformSweepOptions, scheduled: boolean): Promise<SweepResult | undefined> {
  const { pool } = options.sweep;
  return await withSweepLock(options.databaseUrl, async (lost) => {
    if (scheduled) await requestSweep(pool, SCHEDULE);
    const begun = await beginSweep(pool);
    if (!begun) return undefined;
    const ends = joinSignals({ signals: [options.signal, lost] });
    try {
      const result = await sweep({ ...options.sweep, signal: ends.signal });
      const { findings, ...counts } = result;
      await finishSweep(pool, begun.sweepId, { outcome: "succeeded", ...counts, findings: findings.length });
      options.log(`sweep ${begun.sweepId}: ${counts.examined} of ${counts.users} users examined, ${findings.length} findings, ${counts.apiCalls} API calls, ${counts.seconds} s`);
      const repairs = options.repair ? await repairAutomatically({ ...options.repair, pool }) : [];
      if (repairs.length > 0) options.log(`sweep ${begun.sweepId}: ${repairs.length} repairs are queued`);
      return result;
    } catch (error) {
      await finishSweep(pool, begun.sweepId, { outcome: "failed", message: messageOf(error) });
      throw error;
    } finally {
      ends.leave();
    }
  });
}

async function withSweepLock<T>(databaseUrl: string, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  const lock = await tryLockSession({ databaseUrl, name: "user-vps:sweep", of: "sweeps" });
  if (!lock) throw new UserVpsError("STACK_LOCKED", "Another worker is at a sweep.", { next: "It is tried again by itself." });
  try {
    return await work(lock.lost);
  } finally {
    await lock.release();
  }
}
