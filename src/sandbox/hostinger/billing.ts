import type { ApiRequest, Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { PaymentMethod, Subscription } from "../model.ts";
import type { Plan } from "./catalog.ts";
import { numberOf } from "./context.ts";
import type { Context } from "./context.ts";
import { notFound } from "./error.ts";
import { subscriptionShape } from "./shapes.ts";

/** Catalog, payment methods, subscriptions: `/api/billing/v1`. */
export function billingRoutes({ world }: Context): Route[] {
  const subscriptionOf = (id: string | undefined): Subscription => {
    const found = world.state.subscriptions.find((one) => one.id === id);
    if (found === undefined) throw notFound("Subscription");
    return found;
  };
  const methodOf = (request: ApiRequest): PaymentMethod => {
    const found = world.state.paymentMethods.find(({ id }) => id === numberOf(request, "paymentMethodId"));
    if (found === undefined) throw notFound("Payment method");
    return found;
  };
  const renew = (id: string | undefined, autoRenewed: boolean) => {
    const subscription = subscriptionOf(id);
    subscription.autoRenewed = autoRenewed;
    world.changed();
    return ok(subscriptionShape(subscription));
  };
  const one = "/api/billing/v1/subscriptions/{subscriptionId}/auto-renewal";
  return [
    {
      method: "GET",
      pattern: "/api/billing/v1/catalog",
      handler: ({ query }) => ok(catalog(world.state.offers.plans, query.get("category"), query.get("name"))),
    },
    { method: "GET", pattern: "/api/billing/v1/payment-methods", handler: () => ok(world.state.paymentMethods.map(paymentMethodShape)) },
    {
      method: "POST",
      pattern: "/api/billing/v1/payment-methods/{paymentMethodId}",
      handler: (request) => {
        const method = methodOf(request);
        for (const one of world.state.paymentMethods) one.isDefault = one === method;
        world.changed();
        return ok({ message: "Request accepted" });
      },
    },
    {
      method: "DELETE",
      pattern: "/api/billing/v1/payment-methods/{paymentMethodId}",
      handler: (request) => {
        const method = methodOf(request);
        world.state.paymentMethods = world.state.paymentMethods.filter((one) => one !== method);
        world.changed();
        return ok({ message: "Request accepted" });
      },
    },
    {
      method: "GET",
      pattern: "/api/billing/v1/subscriptions",
      handler: () => ok(world.state.subscriptions.map(subscriptionShape)),
    },
    { method: "DELETE", pattern: `${one}/disable`, handler: ({ params }) => renew(params["subscriptionId"], false) },
    { method: "PATCH", pattern: `${one}/enable`, handler: ({ params }) => renew(params["subscriptionId"], true) },
  ];
}

/** The filter by name knows `*` for anything: `KVM*`. */
function catalog(plans: readonly Plan[], category: string | null, name: string | null) {
  const escaped = (name ?? "*").split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const fits = new RegExp(`^${escaped.join(".*")}$`, "i");
  return plans.filter((plan) => (category === null || category === "VPS") && fits.test(plan.name)).map((plan) => ({
    id: plan.itemId.replace(/-usd-1m$/, ""),
    name: plan.name,
    category: "VPS",
    metadata: {
      cpus: plan.cpus, memory: plan.memoryMb, disk_space: plan.diskMb, bandwidth: plan.bandwidthMb, network: 1_000,
    },
    prices: [
      {
        id: plan.itemId,
        name: `${plan.name} (billed every month)`,
        currency: "USD",
        price: plan.priceCents,
        first_period_price: plan.firstPeriodPriceCents,
        period: 1,
        period_unit: "month",
      },
    ],
  }));
}

function paymentMethodShape(method: PaymentMethod) {
  return {
    id: method.id,
    name: "Credit Card",
    identifier: method.identifier,
    payment_method: "card",
    is_default: method.isDefault,
    is_expired: method.isExpired,
    is_suspended: method.isSuspended,
    suspended_at: method.isSuspended ? "2025-06-27T11:54:22Z" : null,
    created_at: "2025-02-27T11:54:22Z",
    expires_at: method.isExpired ? "2025-03-27T11:54:22Z" : "2035-03-27T11:54:22Z",
  };
}
