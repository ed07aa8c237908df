import type { Queryable } from "../db/queryable.ts";
import type { Operation, Outcome } from "./runs.ts";

export interface RunCount {
  readonly operation: Operation;
  /** null: not ended. */
  readonly outcome: Outcome | null;
  readonly count: number;
}

export async function countRuns(db: Queryable): Promise<RunCount[]> {
  return (await db.query<RunCount>("SELECT operation, outcome, count(*)::int AS count FROM vps_runs GROUP BY operation, outcome")).rows;
}
