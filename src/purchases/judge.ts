/**
 * Whether something may be bought, by what is known: the guards in their order, the first one that holds decides. No
 * clock, no database, no API: see guard.ts for who looks.
 */
import { UserVpsError } from "../../providers/core/errors.ts";
import { planItemOf } from "./entitlement.ts";
import type { Books } from "./books.ts";
import type { Breaker } from "./breaker.ts";
import type { LiveFacts } from "./live-facts.ts";
import type { WaitingKind } from "./purchase.ts";
import type { PurchaseSwitch } from "./switch.ts";

/** Settings; undefined: no such limit. */
export interface Limits {
  readonly purchasesPerDay?: number | undefined;
  readonly spendPerMonthCents?: number | undefined;
  readonly fleetLimit?: number | undefined;
  readonly maxPriceCents?: number | undefined;
  readonly zoneRecordLimit?: number | undefined;
  readonly certificatesPerWeek: number;
}

export interface GuardFacts {
  readonly plan: string;
  readonly switch: PurchaseSwitch;
  /** Catalog items; undefined: any plan. */
  readonly entitledPlans: readonly string[] | undefined;
  readonly limits: Limits;
  readonly books: Books;
  readonly breaker: Breaker;
  /** This purchase may be the probe of an open breaker. */
  readonly mayProbe: boolean;
  /** What an earlier user waits for; undefined: nobody is ahead. */
  readonly ahead: WaitingKind | undefined;
  /** undefined: not looked at yet; all that depends on it is passed over. */
  readonly live: LiveFacts | undefined;
}

export const OTHERS_FIRST = "others have asked earlier and wait for the same; it goes on in their order";

export interface Wait {
  readonly kind: WaitingKind;
  /** For people: what is waited for. */
  readonly text: string;
}

/** @throws UserVpsError PLAN_NOT_ALLOWED: waiting would not help */
export function judge(facts: GuardFacts): Wait | undefined {
  return off(facts) ?? notEntitled(facts) ?? capped(facts) ?? tooDear(facts) ?? unpayable(facts) ?? broken(facts) ?? closedZone(facts) ?? fullZone(facts) ?? noCertificate(facts) ?? behind(facts);
}

/**
 * Whether what was reserved a while ago may still be bought: by the same guards, but those that count places, of which it
 * has one.
 */
export function judgeReserved(facts: GuardFacts, isProbe: boolean): Wait | undefined {
  return off(facts) ?? tooDear(facts) ?? unpayable(facts) ?? (isProbe ? undefined : broken(facts)) ?? closedZone(facts);
}

function off({ switch: { isOn, setBy, reason } }: GuardFacts): Wait | undefined {
  if (isOn) return undefined;
  return { kind: "purchases_off", text: setBy === null ? "purchases are switched off (PURCHASES)" : `purchases were switched off by an operator${reason ? `: ${reason}` : ""}` };
}

function notEntitled({ plan, entitledPlans }: GuardFacts): undefined {
  if (entitledPlans === undefined || entitledPlans.includes(planItemOf(plan))) return undefined;
  throw new UserVpsError("PLAN_NOT_ALLOWED", `The plan ${plan} is not one that this user may have (${entitledPlans.length > 0 ? entitledPlans.join(", ") : "none"}); nothing was bought.`);
}

function capped({ limits: { purchasesPerDay, spendPerMonthCents, fleetLimit }, books, live }: GuardFacts): Wait | undefined {
  if (purchasesPerDay !== undefined && books.purchasesToday >= purchasesPerDay) {
    return { kind: "purchases_per_day", text: `today's purchases are used up: ${books.purchasesToday} of ${purchasesPerDay} (PURCHASES_PER_DAY); it goes on after midnight UTC` };
  }
  if (spendPerMonthCents !== undefined && books.spentThisMonthCents + (live?.price?.firstTermCents ?? 1) > spendPerMonthCents) {
    return { kind: "spend_per_month", text: `this month's spend is used up: ${inMoney(books.spentThisMonthCents)} of ${inMoney(spendPerMonthCents)} (SPEND_PER_MONTH_CENTS); it goes on with the next month` };
  }
  if (fleetLimit !== undefined && books.fleet >= fleetLimit) {
    return { kind: "fleet_limit", text: `the fleet is full: ${books.fleet} of ${fleetLimit} (FLEET_LIMIT)` };
  }
  return undefined;
}

/** Neither the first term nor a renewal may cost more than the ceiling. */
function tooDear({ plan, limits: { maxPriceCents, spendPerMonthCents }, live }: GuardFacts): Wait | undefined {
  if (!live) return undefined;
  if (!live.price) {
    const isNeeded = maxPriceCents !== undefined || spendPerMonthCents !== undefined;
    return isNeeded ? { kind: "price", text: `Hostinger's catalog does not tell what ${plan} costs` } : undefined;
  }
  const { firstTermCents, renewalCents, currency } = live.price;
  const dearest = Math.max(firstTermCents, renewalCents);
  if (maxPriceCents === undefined || dearest <= maxPriceCents) return undefined;
  return { kind: "price", text: `${plan} costs ${inMoney(dearest, currency)} in Hostinger's catalog, more than ${inMoney(maxPriceCents, currency)} (MAX_PRICE_CENTS)` };
}

function unpayable({ live }: GuardFacts): Wait | undefined {
  return live?.paymentFault === undefined ? undefined : { kind: "payment_method", text: `purchases cannot be paid: ${live.paymentFault}` };
}

function broken({ breaker, mayProbe }: GuardFacts): Wait | undefined {
  if (breaker.state === "closed" || (breaker.isProbeDue && mayProbe)) return undefined;
  const text = breaker.state === "probing" ? "a payment was refused; another user's purchase shows whether the next one succeeds" : `a payment was refused; the next one is tried ${breaker.nextProbeAt ? `at ${breaker.nextProbeAt.toISOString()}` : "soon"}`;
  return { kind: "payment_refused", text };
}

function closedZone({ live }: GuardFacts): Wait | undefined {
  return live?.zone.fault === undefined ? undefined : { kind: "zone", text: `the DNS record could not be made: ${live.zone.fault}` };
}

function fullZone({ limits: { zoneRecordLimit }, books, live }: GuardFacts): Wait | undefined {
  if (!live) return undefined;
  const { recordCount } = live.zone;
  if (zoneRecordLimit === undefined || recordCount + books.onTheirWay < zoneRecordLimit) return undefined;
  const others = books.onTheirWay > 0 ? `, and ${books.onTheirWay} are on their way` : "";
  return { kind: "zone_records", text: `the DNS zone is full: ${recordCount} of ${zoneRecordLimit} records (ZONE_RECORD_LIMIT)${others}` };
}

function noCertificate({ limits: { certificatesPerWeek }, books }: GuardFacts): Wait | undefined {
  if (books.certificates < certificatesPerWeek) return undefined;
  const next = books.nextCertificateAt ? `; the next is free at ${books.nextCertificateAt.toISOString()}` : "";
  return { kind: "certificates", text: `the certificates of seven days are used up: ${books.certificates} of ${certificatesPerWeek} (CERTIFICATES_PER_WEEK)${next}` };
}

function behind({ ahead, breaker, mayProbe }: GuardFacts): Wait | undefined {
  if (ahead === undefined || (breaker.isProbeDue && mayProbe)) return undefined;
  return { kind: ahead, text: OTHERS_FIRST };
}

function inMoney(cents: number, currency = ""): string {
  return `${(cents / 100).toFixed(2)}${currency && ` ${currency}`}`;
}
