/** The service's database, for commands that look into it. */
import type { Pool } from "pg";
import type { Environment } from "../config/index.ts";

/** Errors: DATABASE_FAILED, CONFIG_INVALID. */
export async function withRecords<T>(env: Environment, work: (pool: Pool) => Promise<T>): Promise<T> {
  const { lookIntoRecords } = await import("./reach-database.ts");
  return lookIntoRecords(env, work);
}
