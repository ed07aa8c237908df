/** When a VPS that is on its way is usually ready: from what runs and waits have taken others. */
import { SECOND_MS } from "../../providers/core/time.ts";
import type { FleetPace, UsualTimes } from "./fleet-pace.ts";
import type { QueuePlace } from "./queue-place.ts";
import type { VpsRecord } from "./vps-record.ts";

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

/** Undefined unless a VPS is made for the first time and nothing but time stands before it, or as long as no other one has been made. */
export async function estimateReadyAt(pace: FleetPace, record: VpsRecord, way: Pick<WaySoFar, "what" | "isWatched" | "since">, place: QueuePlace | undefined): Promise<Date | undefined> {
  const { status, readyAt, waitingKind, hostingerVmId, poolMemberId } = record;
  const isOnItsWay = status === "provisioning" || (status === "queued" && place !== undefined && waitingKind === null);
  if (!isOnItsWay || readyAt !== null || waitingKind === "purchase") return undefined;
  const usual = await pace.usualTimes();
  return usual && readyAtOf({ ...way, hasVm: hostingerVmId !== null, isFromPool: poolMemberId !== null }, usual, place, new Date());
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
