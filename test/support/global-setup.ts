/**
 * Before the first integration or end-to-end test: one PostgreSQL for all of them, ended after the last, with a database
 * that has all migrations; and the engine, which takes longer to build on a fresh machine than any test may.
 */
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { messageOf } from "../../providers/core/errors.ts";
import { migrate } from "../../src/db/migrate.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { holdTestServer } from "./test-server.ts";
import { openPool } from "./open-pool.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The name of the database that others are copied from: to copy takes less than to migrate. */
    migratedDatabase: string;
  }
}

export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  // Where there is none to be had, the tests that need one say so; the others go on.
  await ensureEngine({ onProgress: (line) => console.error(line) }).catch((error: unknown) => console.error(messageOf(error)));
  const { url, release } = await holdTestServer();
  // Each project has its own, and one run of the tests may go on beside another.
  const name = `migrated_${randomBytes(4).toString("hex")}`;
  const tearDown = async () => {
    await asAdministrator(url, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)).finally(release);
  };
  try {
    await makeMigrated(url, name);
  } catch (error) {
    await tearDown();
    throw error;
  }
  provide("migratedDatabase", name);
  return tearDown;
}

async function makeMigrated(serverUrl: string, name: string): Promise<void> {
  await asAdministrator(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = openPool(url.href, 1);
  await migrate(pool).finally(() => pool.end());
}

async function asAdministrator(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}
