/** What this process needs to do its work: each is tried, with a limit. */
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { missingMigrations } from "../db/migrate.ts";
import type { HttpContext } from "./context.ts";

const CHECK_TIMEOUT_MS = 3 * SECOND_MS;

export const READINESS_CHECKS = ["database", "migrations", "queue"] as const;
export type ReadinessCheck = (typeof READINESS_CHECKS)[number];

/** What is wrong with each; undefined: nothing. */
export async function readiness({ pool, jobs }: Pick<HttpContext, "pool" | "jobs">): Promise<Record<ReadinessCheck, string | undefined>> {
  const checks: Record<ReadinessCheck, () => Promise<unknown>> = {
    database: () => pool.query("SELECT 1"),
    migrations: async () => {
      const missing = await missingMigrations(pool);
      if (missing.length > 0) throw new Error(`not applied: ${missing.join(", ")}`);
    },
    queue: async () => jobs.check?.(),
  };
  const [database, migrations, queue] = await Promise.all(READINESS_CHECKS.map((name) => problemOf(checks[name])));
  return { database, migrations, queue };
}

async function problemOf(check: () => Promise<unknown>): Promise<string | undefined> {
  const timer = new AbortController();
  const tooLate = sleep(CHECK_TIMEOUT_MS, timer.signal).then(() => { throw new Error("no answer in time"); });
  try {
    await Promise.race([check(), tooLate]);
    return undefined;
  } catch (error) {
    return messageOf(error) || "not reachable";
  } finally {
    timer.abort();
    tooLate.catch(() => undefined);
  }
}
