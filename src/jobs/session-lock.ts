import { Client } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";

export interface SessionLock {
  /** Aborted, with a UserVpsError RUN_LOST, when the session is gone, and with it the lock: somebody else may begin. */
  readonly lost: AbortSignal;
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

/** PostgreSQL frees the lock of a machine that is gone after 5 + 3 * 2 s, of a dead process at once. */
const SESSION = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET idle_session_timeout = 0";

/**
 * Takes an advisory lock on a session of its own, whose end is the lock's end.
 *
 * @returns undefined if somebody else has it
 * @throws UserVpsError DATABASE_FAILED
 */
export async function tryLockSession({ databaseUrl, name, of, onLocked }: LockRequest): Promise<SessionLock | undefined> {
  const client = new Client({ connectionString: databaseUrl, keepAlive: true, connectionTimeoutMillis: 10 * SECOND_MS, application_name: "user-vps lock" });
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
      await client.end();
      return undefined;
    }
    await onLocked?.(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new UserVpsError("DATABASE_FAILED", `The lock of ${of} cannot be taken: ${messageOf(error)}.`, { cause: error });
  }

  // A server that vanished without a word closes no connection.
  const check = setInterval(() => {
    const limit = setTimeout(() => end("no answer"), CHECK_TIMEOUT_MS);
    client.query("SELECT 1").then(() => clearTimeout(limit), (error: unknown) => { clearTimeout(limit); end(messageOf(error)); });
  }, CHECK_INTERVAL_MS);
  lost.signal.addEventListener("abort", () => clearInterval(check), { once: true });

  return {
    lost: lost.signal,
    async release() {
      clearInterval(check);
      await client.end().catch(() => undefined);
    },
  };
}
