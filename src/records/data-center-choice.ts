/** Who chose a user's data center, and where the service goes on when one is out of stock. */
import { SPECIFIED_CATALOG } from "../../providers/hostinger/api/live-catalog.ts";
import type { OfferedDataCenter } from "../../providers/hostinger/api/live-catalog.ts";
import { nearestOthers } from "../../providers/hostinger/nearest.ts";
import type { Queryable } from "../db/queryable.ts";
import { readOffers } from "./offers.ts";

/** `service`: nobody named one, so it took the nearest, or the default. */
export type DataCenterChoice = "user" | "service" | "operator";

export async function noteDataCenterChoice(db: Queryable, userId: string, chosenBy: DataCenterChoice): Promise<void> {
  await db.query("UPDATE user_vps SET data_center_chosen_by = $2, data_centers_tried = '{}' WHERE user_id::text = $1 AND is_managed", [userId, chosenBy]);
}

interface Choice {
  readonly current: number;
  readonly tried: readonly number[];
  readonly chosenBy: DataCenterChoice | null;
}

async function readChoice(db: Queryable, userId: string): Promise<Choice | undefined> {
  const { rows } = await db.query<Choice>(
    `SELECT data_center_id AS current, data_centers_tried AS tried, data_center_chosen_by AS "chosenBy" FROM user_vps
     WHERE user_id::text = $1 AND is_managed AND hostinger_vm_id IS NULL FOR UPDATE`, [userId],
  );
  return rows[0];
}

/** Where the user's VPS may be, the best first: what somebody has named is the only one, what the service chose may be any of these, by its distance. */
function acceptable({ current, tried, chosenBy }: Choice, centers: readonly OfferedDataCenter[]): readonly number[] {
  const first = tried[0] ?? current;
  return chosenBy === "service" ? [first, ...nearestOthers(first, centers)] : [current];
}

/** Of a user who has no VM yet: see `acceptable`. What is there already may be where nothing is offered any more. @param db inside a transaction */
export async function acceptableDataCenters(db: Queryable, userId: string): Promise<readonly number[]> {
  const choice = await readChoice(db, userId);
  if (!choice) return [];
  const { dataCenters: offered } = await readOffers(db);
  const offeredBefore = SPECIFIED_CATALOG.dataCenters.filter(({ id }) => !offered.some((center) => center.id === id));
  return acceptable(choice, [...offered, ...offeredBefore]);
}

/**
 * Moves a user who has no VM yet to the data center that is nearest to the first one, is offered and was not tried.
 *
 * @param db inside a transaction
 * @returns undefined, and nothing is changed, if somebody else chose the data center, or all were tried
 */
export async function moveToNextDataCenter(db: Queryable, userId: string): Promise<number | undefined> {
  const choice = await readChoice(db, userId);
  if (!choice) return undefined;
  const { dataCenters } = await readOffers(db);
  const tried = [...choice.tried, choice.current];
  const next = acceptable(choice, dataCenters).find((id) => !tried.includes(id));
  if (next === undefined) return undefined;
  await db.query("UPDATE user_vps SET data_center_id = $2, data_centers_tried = $3 WHERE user_id::text = $1 AND is_managed", [userId, next, tried]);
  return next;
}
