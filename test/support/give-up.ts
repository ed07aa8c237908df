import type { Pool } from "pg";
import { inTransaction } from "../../src/db/index.ts";
import type { Jobs } from "../../src/jobs/job.ts";
import { findVpsByUserId, listGiveUps, requestGiveUp, setVpsStatus } from "../../src/records/index.ts";
import type { GiveUp, GiveUpRequest } from "../../src/records/index.ts";

/** As the endpoint does it: record, request and job in one transaction. */
export async function requestDeprovision({ pool, jobs }: { pool: Pool; jobs: Jobs }, userId: string, request: Partial<GiveUpRequest> = {}): Promise<GiveUp> {
  return await inTransaction(pool, async (db) => {
    const record = (await findVpsByUserId(db, userId))!;
    await setVpsStatus(db, userId, { status: "deprovisioning" });
    const giveUp = await requestGiveUp(db, record, { requestedBy: "operator_1", reason: "a test", wipe: true, graceHours: 0, ...request });
    await jobs.enqueue(db, { operation: "destroy", userId });
    return giveUp;
  });
}

export async function lastGiveUp(pool: Pool, userId: string): Promise<GiveUp> {
  return (await listGiveUps(pool, { limit: 200 })).find((one) => one.userId === userId)!;
}
