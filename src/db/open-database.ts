import type { Pool } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { createPool } from "./connections.ts";
import { startEmbedded } from "./embedded.ts";
import { awaitFirstConnection } from "./first-connection.ts";
import { migrate } from "./migrate.ts";

export interface DatabaseOptions {
  /** Absent: a PostgreSQL of the project's own. */
  readonly databaseUrl?: string | undefined;
  /** Where that one keeps its data. */
  readonly dataFolder?: string | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Of the pool. */
  readonly maxConnections?: number;
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
 * @throws UserVpsError DATABASE_FAILED
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
    await awaitFirstConnection(pool, (line) => options.onProgress?.(line));
    for (const name of await migrate(pool)) options.onProgress?.(`migration ${name} applied`);
  } catch (error) {
    await close();
    throw new UserVpsError("DATABASE_FAILED", `The database cannot be used: ${messageOf(error)}.`, { cause: error });
  }
  return { pool, url, close };
}
