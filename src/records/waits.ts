/** What users' VPSs wait for without a run: one row of vps_waits a user. */
import type { Awaited } from "../../providers/core/patience.ts";
import { monotonicMs } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableText } from "../db/storable.ts";

export interface VpsWait {
  readonly userId: string;
  readonly username: string;
  readonly hostname: string;
  readonly what: Awaited;
  /** Null of a purchase: its VM is what is waited for. */
  readonly vmId: number | null;
  /** Known once the VM runs. */
  readonly address: string | null;
  /** Its name leads nowhere: it waits in a pool. */
  readonly isPooled: boolean;
  /** The VM's state, or stage and detail of the probe, as last seen. */
  readonly seen: string;
  /** The same as the run saw it that began to wait. */
  readonly seenByRun: string;
  readonly since: Date;
  readonly until: Date;
  /** When the last run ended with it. */
  readonly ranAt: Date;
}

export type NewWait = Omit<VpsWait, "isPooled" | "since" | "until" | "ranAt" | "seenByRun"> & { readonly limitSeconds: number };

/** The same thing that was waited for before goes on since then, within the same limit. */
const BEGIN = `
  INSERT INTO vps_waits (user_id, username, hostname, what, state, vm_id, address, seen, seen_by_run, until)
  VALUES ($1, $2, $3, $4, 'watched', $5, $6, $7, $7, clock_timestamp() + make_interval(secs => $8))
  ON CONFLICT (user_id) DO UPDATE SET
    state = 'watched', ran_at = clock_timestamp(), username = EXCLUDED.username, hostname = EXCLUDED.hostname, what = EXCLUDED.what, address = EXCLUDED.address, seen = EXCLUDED.seen, seen_by_run = EXCLUDED.seen,
    since = CASE WHEN (vps_waits.what, vps_waits.vm_id) IS NOT DISTINCT FROM (EXCLUDED.what, EXCLUDED.vm_id) THEN vps_waits.since ELSE clock_timestamp() END,
    until = CASE WHEN (vps_waits.what, vps_waits.vm_id) IS NOT DISTINCT FROM (EXCLUDED.what, EXCLUDED.vm_id) THEN vps_waits.until ELSE EXCLUDED.until END,
    vm_id = EXCLUDED.vm_id`;

export async function beginWait(db: Queryable, wait: NewWait): Promise<void> {
  await db.query(BEGIN, [wait.userId, wait.username, wait.hostname, wait.what, wait.vmId, wait.address, storableText(wait.seen), wait.limitSeconds]);
}

/** With a run that ended in another way, or a user for whom something else is wanted. */
export async function endWait(db: Queryable, userId: string): Promise<void> {
  await db.query("DELETE FROM vps_waits WHERE user_id = $1", [userId]);
}

const WATCHED = `
  SELECT vps_waits.user_id AS "userId", vps_waits.username, vps_waits.hostname, what, vm_id::double precision AS "vmId", vps_waits.address, seen, seen_by_run AS "seenByRun", since, until, ran_at AS "ranAt", clock_timestamp() AS now,
    EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = vps_waits.user_id AND is_pooled) AS "isPooled"
  FROM vps_waits WHERE state = 'watched' ORDER BY since`;

export interface WatchedWaits {
  readonly waits: readonly VpsWait[];
  /** By PostgreSQL's clock, which has written their times: this machine's may be wrong. */
  readonly nowMs: () => number;
}

/** All of them, the longest first; as many as are under way, not as the fleet has. */
export async function watchedWaits(db: Queryable): Promise<WatchedWaits> {
  const { rows } = await db.query<VpsWait & { now: Date }>(WATCHED);
  const offsetMs = (rows[0]?.now.getTime() ?? 0) - monotonicMs();
  return { waits: rows, nowMs: () => monotonicMs() + offsetMs };
}

/** The user may wait for something else by the time that an answer comes. */
const IS_THIS = "user_id = $1 AND state = 'watched' AND (what, vm_id) IS NOT DISTINCT FROM ($2, $3::bigint)";

export type WaitKey = Pick<VpsWait, "userId" | "what" | "vmId">;

/** @returns how long it was waited for, or undefined if it was not watched: only if it was, the next run is to be sent, in the same transaction */
export async function queueWait(db: Queryable, { userId, what, vmId }: WaitKey): Promise<{ readonly seconds: number } | undefined> {
  const { rows } = await db.query<{ seconds: number }>(
    `UPDATE vps_waits SET state = 'queued' WHERE ${IS_THIS}
       AND EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = $1 AND is_managed AND status = 'provisioning')
     RETURNING extract(epoch FROM clock_timestamp() - since)::double precision AS seconds`,
    [userId, what, vmId],
  );
  return rows[0];
}

/** What is seen has changed: kept with the wait, and told in the record, which is locked before the wait as everywhere. */
export async function noteSeen(db: Queryable, wait: WaitKey & Pick<VpsWait, "hostname">, seen: string): Promise<void> {
  await db.query(
    `WITH locked AS (SELECT user_id::text AS locked_id FROM user_vps WHERE user_id::text = $1 AND is_managed FOR UPDATE),
       noted AS (UPDATE vps_waits SET seen = $4 FROM locked WHERE user_id = locked_id AND ${IS_THIS} AND seen <> $4 RETURNING user_id)
     UPDATE user_vps SET waiting_for = $5 FROM noted WHERE user_vps.user_id::text = noted.user_id AND is_managed AND status = 'provisioning'`,
    [wait.userId, wait.what, wait.vmId, storableText(seen), storableText(waitText(wait, seen))],
  );
}

/** Waits of users for whom something else is wanted by now. @returns how many there were */
export async function dropOvertakenWaits(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM vps_waits WHERE state = 'watched'
       AND NOT EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = vps_waits.user_id AND is_managed AND status = 'provisioning')`,
  );
  return rowCount ?? 0;
}

/** For people: `VM 42 to run: creating`, `alice.spoq.dev to be healthy: TLS: no certificate yet`. */
export function waitText({ what, vmId, hostname }: Pick<VpsWait, "what" | "vmId" | "hostname">, seen: string): string {
  const awaited = { running: `VM ${vmId} to run`, health: `${hostname} to be healthy`, purchase: `the outcome of the purchase for ${hostname}` };
  return `${awaited[what]}: ${seen}`;
}
