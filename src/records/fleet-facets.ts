/** What the fleet can be told apart by: which plans, data centers and releases there are. */
import type { Queryable } from "../db/queryable.ts";

export interface FleetFacets {
  readonly plans: readonly string[];
  readonly dataCenterIds: readonly number[];
  /** Newest first. */
  readonly releases: readonly string[];
}

/** From one value to the next by the index: as many steps as there are values, however many users. */
const distinct = (column: string) => `
  WITH RECURSIVE found AS (
    (SELECT ${column} AS value FROM user_vps WHERE is_managed ORDER BY ${column} LIMIT 1)
    UNION ALL
    SELECT (SELECT ${column} FROM user_vps WHERE is_managed AND ${column} > found.value ORDER BY ${column} LIMIT 1) FROM found WHERE found.value IS NOT NULL
  ) SELECT value FROM found WHERE value IS NOT NULL`;

const MOST_RELEASES = 100;

export async function readFleetFacets(db: Queryable): Promise<FleetFacets> {
  const [plans, centers, releases] = await Promise.all([
    db.query<{ value: string }>(distinct("plan_id")),
    db.query<{ value: number }>(distinct("data_center_id")),
    db.query<{ value: string }>("SELECT version AS value FROM vps_releases ORDER BY created_at DESC LIMIT $1", [MOST_RELEASES]),
  ]);
  const values = <T>({ rows }: { readonly rows: readonly { readonly value: T }[] }) => rows.map(({ value }) => value);
  return { plans: values(plans), dataCenterIds: values(centers), releases: values(releases) };
}
