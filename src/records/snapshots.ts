/** Snapshots by PostgreSQL's clock and the ids of Hostinger's actions alone: the clocks of whoever asks, of workers and of Hostinger may differ. */
import type { Queryable } from "../db/queryable.ts";
import type { VpsRecord } from "./vps-record.ts";

export interface AskedSnapshot {
  readonly ageSeconds: number;
  /** The VM's newest action before the first run that was to order it, 0 if it had none; null: no run has come so far. */
  readonly afterAction: number | null;
}

/** @param sentAt when it was asked for; undefined: just now */
export async function readAskedSnapshot(db: Queryable, userId: string, sentAt: string | undefined): Promise<AskedSnapshot> {
  const { rows: [asked] } = await db.query<AskedSnapshot>(
    `SELECT extract(epoch FROM clock_timestamp() - sent_at)::double precision AS "ageSeconds",
       (SELECT min(snapshot_after_action)::double precision FROM vps_runs WHERE user_id = $1 AND started_at >= sent_at) AS "afterAction"
     FROM coalesce($2::timestamptz, clock_timestamp()) AS sent_at`, [userId, sentAt ?? null]);
  return asked!;
}

/** Before the run orders a snapshot, so that the next one for the same request can tell that one from an earlier one, whatever dies in between. */
export async function noteActionBeforeSnapshot(db: Queryable, runId: string, actionId: number): Promise<void> {
  await db.query("UPDATE vps_runs SET snapshot_after_action = $2 WHERE run_id = $1", [runId, actionId]);
}

/** A snapshot of the VM was made: if it is ready for the user, what is found there from now on is the user's own. */
export async function noteOwnSnapshot(db: Queryable, { userId, hostingerVmId }: Pick<VpsRecord, "userId" | "hostingerVmId">): Promise<void> {
  await db.query("UPDATE user_vps SET snapshot_vm_id = $2 WHERE user_id::text = $1 AND is_managed AND hostinger_vm_id = $2 AND ready_at IS NOT NULL", [userId, hostingerVmId]);
}
