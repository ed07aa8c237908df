/** How this program connects to PostgreSQL: the same limits everywhere, so that nobody waits for a server that says nothing. */
import { Client, Pool } from "pg";
import type { ClientBase } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";

export interface ConnectionOptions {
  readonly url: string;
  /** As `pg_stat_activity` shows it. */
  readonly name: string;
  /** How long one statement may take. */
  readonly statementLimitMs?: number;
}

const CONNECT_LIMIT_MS = 10 * SECOND_MS;
const CLOSE_LIMIT_MS = 2 * SECOND_MS;
const STATEMENT_LIMIT_MS = 1 * MINUTE_MS;
/** By which the server's own limit comes first, and says so; the limit here is for a server that says nothing. */
const ANSWER_MARGIN_MS = 5 * SECOND_MS;
/** Longer than any statement may wait. */
export const NO_QUERY_LIMIT_MS = 2 ** 31 - 1;

/**
 * Set on the session rather than with the connection, which poolers refuse. A machine that vanished
 * is noticed after 5 + 3 * 2 s, by the kernel of whichever side is left; a process that is stopped
 * in the midst of a transaction keeps its locks no longer than a statement may take.
 */
function sessionSettings(limitMs: number): string {
  return `SET statement_timeout = ${limitMs}; SET idle_in_transaction_session_timeout = ${limitMs};
    SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3`;
}

export function connectionOf({ url, name, statementLimitMs = STATEMENT_LIMIT_MS }: ConnectionOptions) {
  return { connectionString: url, application_name: name, connectionTimeoutMillis: CONNECT_LIMIT_MS, query_timeout: statementLimitMs + ANSWER_MARGIN_MS, keepAlive: true, keepAliveInitialDelayMillis: 5 * SECOND_MS };
}

export interface PoolOptions extends ConnectionOptions {
  readonly max: number;
  /** So many stay open. */
  readonly min?: number;
  /** A pool that is idle does not keep the process. */
  readonly allowExitOnIdle?: boolean;
  /** A connection broke while nobody used it, or between two statements of a transaction. */
  readonly onError?: (error: Error) => void;
}

/** A connection that breaks is replaced at the next query; without a listener its event would end the process. */
export function createPool({ max, min = 0, allowExitOnIdle = false, onError = () => undefined, ...connection }: PoolOptions): Pool {
  const settings = sessionSettings(connection.statementLimitMs ?? STATEMENT_LIMIT_MS);
  // Statements that are asked for together go out together, each with an answer of its own (https://node-postgres.com/features/pipelining).
  const pool = new Pool({ ...connectionOf(connection), pipeline: true, max, min, allowExitOnIdle, onConnect: (client) => client.query(settings) as unknown as void });
  pool.on("error", onError);
  // The pool listens to idle connections alone.
  pool.on("acquire", (client) => client.on("error", onError));
  pool.on("release", (_error, client) => client.off("error", onError));
  return pool;
}

/** A session of its own, for locks and LISTEN; not yet connected. */
export function createClient(options: ConnectionOptions): Client {
  return new Client(connectionOf(options));
}

/** Ends the session; of a server that does not even take the farewell, the connection is dropped. */
export async function closeClient(client: Client): Promise<void> {
  const limit = setTimeout(() => client.connection.stream.destroy(), CLOSE_LIMIT_MS);
  await client.end().catch(() => undefined);
  clearTimeout(limit);
}

export interface WatchOptions {
  readonly intervalMs: number;
  /** How long the server may take to answer. */
  readonly limitMs: number;
  /** Called with what happened; a look that is under way then may call it once more. */
  readonly onLost: (why: string) => void;
}

export interface ConnectionWatch {
  /** Looks now, and ends with the answer; where there is none, after `onLost`. */
  readonly look: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Looks now and then whether the server still answers on this connection: one that vanished without
 * a word closes nothing. A look is also what tells the server, and who looks at it, that this
 * process is not frozen.
 */
export function watchConnection(client: ClientBase, { intervalMs, limitMs, onLost }: WatchOptions): ConnectionWatch {
  let isLooking = false;
  const stop = () => clearInterval(timer);
  const lose = (why: string) => {
    stop();
    onLost(why);
  };
  const look = async () => {
    const limit = setTimeout(() => lose("no answer"), limitMs);
    await client.query("SELECT 1").catch((error: unknown) => lose(messageOf(error)));
    clearTimeout(limit);
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().then(() => { isLooking = false; });
  }, intervalMs);
  return { look, stop };
}
