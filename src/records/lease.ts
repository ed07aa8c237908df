import type { Queryable } from "../db/queryable.ts";

/**
 * Takes the lease, or keeps it. Whoever has not kept it for `silentSeconds`, dead or frozen, has lost it:
 * what its holder does has to be harmless when a frozen one goes on for a moment.
 *
 * @returns whether the holder has it
 */
export async function holdLease(db: Queryable, name: string, holder: string, silentSeconds: number): Promise<boolean> {
  const { rows } = await db.query(
    `INSERT INTO vps_leases (name, holder, beat_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, beat_at = EXCLUDED.beat_at
       WHERE vps_leases.holder = EXCLUDED.holder OR vps_leases.beat_at < clock_timestamp() - make_interval(secs => $3)
     RETURNING name`,
    [name, holder, silentSeconds],
  );
  return rows.length > 0;
}

export async function letLeaseGo(db: Queryable, name: string, holder: string): Promise<void> {
  await db.query("DELETE FROM vps_leases WHERE name = $1 AND holder = $2", [name, holder]);
}
