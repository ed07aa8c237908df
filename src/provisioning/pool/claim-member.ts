import { inTransaction } from "../../db/index.ts";
import { claimFromPool } from "../../purchases/index.ts";
import { findVpsByUserId, lockVps, refuseEndedRun } from "../../records/index.ts";
import type { VpsRecord } from "../../records/index.ts";
import type { OperationContext } from "../operation.ts";

/** A VPS from a pool for a user who got none with the signup. The member's own stack ends by a job that it gets as a record that waits for one does (src/jobs/missing-jobs.ts). */
export async function claimMember({ pool, settings, record: { userId }, hooks, recorder }: OperationContext): Promise<VpsRecord | undefined> {
  const claimed = await inTransaction(pool, async (db) => {
    await lockVps(db, userId);
    await refuseEndedRun(db, hooks.runId);
    const record = await findVpsByUserId(db, userId);
    return record && (await claimFromPool(db, settings, record));
  });
  if (claimed) recorder.onLine(`VM ${claimed.record.hostingerVmId} waited in a pool: it is the user's now`);
  return claimed?.record;
}
