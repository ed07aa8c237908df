/** Every night, one worker removes the records of what is long over. */
import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import type { Settings } from "../config/index.ts";
import { removeOld } from "../records/index.ts";
import { ensureQueue } from "./queue.ts";
import { stopWork } from "./stop-work.ts";

const QUEUE = "user-vps-retention";
const AT_NIGHT = "17 3 * * *";

export interface RetentionOptions {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly settings: Pick<Settings, "runsKeptDays" | "auditKeptDays" | "notificationsKeptDays">;
  readonly log: (line: string) => void;
}

export async function startRetention({ boss, pool, settings, log }: RetentionOptions): Promise<{ stop(): Promise<void> }> {
  await ensureQueue(boss, QUEUE, { policy: "singleton", retryLimit: 2, expireInSeconds: HOUR_MS / SECOND_MS, deleteAfterSeconds: (24 * HOUR_MS) / SECOND_MS });
  await boss.schedule(QUEUE, AT_NIGHT, {}, { tz: "UTC" });
  await boss.work(QUEUE, { pollingIntervalSeconds: MINUTE_MS / SECOND_MS }, async () => {
    const { runs, findings, sweeps, operatorActions, notifications } = await removeOld(pool, settings);
    log(`removed what is long over: ${runs} runs, ${findings} findings, ${sweeps} sweeps, ${operatorActions} operators' actions, ${notifications} notifications`);
  });
  // It may take long, and what it leaves is removed another night: nobody waits for it.
  return { stop: async () => void stopWork(boss, QUEUE, log) };
}
