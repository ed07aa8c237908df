/** One embedded PostgreSQL for all test files on this machine, and a fresh database in it for each that asks. */
import { randomBytes } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { Client, Pool } from "pg";
import { startEmbedded, type EmbeddedServer } from "../../src/db/embedded.ts";
import { migrate } from "../../src/db/migrate.ts";

export interface TestDatabase {
  readonly pool: Pool;
  readonly url: string;
}

export interface TestDatabaseOptions {
  /** false: the database is empty. */
  readonly migrated?: boolean;
}

/** Of the server that all share. */
export const TEST_SERVER_FOLDER = join(tmpdir(), `user-vps-tests-${userInfo().uid}`);

let server: Promise<EmbeddedServer> | undefined;
let users = 0;

/** Without fsync: what a crash would lose is only tests' data. */
function sharedServer(): Promise<EmbeddedServer> {
  server ??= startEmbedded({ folder: TEST_SERVER_FOLDER, serverSettings: { fsync: "off", full_page_writes: "off" } });
  return server;
}

/** A fresh database, dropped when the test file (or suite) that calls it ends: `const { pool } = await withDatabase();` */
export async function withDatabase({ migrated = true }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  users += 1;
  const { url: serverUrl, release } = await sharedServer();
  const name = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
  const admin = new Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 10 });
  pool.on("error", () => undefined);
  if (migrated) await migrate(pool);
  after(async () => {
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
