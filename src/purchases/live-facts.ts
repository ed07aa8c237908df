/** What only Hostinger and Cloudflare can tell before something is bought; kept for a moment, for all who wait. */
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import type { PaymentMethod } from "../../providers/hostinger/api/client.ts";
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
/** Exported for tests. */
export const ACCOUNT_KEPT_MS = 10 * SECOND_MS;

/** A value that is asked for at most once in a while; what fails is not kept. */
function kept<T>(keptMs: number): (read: () => Promise<T>) => Promise<T> {
  let value: { readonly at: number; readonly read: Promise<T> } | undefined;
  return (read) => {
    if (value && performance.now() - value.at < keptMs) return value.read;
    const started = { at: performance.now(), read: read() };
    value = started;
    started.read.catch(() => { if (value === started) value = undefined; });
    return started.read;
  };
}

export interface LiveFactsOptions {
  readonly zone: ZoneReader;
  /** What purchases are paid with; undefined: the account's default. */
  readonly paymentMethodId: number | undefined;
}

export type ReadLiveFacts = (session: Session, plan: string) => Promise<LiveFacts>;

export function liveFacts({ zone, paymentMethodId }: LiveFactsOptions): ReadLiveFacts {
  const catalog = kept<ReadonlyMap<string, Price>>(CATALOG_KEPT_MS);
  const payment = kept<string | undefined>(ACCOUNT_KEPT_MS);
  const zoneState = kept<ZoneState>(ACCOUNT_KEPT_MS);
  return async ({ client }, plan) => {
    // Without the run's signal: others wait for the same answer.
    const [prices, paymentFault, state] = await Promise.all([
      catalog(async () => pricesOf(await client.catalog.list({ category: "VPS" }))),
      payment(async () => paymentFaultOf(await client.paymentMethods.list(), paymentMethodId)),
      zoneState(() => zone.read()),
    ]);
    return { price: prices.get(plan), paymentFault, zone: state };
  };
}

type Catalog = Awaited<ReturnType<Session["client"]["catalog"]["list"]>>;

function pricesOf(catalog: Catalog): ReadonlyMap<string, Price> {
  const prices = catalog.flatMap((item) => item.prices);
  return new Map(prices.flatMap(({ id, priceCents, firstPeriodPriceCents, currency }) =>
    (priceCents === null ? [] : [[id, { firstTermCents: firstPeriodPriceCents ?? priceCents, renewalCents: priceCents, currency: currency ?? "USD" }] as const])));
}

/** Exported for doctor. */
export function paymentFaultOf(methods: readonly PaymentMethod[], wantedId: number | undefined, now = new Date()): string | undefined {
  if (methods.length === 0) return "the Hostinger account has no payment method";
  const method = wantedId === undefined ? (methods.find(({ isDefault }) => isDefault) ?? (methods.length === 1 ? methods[0] : undefined)) : methods.find(({ id }) => id === wantedId);
  if (!method) return wantedId === undefined ? "none of the Hostinger account's payment methods is the default; set HOSTINGER_PAYMENT_METHOD_ID" : `the Hostinger account has no payment method ${wantedId} (HOSTINGER_PAYMENT_METHOD_ID)`;
  if (method.isSuspended) return `payment method ${method.id} is suspended`;
  const expiresAt = method.expiresAt === null ? Number.NaN : Date.parse(method.expiresAt);
  if (method.isExpired || expiresAt <= now.getTime()) return `payment method ${method.id} has expired`;
  return undefined;
}
