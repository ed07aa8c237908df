import { Client } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";

/** NOTIFY on it with a user's id asks the run of that user to stop. */
export const CANCEL_CHANNEL = "user_vps_cancel";

export interface UserLock {
  /** The session is gone, and with it the lock: somebody else may begin. */
  readonly lost: AbortSignal;
  /** Somebody asked to end the run. */
  readonly cancelled: AbortSignal;
  release(): Promise<void>;
}

const CHECK_INTERVAL_MS = 3 * SECOND_MS;
const CHECK_TIMEOUT_MS = 6 * SECOND_MS;

/** PostgreSQL frees the lock of a machine that is gone after 5 + 3 * 2 s, of a dead process at once. */
const SESSION = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET idle_session_timeout = 0";

/**
 * Takes the advisory lock of a user on a session of its own, whose end is the lock's end. It keeps
 * the runs of a user apart however many workers think that the job is theirs.
 *
 * @returns undefined if somebody else has it
 */
export async function tryLockUser(databaseUrl: string, userId: string): Promise<UserLock | undefined> {
  const client = new Client({ connectionString: databaseUrl, keepAlive: true, connectionTimeoutMillis: 10 * SECOND_MS, application_name: "user-vps lock" });
  const lost = new AbortController();
  const cancelled = new AbortController();
  const end = (why: string) =>
    lost.abort(new UserVpsError("RUN_LOST", `The database session that holds the lock of the user broke (${why}); the run was ended.`));
  client.on("error", (error) => end(messageOf(error)));
  client.on("end", () => end("it was closed"));
  client.on("notification", ({ payload }) => {
    if (payload === userId) cancelled.abort(new UserVpsError("CANCELLED", "The run was cancelled by an operator."));
  });
  try {
    await client.connect();
    await client.query(SESSION);
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock(hashtextextended('user-vps:' || $1, 0)) AS locked", [userId]);
    if (!rows[0]?.locked) {
      await client.end();
      return undefined;
    }
    await client.query(`LISTEN ${CANCEL_CHANNEL}`);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new UserVpsError("DATABASE_FAILED", `The lock of the user cannot be taken: ${messageOf(error)}.`, { cause: error });
  }

  // A server that vanished without a word closes no connection.
  const check = setInterval(() => {
    const limit = setTimeout(() => end("no answer"), CHECK_TIMEOUT_MS);
    client.query("SELECT 1").then(() => clearTimeout(limit), (error: unknown) => { clearTimeout(limit); end(messageOf(error)); });
  }, CHECK_INTERVAL_MS);
  lost.signal.addEventListener("abort", () => clearInterval(check), { once: true });

  return {
    lost: lost.signal,
    cancelled: cancelled.signal,
    async release() {
      clearInterval(check);
      await client.end().catch(() => undefined);
    },
  };
}
