/** The service's database, for commands that look into it. They never migrate it: that is the service's business. */
import type { Pool } from "pg";
import { reasonOf, UserVpsError } from "../../providers/core/errors.ts";
import type { Environment } from "../config/index.ts";
import { createPool, missingMigrations, reachDatabase } from "../db/index.ts";
import type { Records } from "./record-reader.ts";
import { recordOf } from "./user-record.ts";

function openPool(url: string): Pool {
  return createPool({ url, name: "user-vps cli", max: 2 });
}

const INTERVAL_MS = 500;

/** What the database tells of one user; see `withRecords`. */
export async function recordsOfDatabase<T>(env: Environment, username: string, work: (records: Records) => Promise<T>): Promise<T> {
  const [{ findRun, findVpsByUserId, listRuns, readRunLog }, { readAdminVpsView }, { runView }] = await Promise.all([import("../records/index.ts"), import("../http/vps-view.ts"), import("../http/run-view.ts")]);
  return lookIntoRecords(env, async (pool) => {
    const { userId } = await recordOf(pool, username);
    return work({
      asking: "asking the database",
      intervalMs: INTERVAL_MS,
      vps: async () => readAdminVpsView(pool, (await findVpsByUserId(pool, userId))!),
      runs: async (limit) => (await listRuns(pool, userId, { limit })).items.map(runView),
      async run(runId) {
        const run = await findRun(pool, runId);
        return run?.userId === userId ? runView(run) : undefined;
      },
      async log(runId, page) {
        // The run before its lines: if it has ended by then, no line can be missing.
        const run = await findRun(pool, runId);
        const lines = await readRunLog(pool, runId, page);
        return { lines: lines.map(({ seq, at, line }) => ({ seq, at: at.toISOString(), line })), ended: run?.outcome !== null };
      },
    });
  });
}

/** Errors: DATABASE_FAILED, CONFIG_INVALID. */
export async function lookIntoRecords<T>(env: Environment, work: (pool: Pool) => Promise<T>): Promise<T> {
  const database = await reachDatabase(env);
  if (!database) throw new UserVpsError("CONFIG_INVALID", "There is no database to look into.", { next: "Set USER_VPS_URL and USER_VPS_TOKEN, or DATABASE_URL as the service has it; or start the service once, `user-vps serve`." });
  const pool = openPool(database.url);
  try {
    await refuseUnmigrated(pool);
    return await work(pool);
  } catch (error) {
    throw error instanceof UserVpsError ? error : new UserVpsError("DATABASE_FAILED", `The database cannot be used: ${reasonOf(error)}.`, { cause: error });
  } finally {
    await pool.end();
    await database.close();
  }
}

async function refuseUnmigrated(pool: Pool): Promise<void> {
  const missing = await missingMigrations(pool);
  if (missing.length > 0) throw new UserVpsError("DATABASE_FAILED", `The database lacks ${missing.length} migrations, the first is ${missing[0]}.`, { next: "Start the service: it applies them." });
}
