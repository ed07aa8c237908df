/** What only Hostinger and Cloudflare can tell before something is bought; kept for a moment, for all who wait. */
import { kept } from "../../providers/core/kept.ts";
import { orAborted } from "../../providers/core/or-aborted.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { findOffer, readPlans } from "../../providers/hostinger/api/live-catalog.ts";
import type { OfferedPlan } from "../../providers/hostinger/api/live-catalog.ts";
import type { HostingerClient, PaymentMethod } from "../../providers/hostinger/api/client.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { ZoneReader, ZoneState } from "../../providers/cloudflare/zone.ts";

/** By the live catalog. */
export interface Price {
  readonly firstTermCents: number;
  /** What each further term costs. */
  readonly renewalCents: number;
  readonly currency: string;
}

export interface LiveFacts {
  /** undefined: the catalog has no such plan, or does not tell what it costs. */
  readonly price: Price | undefined;
  /** Why nothing can be paid; undefined if it can. */
  readonly paymentFault: string | undefined;
  readonly zone: ZoneState;
}

const CATALOG_KEPT_MS = MINUTE_MS;
/** Zone and payment methods change while somebody waits. */
export const ACCOUNT_KEPT_MS = 10 * SECOND_MS;

export interface LiveFactsOptions {
  /** Of no run: what one of them asks for is for all who wait for the same answer, and goes on when that one is cancelled. */
  readonly client: HostingerClient;
  readonly zone: ZoneReader;
  /** What purchases are paid with; undefined: the account's default. */
  readonly paymentMethodId: number | undefined;
}

/** Of the session, its end alone matters: nobody who is to end waits on. */
export type ReadLiveFacts = (session: Pick<Session, "signal">, plan: string) => Promise<LiveFacts>;

export function liveFacts({ client, zone, paymentMethodId }: LiveFactsOptions): ReadLiveFacts {
  const plansNow = kept({ keptMs: CATALOG_KEPT_MS }, () => readPlans(client));
  const paymentFaultNow = kept({ keptMs: ACCOUNT_KEPT_MS }, async () => paymentFaultOf(await client.paymentMethods.list(), paymentMethodId));
  const zoneNow = kept({ keptMs: ACCOUNT_KEPT_MS }, () => zone.read());
  return async ({ signal }, plan) => {
    const [plans, paymentFault, state] = await orAborted(Promise.all([plansNow(), paymentFaultNow(), zoneNow()]), signal);
    return { price: priceOf(findOffer({ plans }, plan)), paymentFault, zone: state };
  };
}

/** Exported for doctor. */
export function priceOf(offer: OfferedPlan | undefined): Price | undefined {
  if (!offer || offer.priceCents === null) return undefined;
  return { firstTermCents: offer.firstPeriodPriceCents ?? offer.priceCents, renewalCents: offer.priceCents, currency: offer.currency ?? "USD" };
}

/** Exported for doctor. */
export function paymentFaultOf(methods: readonly PaymentMethod[], wantedId: number | undefined): string | undefined {
  if (methods.length === 0) return "the Hostinger account has no payment method";
  const method = wantedId === undefined ? (methods.find(({ isDefault }) => isDefault) ?? (methods.length === 1 ? methods[0] : undefined)) : methods.find(({ id }) => id === wantedId);
  if (!method) return wantedId === undefined ? "none of the Hostinger account's payment methods is the default; set HOSTINGER_PAYMENT_METHOD_ID" : `the Hostinger account has no payment method ${wantedId} (HOSTINGER_PAYMENT_METHOD_ID)`;
  if (method.isSuspended) return `payment method ${method.id} is suspended`;
  if (method.isExpired) return `payment method ${method.id} has expired`;
  return undefined;
}
