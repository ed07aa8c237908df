import { SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { openRunsOf } from "./find-runs.ts";
import { finishRun } from "./runs.ts";

/** Ends the runs of whoever had the user's lock before and is gone without a word; only its holder may call it. */
export async function endLostRuns(db: Queryable, userId: string): Promise<void> {
  for (const { runId, startedAt } of await openRunsOf(db, userId)) {
    await finishRun(db, runId, { outcome: "lost", errorCode: "RUN_LOST", message: "The worker of this run is gone.", seconds: (Date.now() - startedAt.getTime()) / SECOND_MS });
  }
}
