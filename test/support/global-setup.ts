/** Before the first integration or end-to-end test: one PostgreSQL for all of them, ended after the last, with a database that has all migrations. */
import { Client, Pool } from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/db/migrate.ts";
import { holdTestServer } from "./test-server.ts";

/** One run of the tests may go on beside another. */
const MIGRATED = `migrated_${process.pid}`;

declare module "vitest" {
  interface ProvidedContext {
    /** The name of the database that others are copied from: to copy takes less than to migrate. */
    migratedDatabase: string;
  }
}

export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const { url, release } = await holdTestServer();
  await asAdministrator(url, (client) => client.query(`CREATE DATABASE ${MIGRATED}`));
  const migrated = new URL(url);
  migrated.pathname = `/${MIGRATED}`;
  const pool = new Pool({ connectionString: migrated.href, max: 1 });
  await migrate(pool).finally(() => pool.end());
  provide("migratedDatabase", MIGRATED);
  return async () => {
    await asAdministrator(url, (client) => client.query(`DROP DATABASE IF EXISTS ${MIGRATED} WITH (FORCE)`));
    await release();
  };
}

async function asAdministrator(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}
