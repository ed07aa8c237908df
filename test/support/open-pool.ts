import { Pool } from "pg";

/**
 * Connections for a test. `pool.end()` does not wait until the server has ended them as well: one that is still there when
 * its database is dropped or its server ends says so, and an error that nobody listens to would end the process.
 */
export function openPool(databaseUrl: string, max: number): Pool {
  const pool = new Pool({ connectionString: databaseUrl, max });
  pool.on("error", () => undefined);
  return pool;
}
