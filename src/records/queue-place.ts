import type { FleetPace } from "./fleet-pace.ts";
import type { VpsRecord } from "./vps-record.ts";

/** A place among those who wait. */
export interface QueuePlace {
  /** From 1. */
  readonly position: number;
  readonly total: number;
}

/**
 * Among those who wait for a worker, or for their turn to buy (src/purchases tells the place).
 * Undefined for whoever waits for something of their own, as a payment or the next try.
 */
export async function findQueuePlace(pace: FleetPace, { status, waitingKind, waitingPlace, errorCode, queuedAtSeconds }: VpsRecord): Promise<QueuePlace | undefined> {
  if (status !== "queued") return undefined;
  if (waitingPlace !== null) return { position: waitingPlace, total: Math.max(await pace.buyersWaiting(), waitingPlace) };
  if (waitingKind !== null || errorCode !== null || queuedAtSeconds === null) return undefined;
  const queue = await pace.queuedAt();
  // Whoever came since it was read is not in it.
  const position = countBelow(queue, queuedAtSeconds) + 1;
  return { position, total: Math.max(queue.length, position) };
}

/** @param ascending halved again and again: thousands may wait, and all of them ask */
function countBelow(ascending: readonly number[], bound: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
