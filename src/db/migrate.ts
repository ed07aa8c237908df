import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Pool, QueryConfig } from "pg";
import { MINUTE_MS } from "../../providers/core/time.ts";
import { NO_QUERY_LIMIT_MS } from "./connections.ts";
import type { Queryable } from "./queryable.ts";
import { refuseUnusableTable } from "./older-table.ts";
import { withClient } from "./transaction.ts";

const FOLDER = join(import.meta.dirname, "migrations");

/** Any number of ours that nobody else locks with; see PostgreSQL, 'Advisory Locks'. */
const LOCK = "hashtextextended('user-vps:migrations', 0)";

/** Whoever has the lock and asks nothing for so long is frozen; the server then ends its session, so that the others go on. */
const SILENT_LIMIT_MS = 1 * MINUTE_MS;

/**
 * Brings the database to the newest numbered migration: each file once, in order, in a transaction
 * of its own. Several processes may call it at once; the others wait for the first.
 *
 * @returns the file names that were applied now
 */
export async function migrate(pool: Pool): Promise<string[]> {
  return await withClient(pool, async (client) => {
    const { rows: [usual] } = await client.query<{ limit: string; idleLimit: string }>(`SELECT current_setting('statement_timeout') AS limit, current_setting('idle_session_timeout') AS "idleLimit"`);
    const patient: Queryable = { query: (text, values) => client.query({ ...(typeof text === "string" ? { text, values: values as unknown[] } : text), query_timeout: NO_QUERY_LIMIT_MS } as QueryConfig) };
    await patient.query(`SET statement_timeout = 0; SET idle_session_timeout = ${SILENT_LIMIT_MS}`);
    await patient.query(`SELECT pg_advisory_lock(${LOCK})`);
    try {
      return await applyMissing(patient);
    } finally {
      await client.query(`SELECT pg_advisory_unlock(${LOCK}), set_config('statement_timeout', $1, false), set_config('idle_session_timeout', $2, false)`, [usual!.limit, usual!.idleLimit]);
    }
  });
}

/** The file names that `migrate` would apply; all of them on an empty database. */
export async function missingMigrations(db: Queryable): Promise<string[]> {
  const { rows: [table] } = await db.query<{ known: boolean }>("SELECT to_regclass('user_vps_migrations') IS NOT NULL AS known");
  const { rows } = table?.known ? await db.query<{ name: string }>("SELECT name FROM user_vps_migrations") : { rows: [] };
  const applied = new Set(rows.map(({ name }) => name));
  return (await migrationFiles()).filter((name) => !applied.has(name));
}

async function applyMissing(client: Queryable): Promise<string[]> {
  await client.query("CREATE TABLE IF NOT EXISTS user_vps_migrations (name TEXT PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())");
  const missing = await missingMigrations(client);
  if (missing[0]?.startsWith("001_")) await refuseUnusableTable(client);
  for (const name of missing) {
    const text = await readFile(join(FOLDER, name), "utf8");
    await client.query("BEGIN");
    try {
      await client.query(text);
      await client.query("INSERT INTO user_vps_migrations (name) VALUES ($1)", [name]);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK");
      throw new Error(`The migration ${name} failed: ${(error as Error).message}`, { cause: error });
    }
  }
  return missing;
}

async function migrationFiles(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => /^\d{3}_.+\.sql$/.test(name)).sort();
}
