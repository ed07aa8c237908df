import type { Queryable } from "../db/queryable.ts";
import { hasEnded } from "./ended-run.ts";

/** What a run found out; a field that is not named stays as it is. */
export interface VpsResult {
  readonly address?: string | null;
  readonly hostingerVmId?: number | null;
  readonly hostingerOrderId?: string | null;
  readonly subscriptionId?: string | null;
  readonly url?: string | null;
  readonly sshHostKey?: string;
}

const COLUMNS = { address: "address", hostingerVmId: "hostinger_vm_id", hostingerOrderId: "hostinger_order_id", subscriptionId: "subscription_id", url: "url", sshHostKey: "ssh_host_key" } as const;

/** @param ofRun while this run goes on, or else nothing happens */
export async function saveVpsResult(db: Queryable, userId: string, result: VpsResult, ofRun?: string): Promise<void> {
  const values: unknown[] = [userId];
  const assignments = Object.entries(result)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${COLUMNS[field as keyof VpsResult]} = $${values.push(value)}`);
  if (assignments.length === 0) return;
  const isInTime = ofRun === undefined ? "" : ` AND NOT ${hasEnded(`$${values.push(ofRun)}`)}`;
  await db.query(`UPDATE user_vps SET ${assignments.join(", ")} WHERE user_id::text = $1 AND is_managed${isInTime}`, values);
}
