/**
 * Keeps a card that is refused from being tried for every user:
 *
 *     closed ── a payment was refused ──────────────────────> open
 *     open ──── the time of the next probe has come, ───────> probing   one purchase of those who wait
 *               or an operator switches purchases on
 *     probing ─ the purchase has its VM ────────────────────> closed    all who wait go on
 *             ─ it was refused as well ─────────────────────> open      the next probe after twice the time
 *             ─ it came to nothing for another reason ──────> open      the next probe at once
 *             ─ its payment is under way, or nobody knows ──> open      the next probe after the same time
 */
import type { Queryable } from "../db/queryable.ts";
import { CAME_TO_NOTHING, IS_DECIDABLE } from "../records/index.ts";
import { BUYS_NO_MORE } from "./purchase.ts";

export const BREAKER_STATES = ["closed", "open", "probing"] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface Breaker {
  readonly state: BreakerState;
  /** Refused payments since it was last closed. */
  readonly refusals: number;
  readonly reason: string | null;
  readonly openedAt: Date | null;
  readonly nextProbeAt: Date | null;
  readonly probePurchaseId: number | null;
  /** By the database's clock. */
  readonly isProbeDue: boolean;
}

/** No probe waits for longer. */
const LONGEST_PROBE_SECONDS = 3_600;

export async function readBreaker(db: Queryable): Promise<Breaker> {
  const { rows } = await db.query<Breaker>(
    `SELECT state, refusals, reason, opened_at AS "openedAt", next_probe_at AS "nextProbeAt", probe_purchase_id::double precision AS "probePurchaseId",
       state = 'open' AND coalesce(next_probe_at <= clock_timestamp(), true) AS "isProbeDue"
     FROM vps_purchase_breaker`,
  );
  return rows[0]!;
}

/** closed, open, probing -> open. Refused purchases that had begun before it opened do not put the next probe off further. */
export async function openBreaker(db: Queryable, purchaseId: number, reason: string, probeSeconds: number): Promise<void> {
  await db.query(
    `UPDATE vps_purchase_breaker SET state = 'open', refusals = refusals + 1, reason = $2, opened_at = coalesce(opened_at, clock_timestamp()),
       next_probe_at = clock_timestamp() + make_interval(secs => least($4, $3 * power(2, least(refusals, 20)))), probe_purchase_id = NULL
     WHERE state = 'closed' OR probe_purchase_id = $1`,
    [purchaseId, reason, probeSeconds, Math.max(LONGEST_PROBE_SECONDS, probeSeconds)],
  );
}

/** open -> probing. Whether it was open, and the time had come. */
export async function beginProbe(db: Queryable, purchaseId: number): Promise<boolean> {
  const { rowCount } = await db.query("UPDATE vps_purchase_breaker SET state = 'probing', probe_purchase_id = $1 WHERE state = 'open' AND coalesce(next_probe_at <= clock_timestamp(), true)", [purchaseId]);
  return rowCount === 1;
}

/** The present probe may still be sent, or be told to have been refused: not that of a user who was cancelled or parked meanwhile. */
const IS_PROBE_UNDER_WAY = `EXISTS (SELECT FROM vps_purchases WHERE purchase_id = probe_purchase_id AND state = 'reserved'
  AND NOT EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = vps_purchases.user_id AND is_managed AND ${BUYS_NO_MORE}))`;

/** open -> open, with the next probe at once; probing -> open, if nothing is under way of the present one. */
export async function probeAtOnce(db: Queryable): Promise<void> {
  await db.query(`UPDATE vps_purchase_breaker SET state = 'open', next_probe_at = clock_timestamp(), probe_purchase_id = NULL WHERE state = 'open' OR (state = 'probing' AND NOT ${IS_PROBE_UNDER_WAY})`);
}

/** probing -> closed, open: what became of the probe stands in its row, whoever wrote it. Any bought VM closes it: the card works. */
export async function endProbe(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE vps_purchase_breaker SET state = 'closed', refusals = 0, reason = NULL, opened_at = NULL, next_probe_at = NULL, probe_purchase_id = NULL
     WHERE state <> 'closed' AND EXISTS (SELECT FROM vps_purchases WHERE state = 'bought' AND reserved_at >= opened_at AND bought_at >= opened_at)`,
  );
  await db.query(
    `UPDATE vps_purchase_breaker SET state = 'open', next_probe_at = clock_timestamp(), probe_purchase_id = NULL
     WHERE state = 'probing' AND EXISTS (SELECT FROM vps_purchases WHERE purchase_id = probe_purchase_id AND ${CAME_TO_NOTHING})`,
  );
}

/** probing -> open: nobody knows how long it takes until the probe's outcome is told. When it has its VM, that closes it all the same. */
export async function putProbeOff(db: Queryable, probeSeconds: number): Promise<void> {
  await db.query(
    `UPDATE vps_purchase_breaker SET state = 'open', probe_purchase_id = NULL,
       next_probe_at = clock_timestamp() + make_interval(secs => least($2, $1 * power(2, least(greatest(refusals - 1, 0), 20))))
     WHERE state = 'probing' AND EXISTS (SELECT FROM vps_purchases WHERE purchase_id = probe_purchase_id AND ${IS_DECIDABLE})`,
    [probeSeconds, Math.max(LONGEST_PROBE_SECONDS, probeSeconds)],
  );
}
