import type { Queryable } from "../db/queryable.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { StateBackend, StateLock } from "./state-backend.ts";

export interface EngineProcess {
  readonly runId: string;
  readonly hostId: string;
  readonly pid: number;
}

/** Which processes were ours: written down before one of them can take a lock. */
export interface EngineProcesses {
  add(process: EngineProcess): Promise<void>;
  /** Whether the holder of the stack's lock is a process of ours. */
  holds(lock: StateLock, stackName: string): Promise<boolean>;
}

/**
 * A process takes the lock this long after it was written down at most, or after its run has ended, which it does not
 * outlive: both by clocks of their own, and the machine may stand still in between. Ids are given out again some time.
 */
const LOCK_DELAY_SECONDS = 60;
/** By so much the machine's clock may have been set back in between. */
const CLOCK_STEP_SECONDS = 5;

export function engineProcesses(db: Queryable): EngineProcesses {
  return {
    async add({ runId, hostId, pid }) {
      // By this machine's clock, as the engine dates its locks: PostgreSQL's may be another.
      await db.query("INSERT INTO vps_engine_processes (run_id, host_id, pid, started_at) VALUES ($1, $2, $3, to_timestamp($4)) ON CONFLICT DO NOTHING", [runId, hostId, pid, Date.now() / SECOND_MS]);
    },
    async holds({ hostname, pid, atMs }, stackName) {
      const { rows } = await db.query<{ known: boolean }>(
        `SELECT EXISTS (
           SELECT FROM vps_engine_processes processes JOIN vps_runs USING (run_id)
           WHERE processes.host_id = $1 AND processes.pid = $2 AND username = $3
             AND to_timestamp($4) BETWEEN processes.started_at - make_interval(secs => $5) AND greatest(processes.started_at, ended_at) + make_interval(secs => $6)
         ) AS known`,
        [hostname, pid, stackName, atMs / SECOND_MS, CLOCK_STEP_SECONDS, LOCK_DELAY_SECONDS],
      );
      return rows[0]?.known === true;
    },
  };
}

export interface StaleLockOptions {
  readonly backend: StateBackend;
  readonly processes: EngineProcesses;
  readonly stackName: string;
}

/**
 * Removes the locks that earlier runs of the service left on the stack. Only for the holder of the
 * user's advisory lock, after the processes of those runs were ended. A lock of anybody else, such
 * as a person's `pulumi up`, is respected.
 *
 * @throws UserVpsError STACK_LOCKED that says whose lock it is
 */
export async function releaseStaleLocks({ backend, processes, stackName }: StaleLockOptions): Promise<void> {
  for (const lock of await backend.readLocks(stackName)) {
    if (await processes.holds(lock, stackName)) {
      await backend.removeLock(lock);
      continue;
    }
    throw new UserVpsError("STACK_LOCKED", `${lock.username}@${lock.hostname} (process ${lock.pid}) has been working on the stack ${stackName} since ${new Date(lock.atMs).toISOString()}.`);
  }
}
