/** What an operator sees of purchases at a glance: switch, caps, breaker, and who waits for what. */
import type { Queryable } from "../db/queryable.ts";
import { readBooks } from "./books.ts";
import type { Books } from "./books.ts";
import { readBreaker } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import type { WaitingKind } from "./purchase.ts";
import { readSwitch } from "./switch.ts";
import type { PurchaseSwitch } from "./switch.ts";

export interface PurchaseOverview {
  readonly switch: PurchaseSwitch;
  readonly books: Books;
  readonly breaker: Breaker;
  readonly waiting: readonly { readonly kind: WaitingKind; readonly users: number; readonly since: Date }[];
  /** Purchases that an operator has to decide about. */
  readonly uncertain: number;
}

export async function readOverview(db: Queryable, setting: "on" | "off"): Promise<PurchaseOverview> {
  const [current, books, breaker, waiting, uncertain] = await Promise.all([
    readSwitch(db, setting), readBooks(db), readBreaker(db), countWaiting(db), countUncertain(db),
  ]);
  return { switch: current, books, breaker, waiting, uncertain };
}

/** Purchases that an operator has to decide about. */
export async function countUncertain(db: Queryable): Promise<number> {
  return (await db.query<{ count: number }>("SELECT count(*)::int AS count FROM vps_purchases WHERE state = 'uncertain' AND decision IS NULL")).rows[0]!.count;
}

export async function countWaiting(db: Queryable): Promise<PurchaseOverview["waiting"]> {
  const { rows } = await db.query<PurchaseOverview["waiting"][number]>(
    `SELECT kind, count(*)::int AS users, min(since) AS since FROM (
       SELECT waits_for AS kind, asked_at AS since FROM vps_purchases WHERE state = 'waiting' AND waits_for IS NOT NULL
       UNION ALL SELECT 'payment', reserved_at FROM vps_purchases WHERE state = 'awaiting_payment'
     ) AS all_waiting GROUP BY kind ORDER BY kind`,
  );
  return rows;
}

export async function countPurchases(db: Queryable): Promise<readonly { readonly state: string; readonly count: number }[]> {
  return (await db.query<{ state: string; count: number }>("SELECT state, count(*)::int AS count FROM vps_purchases GROUP BY state")).rows;
}
