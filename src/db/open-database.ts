import type { Pool } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { createPool } from "./connections.ts";
import { startEmbedded } from "./embedded.ts";
import { migrate } from "./migrate.ts";
import { isBusy, untilLetIn } from "./until-let-in.ts";

const FIRST_CONNECTION = { limitMs: 1 * MINUTE_MS, pauseMs: 1 * SECOND_MS, mayPass: isBusy };

export interface DatabaseOptions {
  /** Absent: a PostgreSQL of the project's own. */
  readonly databaseUrl?: string | undefined;
  /** Where that one keeps its data. */
  readonly dataFolder?: string | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Of the pool. */
  readonly maxConnections?: number;
  /** Ends the wait for a server that lets nobody in yet. */
  readonly signal?: AbortSignal | undefined;
}

export interface Database {
  readonly pool: Pool;
  /** With user and password: for the queue and the state backend, never for a log. */
  readonly url: string;
  /** Ends the pool; stops an embedded server that nobody else uses. */
  close(): Promise<void>;
}

/**
 * Connects and brings the database to the newest migration.
 *
 * @throws UserVpsError DATABASE_FAILED; the signal's reason
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const embedded = options.databaseUrl ? undefined : await startEmbedded({ folder: options.dataFolder, onProgress: options.onProgress });
  const url = options.databaseUrl ?? embedded!.url;
  // One connection always stays open: it tells other processes that the server is in use.
  const pool = createPool({ url, name: "user-vps", max: options.maxConnections ?? 10, min: 1, onError: (error) => options.onProgress?.(`a connection to the database broke: ${error.message}`) });
  const close = async () => {
    await pool.end();
    await embedded?.release();
  };
  try {
    await untilLetIn(() => pool.query("SELECT 1"), { ...FIRST_CONNECTION, signal: options.signal, onWait: (why) => options.onProgress?.(`the database lets nobody in yet: ${why}`) });
    for (const name of await migrate(pool)) options.onProgress?.(`migration ${name} applied`);
  } catch (error) {
    await close();
    options.signal?.throwIfAborted();
    throw new UserVpsError("DATABASE_FAILED", `The database cannot be used: ${messageOf(error)}.`, { cause: error });
  }
  return { pool, url, close };
}
