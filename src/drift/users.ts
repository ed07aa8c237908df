import type { Queryable } from "../db/queryable.ts";
import { VPS_COLUMNS, type VpsRecord } from "../records/index.ts";

export interface FleetUser extends VpsRecord {
  /** The VPS is up by the record and nobody is working on it, nor was within the grace time. */
  readonly settled: boolean;
}

const SELECT = `
  SELECT ${VPS_COLUMNS},
    status IN ('ready', 'failed', 'suspended') AND ready_at IS NOT NULL AND hostinger_vm_id IS NOT NULL
      AND updated_at <= clock_timestamp() - make_interval(secs => $1)
      AND NOT EXISTS (
        SELECT FROM vps_runs WHERE vps_runs.user_id = user_vps.user_id::text AND operation <> 'preview'
          AND (outcome IS NULL OR ended_at > clock_timestamp() - make_interval(secs => $1))) AS settled
  FROM user_vps WHERE is_managed`;

/** All users, by user name. */
export async function readFleet(db: Queryable, graceSeconds: number): Promise<Map<string, FleetUser>> {
  const { rows } = await db.query<FleetUser>(SELECT, [graceSeconds]);
  return new Map(rows.map((user) => [user.username, user]));
}

/** One of them, for whom the grace time counts as over. */
export async function readFleetUser(db: Queryable, username: string): Promise<FleetUser | undefined> {
  return (await db.query<FleetUser>(`${SELECT} AND username = $2`, [0, username])).rows[0];
}

/** Nothing was done for the user at either time, nor in between. */
export function isJudgeable(after: FleetUser, before: FleetUser | undefined): boolean {
  return after.settled && before?.settled === true && before.version === after.version;
}
