/** Members whose VM a user has, and whose own stack did not come to its end: nobody waits for that, so it is tried again, rarely, for as long as it takes. */
import { HOUR_MS, SECOND_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/index.ts";
import { parkedLetGoes, setVpsStatus } from "../records/index.ts";
import type { PoolContext } from "./context.ts";

export async function letGoAgain({ pool, jobs, log }: PoolContext): Promise<void> {
  for (const { memberId, username } of await parkedLetGoes(pool, HOUR_MS / SECOND_MS)) {
    const isAgain = await inTransaction(pool, async (db) => {
      if (!(await setVpsStatus(db, memberId, { status: "deprovisioning" }, ["failed"]))) return false;
      await jobs.enqueue(db, { operation: "destroy", userId: memberId });
      return true;
    });
    if (isAgain) log(`pools: the stack of ${username}, whose VM a user has, is to end: tried again`);
  }
}
