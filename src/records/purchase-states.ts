/**
 * The states of a purchase as the service's books have it (src/purchases), and the edges between them. A row of
 * vps_purchases is what caps are counted by; what keeps a second purchase from being made is the record in the Hostinger
 * account.
 *
 *     waiting          ──> reserved          every guard lets it pass
 *                      ──> released          not wanted any more
 *     reserved         ──> waiting           not sent yet, and a guard holds it back by now: in the place it had
 *                      ──> bought            the run has its VM
 *                      ──> awaiting_payment  the order stands, payment or VM come later
 *                      ──> uncertain         nobody knows
 *                      ──> refused           the payment was refused, and another row waits
 *                      ──> released          nothing was bought
 *     awaiting_payment ──> bought            the VM shows
 *                      ──> uncertain         nobody knows any more
 *                      ──> refused           the order came to nothing, and another row waits
 *                      ──> released          the account knows of no order any more
 *                      ──> reserved          an operator says which VM it is, and the next run takes it over
 *                      ──> written_off       an operator says buy again (and another row waits), or give it up; or its user is given up
 *     uncertain        ──> bought            evidence
 *                      ──> released          it was refused, and the account knows of nothing any more that it may have become
 *                      ──> awaiting_payment  evidence
 *                      ──> refused           evidence of an order that came to nothing, and another row waits
 *                      ──> reserved          an operator says which VM it is, and the next run takes it over
 *                      ──> written_off       an operator says buy again (and another row waits), or give it up; or its user is given up
 */
import { oneOf } from "../db/one-of.ts";

export const PURCHASE_STATES = ["waiting", "reserved", "awaiting_payment", "uncertain", "bought", "refused", "released", "written_off"] as const;
export type PurchaseState = (typeof PURCHASE_STATES)[number];

/** From each state to those that may follow. */
export const PURCHASE_EDGES: Readonly<Record<PurchaseState, readonly PurchaseState[]>> = {
  waiting: ["reserved", "released"],
  reserved: ["waiting", "bought", "awaiting_payment", "uncertain", "refused", "released"],
  awaiting_payment: ["bought", "uncertain", "refused", "released", "reserved", "written_off"],
  uncertain: ["bought", "released", "awaiting_payment", "refused", "reserved", "written_off"],
  bought: [],
  refused: [],
  released: [],
  written_off: [],
};

const WITH_EDGES = PURCHASE_STATES.filter((state) => PURCHASE_EDGES[state].length > 0);
const DECIDABLE = WITH_EDGES.filter((state) => PURCHASE_EDGES[state].includes("written_off"));

/** A person can know more about it than the service. */
export function isDecidable({ state }: { readonly state: PurchaseState }): boolean {
  return DECIDABLE.includes(state);
}

function among(states: readonly PurchaseState[]): string {
  return `vps_purchases.state ${oneOf(states)}`;
}

/** As conditions of SQL on `vps_purchases`. It may still cost money, or have cost it: a user has at most one. */
export const IS_OPEN = among(WITH_EDGES);
/** Something may have been ordered, or be about to, and which VM it becomes is not known. */
export const MAY_HAVE_COST = among(WITH_EDGES.filter((state) => state !== "waiting"));
/** Nobody but a person may know what comes of it. */
export const IS_DECIDABLE = among(DECIDABLE);
/** What caps count. */
export const IS_COUNTED = among([...WITH_EDGES.filter((state) => state !== "waiting"), "bought"]);
/** Nothing comes of it as it is: no order stands, and none is about to be sent. */
export const CAME_TO_NOTHING = among(["waiting", "refused", "released", "written_off"]);

/** It may become this, or is this already. */
export function mayBecome(state: PurchaseState): string {
  return among(PURCHASE_STATES.filter((from) => from === state || PURCHASE_EDGES[from].includes(state)));
}
