import type { Queryable } from "../db/queryable.ts";
import type { VpsRecord } from "./vps-record.ts";

/** A place among those who wait. */
export interface QueuePlace {
  /** From 1. */
  readonly position: number;
  readonly total: number;
}

const FOR_A_WORKER = `
  SELECT count(*) FILTER (WHERE queue.queued_at < own.queued_at OR (queue.queued_at = own.queued_at AND queue.user_id::text <= $1))::int AS position, count(*)::int AS total
  FROM user_vps AS queue, (SELECT queued_at FROM user_vps WHERE user_id::text = $1 AND is_managed) AS own
  WHERE queue.is_managed AND NOT queue.is_pooled AND queue.status = 'queued' AND queue.waiting_kind IS NULL AND queue.error_code IS NULL`;

const TO_BUY = "SELECT count(*)::int AS total FROM vps_purchases WHERE state = 'waiting' AND NOT EXISTS (SELECT FROM vps_pool_members WHERE member_id = vps_purchases.user_id)";

/**
 * Among those who wait for a worker, or for their turn to buy (src/purchases tells the place).
 * Undefined for whoever waits for something of their own, as a payment or the next try.
 */
export async function findQueuePlace(db: Queryable, record: VpsRecord): Promise<QueuePlace | undefined> {
  const { userId, status, waitingKind, waitingPlace, errorCode } = record;
  if (status !== "queued") return undefined;
  if (waitingPlace !== null) {
    const total = (await db.query<{ total: number }>(TO_BUY)).rows[0]!.total;
    return { position: waitingPlace, total: Math.max(total, waitingPlace) };
  }
  if (waitingKind !== null || errorCode !== null) return undefined;
  const place = (await db.query<QueuePlace>(FOR_A_WORKER, [userId])).rows[0];
  // A worker may have taken the user since the record was read.
  return place && place.position > 0 ? place : undefined;
}
