/**
 * A run that has ended changes nothing more. Its worker may only have stood still while another took the user over and
 * ended it; what it does when it goes on is of a time that is over.
 */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Queryable } from "../db/queryable.ts";

/** By SQL. @param runId the parameter, or column, with the run's id */
export const hasEnded = (runId: string) => `EXISTS (SELECT FROM vps_runs WHERE run_id = ${runId} AND outcome IS NOT NULL)`;

/**
 * Before a run binds a VM to its user, or takes one away.
 *
 * @param db inside a transaction that has locked the user: whoever ends the run has done so before, or waits
 * @throws UserVpsError RUN_LOST
 */
export async function refuseEndedRun(db: Queryable, runId: string): Promise<void> {
  const { rows } = await db.query<{ ended: boolean }>(`SELECT ${hasEnded("$1")} AS ended`, [runId]);
  if (rows[0]!.ended) throw new UserVpsError("RUN_LOST", "The run was ended by another worker, which has taken the user over.");
}
