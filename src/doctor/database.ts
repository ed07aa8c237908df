import { reasonOf } from "../../providers/core/errors.ts";
import { missingMigrations } from "../db/index.ts";
import { databaseOf, openPool } from "./reach.ts";
import { failed, ok, skipped } from "./check.ts";
import type { CheckContext, Finding } from "./check.ts";

const NAMES = ["database", "migrations"] as const;
const URL_MEND = "Check DATABASE_URL, and that PostgreSQL runs and lets this user in; or leave it out, and the service runs a PostgreSQL of its own.";

/** Whether it answers, and has all migrations; applies none. */
export async function checkDatabase(context: CheckContext): Promise<Finding[]> {
  let database;
  try {
    database = await databaseOf(context);
  } catch (error) {
    return [failed("database", `the service's own PostgreSQL does not start: ${reasonOf(error)}`, "See the log in its folder, and that its disk is not full."), skipped("migrations", "the database does not answer")];
  }
  if (!database) return NAMES.map((name) => skipped(name, "DATABASE_URL is not set; the service makes a PostgreSQL of its own when it first starts"));
  try {
    const pool = openPool(database.url);
    try {
      const { rows: [row] } = await pool.query<{ version: string }>("SELECT current_setting('server_version') AS version");
      const place = database.folder ? `, the service's own in ${database.folder}` : "";
      return [ok("database", `PostgreSQL ${row!.version}${place}`), migrations(await missingMigrations(pool))];
    } finally {
      await pool.end();
    }
  } catch (error) {
    return [failed("database", reasonOf(error), URL_MEND), skipped("migrations", "the database does not answer")];
  } finally {
    await database.close();
  }
}

function migrations(missing: readonly string[]): Finding {
  if (missing.length === 0) return ok("migrations", "all applied");
  return failed("migrations", `${missing.length} not applied, the first is ${missing[0]}`, "Start the service: it applies them.");
}
