/** What a VM is at passes by itself, as a rule; what does not, is told. */
import type { Queryable } from "../db/queryable.ts";

/** So long, and by so many sweeps in a row, is a VM seen at something before it counts as stuck: a restore may take long, a backup comes every night. */
const STUCK_AFTER = "1 hour";
const STUCK_LOOKS = 3;

/** VMs that the sweep which looks now finds stuck, if they are still at it: by their id, since when. */
export async function stuckVms(db: Queryable): Promise<ReadonlyMap<number, Date>> {
  const { rows } = await db.query<{ vmId: number; since: Date }>(
    `SELECT vm_id::double precision AS "vmId", first_seen AS since FROM vps_passing_vms WHERE looks >= $1 AND first_seen <= clock_timestamp() - interval '${STUCK_AFTER}'`,
    [STUCK_LOOKS - 1],
  );
  return new Map(rows.map(({ vmId, since }) => [vmId, since]));
}

/** @param vmIds all that were seen so this time; of the others, the count begins anew */
export async function notePassingVms(db: Queryable, vmIds: readonly number[]): Promise<void> {
  await db.query("DELETE FROM vps_passing_vms WHERE vm_id <> ALL ($1::bigint[])", [vmIds]);
  await db.query("INSERT INTO vps_passing_vms (vm_id) SELECT DISTINCT unnest($1::bigint[]) ON CONFLICT (vm_id) DO UPDATE SET looks = vps_passing_vms.looks + 1", [vmIds]);
}
