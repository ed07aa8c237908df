/** A purchase as the service's books have it: one row of vps_purchases. Its states are in records/purchase-states.ts. */
import { oneOf } from "../db/one-of.ts";
import { GETTING_READY_STATUSES } from "../records/index.ts";
import type { PurchaseState } from "../records/index.ts";

export { isDecidable, PURCHASE_STATES } from "../records/index.ts";
export type { PurchaseState } from "../records/index.ts";

/** What a user can have to wait for before anything is bought, in the order in which it is looked at; `payment`: after it was ordered. */
export const WAITING_KINDS = [
  "purchases_off", "purchases_per_day", "spend_per_month", "fleet_limit", "price", "payment_method", "payment_refused", "zone", "zone_records", "certificates", "payment",
] as const;
export type WaitingKind = (typeof WAITING_KINDS)[number];

export const DECISIONS = ["vm", "buy-again", "give-up"] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** What an operator decided about a purchase in doubt. */
export interface PurchaseDecision {
  readonly kind: DecisionKind;
  /** Of `vm`: the VM that it is. */
  readonly vmId: number | null;
  readonly by: string;
  readonly why: string;
}

export interface Purchase {
  readonly purchaseId: number;
  readonly userId: string;
  readonly username: string;
  readonly hostname: string;
  readonly plan: string;
  /** The change that wants another VM; null: a signup. */
  readonly changeId: number | null;
  readonly state: PurchaseState;
  readonly waitsFor: WaitingKind | null;
  readonly askedAt: Date;
  readonly reservedAt: Date | null;
  readonly boughtAt: Date | null;
  readonly endedAt: Date | null;
  /** Of the first term, in `currency`; null: not known. */
  readonly priceCents: number | null;
  readonly currency: string | null;
  readonly orderId: string | null;
  readonly subscriptionId: string | null;
  readonly vmId: number | null;
  readonly paidUntil: Date | null;
  readonly refusals: number;
  readonly looks: number;
  readonly evidence: string | null;
  readonly decision: DecisionKind | null;
  readonly decidedVmId: number | null;
  readonly decidedBy: string | null;
  readonly decidedWhy: string | null;
  readonly decidedAt: Date | null;
}

/** As conditions of SQL on `user_vps`: a run may buy for the user, or is about to. */
export const MAY_BUY = `user_vps.status ${oneOf(GETTING_READY_STATUSES)}`;
/** Nothing is bought for the user without somebody's doing. */
export const BUYS_NO_MORE = `user_vps.status NOT ${oneOf(GETTING_READY_STATUSES)}`;

/** For SELECT and RETURNING. */
export const PURCHASE_COLUMNS = `
  vps_purchases.purchase_id::double precision AS "purchaseId", vps_purchases.user_id AS "userId", vps_purchases.username, vps_purchases.hostname, vps_purchases.plan_id AS plan,
  change_id::double precision AS "changeId", state, waits_for AS "waitsFor", asked_at AS "askedAt", reserved_at AS "reservedAt", bought_at AS "boughtAt", ended_at AS "endedAt",
  price_cents AS "priceCents", currency, order_id AS "orderId", vps_purchases.subscription_id AS "subscriptionId", vm_id::double precision AS "vmId", paid_until AS "paidUntil",
  refusals, looks, evidence, decision, decided_vm_id::double precision AS "decidedVmId", decided_by AS "decidedBy", decided_why AS "decidedWhy", decided_at AS "decidedAt"`;
