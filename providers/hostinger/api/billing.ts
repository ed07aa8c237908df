/** Subscriptions and payment methods: /api/billing/v1. */

import { z } from "zod";

import { MINUTE_MS } from "../../core/time.ts";
import { flagSchema, idSchema, momentSchema, numberOrNull, readableOf, stateSchema, textOrNull } from "./fields.ts";
import type { CallOptions, HostingerTransport } from "./transport.ts";

/** OpenAPI, `Billing.V1.Subscription.SubscriptionResource`. */
export type SubscriptionStatus =
  | "active" | "paused" | "cancelled" | "not_renewing" | "transferred" | "in_trial" | "future" | (string & {});

const subscriptionSchema = z
  .object({
    id: z.string().min(1),
    name: textOrNull,
    /** What cannot be read counts as what may cost money: it runs, and is renewed. */
    status: stateSchema.catch("unknown").transform((status): SubscriptionStatus => status),
    billing_period: numberOrNull,
    billing_period_unit: textOrNull,
    currency_code: textOrNull,
    total_price: numberOrNull,
    renewal_price: numberOrNull,
    is_auto_renewed: flagSchema.catch(true),
    created_at: momentSchema,
    expires_at: momentSchema,
    next_billing_at: momentSchema,
  })
  .transform((subscription) => ({
    id: subscription.id,
    name: subscription.name ?? "",
    status: subscription.status,
    billingPeriod: subscription.billing_period,
    billingPeriodUnit: subscription.billing_period_unit,
    currencyCode: subscription.currency_code,
    totalPriceCents: subscription.total_price,
    renewalPriceCents: subscription.renewal_price,
    isAutoRenewed: subscription.is_auto_renewed,
    createdAt: subscription.created_at,
    expiresAt: subscription.expires_at,
    nextBillingAt: subscription.next_billing_at,
  }));

/** So far after the answer's arrival the time of its call is by another machine's clock. */
const CALL_TIME_MS = 1 * MINUTE_MS;

const paymentMethodSchema = z
  .object({
    id: idSchema,
    name: textOrNull,
    payment_method: textOrNull,
    is_default: flagSchema.catch(false),
    is_expired: flagSchema.nullish().catch(null),
    is_suspended: flagSchema.catch(false),
    suspended_at: momentSchema,
    expires_at: momentSchema,
  })
  .transform((method) => ({
    ...validityOf(method.is_expired ?? null, method.expires_at, Date.now()),
    id: method.id,
    name: method.name ?? "",
    paymentMethod: method.payment_method,
    isDefault: method.is_default,
    isSuspended: method.is_suspended,
    /** RFC 3339; null when it is not suspended, and from an API before 2.3.0. */
    suspendedAt: method.suspended_at,
  }));

/** The flag is the API's word. Of one that has not expired it may answer the time of the call as its end (hostinger/api#38), which says nothing. */
function validityOf(flag: boolean | null, expiresAt: string | null, nowMs: number): { readonly isExpired: boolean; readonly expiresAt: string | null } {
  const leftMs = Date.parse(expiresAt ?? "") - nowMs;
  return { isExpired: flag ?? leftMs <= 0, expiresAt: flag === false && leftMs <= CALL_TIME_MS ? null : expiresAt };
}

export type Subscription = z.output<typeof subscriptionSchema>;
/** Without the card's identifier, which nothing here needs. */
export type PaymentMethod = z.output<typeof paymentMethodSchema>;

export function subscriptionCalls(transport: HostingerTransport) {
  const path = "/api/billing/v1/subscriptions";
  const autoRenewalPath = (id: string) => `${path}/${encodeURIComponent(id)}/auto-renewal`;
  return {
    list: (call?: CallOptions): Promise<Subscription[]> =>
      transport.call(z.array(subscriptionSchema), { method: "GET", path }, call),
    /** DELETE …/auto-renewal/disable: it stays paid until the end of its term. */
    disableAutoRenewal: (id: string, call?: CallOptions): Promise<Subscription> =>
      transport.call(subscriptionSchema, { method: "DELETE", path: `${autoRenewalPath(id)}/disable` }, call),
    /** PATCH …/auto-renewal/enable */
    enableAutoRenewal: (id: string, call?: CallOptions): Promise<Subscription> =>
      transport.call(subscriptionSchema, { method: "PATCH", path: `${autoRenewalPath(id)}/enable` }, call),
  };
}

export function paymentMethodCalls(transport: HostingerTransport) {
  return {
    /** GET /api/billing/v1/payment-methods */
    list: (call?: CallOptions): Promise<PaymentMethod[]> =>
      transport.call(readableOf(paymentMethodSchema), { method: "GET", path: "/api/billing/v1/payment-methods" }, call),
  };
}
