import type { Queryable } from "../db/queryable.ts";

/** The one of now first. Whoever has the VM of a pool's member was bound to it by the name that it was booted as. */
const OWN = `
  SELECT name FROM (
    SELECT unnest(ARRAY[hostname, boot_hostname]) AS name, 1 AS place FROM user_vps WHERE user_id::text = $1
    UNION ALL SELECT unnest(ARRAY[hostname, boot_hostname]), 2 FROM vps_give_ups WHERE user_id = $1
    UNION ALL SELECT unnest(ARRAY[declared_before ->> 'hostname', declared_before ->> 'bootHostname', declared_after ->> 'hostname']), 2 FROM vps_changes WHERE user_id = $1
    UNION ALL SELECT hostname, 2 FROM vps_purchases WHERE user_id = $1
  ) AS known WHERE name IS NOT NULL GROUP BY name ORDER BY min(place), name`;

/** Host names that a VM of this user may have: the present one, and all that it had or was to have. */
export async function ownHostnames(db: Queryable, userId: string): Promise<string[]> {
  return (await db.query<{ name: string }>(OWN, [userId])).rows.map(({ name }) => name);
}
