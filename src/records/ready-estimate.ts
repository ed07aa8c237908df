/** When a VPS that is on its way is usually ready: from what runs and waits have taken others. */
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import type { QueuePlace } from "./queue-place.ts";
import type { VpsRecord } from "./vps-record.ts";
import { usualWaitSeconds } from "./wait-times.ts";

/** Of so many runs the median is the usual time. */
const COUNTED = 100;

/** Where a user is on the way: `buying -> running -> configuring -> health -> finishing`. */
export interface WaySoFar {
  readonly what: "running" | "health" | "purchase" | null;
  /** Watched; otherwise it is over, and a run goes on from there. */
  readonly isWatched: boolean;
  readonly since: Date | null;
  readonly hasVm: boolean;
  /** Its VM waited in a pool, bought and installed. */
  readonly isFromPool?: boolean;
}

/** Seconds. */
export interface UsualTimes {
  readonly run: number;
  readonly running: number;
  readonly health: number;
  /** Runs that go on at the moment: as many go at once while somebody waits for one. */
  readonly runsAtOnce: number;
}

const FACTS = `
  SELECT what, coalesce(state = 'watched', false) AS "isWatched", since,
    (SELECT count(*)::int FROM vps_runs WHERE outcome IS NULL) AS "runsAtOnce",
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM (
       SELECT seconds FROM vps_runs WHERE operation = 'up' AND outcome IN ('succeeded', 'waiting') ORDER BY ended_at DESC LIMIT $2) AS last) AS run
  FROM (SELECT) AS one LEFT JOIN vps_waits ON vps_waits.user_id = $1`;

/** Undefined unless a VPS is made for the first time and nothing but time stands before it, or as long as no other one has been made. */
export async function estimateReadyAt(db: Queryable, record: VpsRecord, place: QueuePlace | undefined): Promise<Date | undefined> {
  const { userId, status, readyAt, waitingKind, hostingerVmId, poolMemberId } = record;
  const isOnItsWay = status === "provisioning" || (status === "queued" && place !== undefined && waitingKind === null);
  if (!isOnItsWay || readyAt !== null || waitingKind === "purchase") return undefined;
  const facts = (await db.query<Omit<WaySoFar, "hasVm" | "isFromPool"> & { runsAtOnce: number; run: number | null }>(FACTS, [userId, COUNTED])).rows[0]!;
  const [running, health] = [await usualWaitSeconds(db, "running"), await usualWaitSeconds(db, "health")];
  if (facts.run === null || running === undefined || health === undefined) return undefined;
  return readyAtOf({ ...facts, hasVm: hostingerVmId !== null, isFromPool: poolMemberId !== null }, { run: facts.run, running, health, runsAtOnce: facts.runsAtOnce }, place, new Date());
}

/** What is late is not put off again and again: in the last wait the time that was told stands, though it be over. */
export function readyAtOf(way: WaySoFar, usual: UsualTimes, place: QueuePlace | undefined, now: Date): Date {
  const nowMs = now.getTime();
  const endOf = (seconds: number) => (way.since ?? now).getTime() + seconds * SECOND_MS;
  const after = (fromMs: number, seconds: number) => new Date(Math.max(fromMs, nowMs) + seconds * SECOND_MS);
  if (way.what === "health") return way.isWatched ? new Date(endOf(usual.health) + usual.run * SECOND_MS) : after(nowMs, usual.run);
  const lastSteps = usual.run + usual.health + usual.run;
  if (way.what === "running" && way.isWatched) return after(endOf(usual.running), lastSteps);
  // It runs already, and the one run that makes it the user's is the last.
  if (way.isFromPool) return after(nowMs, ((place?.position ?? 1) * usual.run) / Math.max(1, usual.runsAtOnce));
  if (way.hasVm) return after(nowMs, lastSteps);
  const queueSeconds = place ? (place.position * usual.run) / Math.max(1, usual.runsAtOnce) : 0;
  return after(nowMs, queueSeconds + usual.run + usual.running + lastSteps);
}
