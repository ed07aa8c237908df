/** Who chose a user's data center, and where the service goes on when one is out of stock. */
import { nearestOthers } from "../../providers/hostinger/nearest.ts";
import type { Queryable } from "../db/queryable.ts";

/** `service`: nobody named one, so it took the nearest, or the default. */
export type DataCenterChoice = "user" | "service" | "operator";

export async function noteDataCenterChoice(db: Queryable, userId: string, chosenBy: DataCenterChoice): Promise<void> {
  await db.query("UPDATE user_vps SET data_center_chosen_by = $2, data_centers_tried = '{}' WHERE user_id::text = $1 AND is_managed", [userId, chosenBy]);
}

/**
 * Moves a user who has no VM yet to the data center that is nearest to the first one and was not tried.
 *
 * @param db inside a transaction
 * @returns undefined, and nothing is changed, if somebody else chose the data center, or all were tried
 */
export async function moveToNextDataCenter(db: Queryable, userId: string): Promise<number | undefined> {
  const { rows: [row] } = await db.query<{ current: number; tried: number[] }>(
    `SELECT data_center_id AS current, data_centers_tried AS tried FROM user_vps
     WHERE user_id::text = $1 AND is_managed AND data_center_chosen_by = 'service' AND hostinger_vm_id IS NULL FOR UPDATE`, [userId],
  );
  if (!row) return undefined;
  const tried = [...row.tried, row.current];
  const next = nearestOthers(tried[0]!).find((id) => !tried.includes(id));
  if (next === undefined) return undefined;
  await db.query("UPDATE user_vps SET data_center_id = $2, data_centers_tried = $3 WHERE user_id::text = $1 AND is_managed", [userId, next, tried]);
  return next;
}
