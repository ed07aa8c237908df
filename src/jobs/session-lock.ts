import type { Client } from "pg";
import { closeClient, createClient, watchConnection } from "../db/index.ts";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { orAborted } from "../../providers/core/or-aborted.ts";
import { startStopwatch } from "../../providers/core/stopwatch.ts";
import { SECOND_MS } from "../../providers/core/time.ts";

export interface SessionLock {
  /** Aborted, with a UserVpsError RUN_LOST, when the session is gone, and with it the lock: somebody else may begin. */
  readonly lost: AbortSignal;
  /**
   * Rejects with what `lost` is aborted with, once it has asked the session. A process that stood still, with its machine
   * or without, learns only a moment after it goes on that the lock is somebody else's, and no clock of its own need tell.
   */
  readonly refuseLost: () => Promise<void>;
  release(): Promise<void>;
}

export interface LockRequest {
  readonly databaseUrl: string;
  /** Whatever is locked by the same name is kept apart. */
  readonly name: string;
  /** As messages call it: `the user`. */
  readonly of: string;
  /** Called with the lock, for what else is to be heard on its session. */
  readonly onLocked?: (session: Client) => Promise<unknown>;
}

const CHECK_INTERVAL_MS = 3 * SECOND_MS;
const CHECK_TIMEOUT_MS = 6 * SECOND_MS;

const LOCK_SESSION = "user-vps lock";
/** Whoever holds a lock looks every few seconds; one that is silent for so long is frozen, and its engines are ended by then: see watchdog.ts. */
export const SILENT_SECONDS = 15;

/** PostgreSQL frees the lock of a machine that is gone after 5 + 5 * 2 s, of a dead process at once. */
const SESSION = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 5; SET idle_session_timeout = 0";

/** Of a process that is frozen the kernel goes on answering, so its session and lock would stay for as long as it is frozen. */
const END_SILENT_HOLDER = `
  SELECT pg_terminate_backend(pg_locks.pid) FROM pg_locks JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid
  WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND datname = current_database() AND pg_locks.database = datid
    AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0)
    AND application_name = $2 AND state = 'idle' AND state_change < clock_timestamp() - make_interval(secs => $3)`;

/**
 * Takes an advisory lock on a session of its own, whose end is the lock's end.
 *
 * @returns undefined if somebody else has it
 * @throws UserVpsError DATABASE_FAILED
 */
export async function tryLockSession({ databaseUrl, name, of, onLocked }: LockRequest): Promise<SessionLock | undefined> {
  const client = createClient({ url: databaseUrl, name: LOCK_SESSION });
  const lost = new AbortController();
  const end = (why: string) =>
    lost.abort(new UserVpsError("RUN_LOST", `The database session that holds the lock of ${of} broke (${why}); the run was ended.`));
  client.on("error", (error) => end(messageOf(error)));
  client.on("end", () => end("it was closed"));
  try {
    await client.connect();
    await client.query(SESSION);
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked", [name]);
    if (!rows[0]?.locked) {
      await client.query(END_SILENT_HOLDER, [name, LOCK_SESSION, SILENT_SECONDS]);
      await closeClient(client);
      return undefined;
    }
    await onLocked?.(client);
  } catch (error) {
    await closeClient(client);
    throw new UserVpsError("DATABASE_FAILED", `The lock of ${of} cannot be taken: ${messageOf(error)}.`, { cause: error });
  }

  const watch = watchConnection(client, { intervalMs: CHECK_INTERVAL_MS, limitMs: CHECK_TIMEOUT_MS, onLost: end });
  lost.signal.addEventListener("abort", watch.stop, { once: true });

  return {
    lost: lost.signal,
    async refuseLost() {
      lost.signal.throwIfAborted();
      const sinceMs = startStopwatch();
      await orAborted(watch.look(), lost.signal);
      // The answer may have lain there while the machine slept.
      if (sinceMs() > CHECK_TIMEOUT_MS) end("this process stood still");
      lost.signal.throwIfAborted();
    },
    async release() {
      watch.stop();
      await closeClient(client);
    },
  };
}
