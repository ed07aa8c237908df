/** A fresh database for each test file that asks, in the server that all share. */
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import type { Pool } from "pg";
import { inject } from "vitest";
import type { EmbeddedServer } from "../../src/db/embedded.ts";
import { atEnd } from "./at-end.ts";
import { openPool } from "./open-pool.ts";
import { holdTestServer } from "./test-server.ts";

export interface TestDatabase {
  readonly pool: Pool;
  readonly url: string;
}

export interface TestDatabaseOptions {
  /** false: the database is empty. */
  readonly migrated?: boolean;
}

let server: Promise<EmbeddedServer> | undefined;
let users = 0;

/** A fresh database, dropped when the test, suite or file that calls it ends: `const { pool } = await withDatabase();` */
export async function withDatabase({ migrated = true }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  users += 1;
  const { url: serverUrl, release } = await (server ??= holdTestServer());
  const name = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
  const admin = new Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}${migrated ? ` TEMPLATE ${inject("migratedDatabase")} STRATEGY FILE_COPY` : ""}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = openPool(url.href, 10);
  atEnd(async () => {
    await pool.end();
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
    users -= 1;
    if (users > 0) return;
    server = undefined;
    await release();
  });
  return { pool, url: url.href };
}
