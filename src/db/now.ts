import type { Queryable } from "./queryable.ts";

/** What the records' own times are compared with: the clock of the process's machine may be days off. */
export async function readNow(db: Queryable): Promise<Date> {
  return (await db.query<{ now: Date }>("SELECT clock_timestamp() AS now")).rows[0]!.now;
}
