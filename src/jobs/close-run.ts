/** The last word about a run, and what an operator's cancel comes to. */
import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/index.ts";
import { withdrawDecision, withdrawWish } from "../purchases/index.ts";
import { BUSY_STATUSES, endWait, finishRun, isAskedToEnd, lockVps, openRunsOf, setVpsStatus } from "../records/index.ts";
import type { RunEnd } from "../records/index.ts";

export function cancelledByOperator(): UserVpsError {
  return new UserVpsError("CANCELLED", "The run was cancelled by an operator.");
}

/**
 * Ends the run: as cancelled if somebody has asked for that and it has not succeeded. Whoever is told `cancelled` sends
 * nothing more, and calls `recordCancelled`.
 *
 * @param db inside a transaction that has locked nothing of the user's yet
 * @returns undefined if somebody else has ended it
 */
export async function closeRun(db: Queryable, { userId, runId }: { readonly userId: string; readonly runId: string }, end: RunEnd): Promise<"ended" | "cancelled" | undefined> {
  // As `cancel` does: whoever is second sees what the first has written.
  await lockVps(db, userId);
  const isCancelled = end.outcome !== "succeeded" && (await isAskedToEnd(db, runId));
  const { code: errorCode, message } = cancelledByOperator();
  const isEndedHere = await finishRun(db, runId, isCancelled ? { ...end, outcome: "cancelled", errorCode, message } : end);
  if (!isEndedHere) return undefined;
  return isCancelled ? "cancelled" : "ended";
}

/** Nothing goes on by itself any more, and nothing that was decided before is done by what is asked for later. What is bought, or may be, stays in the books, which follow it. */
export async function recordCancelled(db: Queryable, userId: string, { code, message, next }: UserVpsError = cancelledByOperator()): Promise<void> {
  await withdrawWish(db, userId);
  await withdrawDecision(db, userId);
  await endWait(db, userId);
  await setVpsStatus(db, userId, { status: "failed", errorCode: code, reason: message, nextStep: next }, BUSY_STATUSES);
}

/** Ends the runs of whoever had the user's lock before and is gone without a word; only its holder may call it. */
export async function endLostRuns(pool: Pool, userId: string): Promise<void> {
  for (const { runId, startedAt } of await openRunsOf(pool, userId)) {
    const end: RunEnd = { outcome: "lost", errorCode: "RUN_LOST", message: "The worker of this run is gone.", seconds: (Date.now() - startedAt.getTime()) / SECOND_MS };
    await inTransaction(pool, async (db) => {
      if ((await closeRun(db, { userId, runId }, end)) === "cancelled") await recordCancelled(db, userId);
    });
  }
}
