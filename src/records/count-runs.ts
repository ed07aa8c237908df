import type { Queryable } from "../db/queryable.ts";
import { readCounts } from "./counts.ts";
import type { Operation, Outcome } from "./runs.ts";

export interface RunCount {
  readonly operation: Operation;
  /** null: not ended. */
  readonly outcome: Outcome | null;
  readonly count: number;
}

/** Those that have ended since ever, whether their records are kept or not, and those that go on. */
export async function countRuns(db: Queryable): Promise<RunCount[]> {
  const ended = [...(await readCounts(db)).of("runs")].map(([label, count]): RunCount => {
    const [operation, outcome] = label.split(" ") as [Operation, Outcome];
    return { operation, outcome, count };
  });
  const { rows: open } = await db.query<RunCount>("SELECT operation, outcome, count(*)::int AS count FROM vps_runs WHERE outcome IS NULL GROUP BY operation, outcome");
  return [...ended, ...open];
}
