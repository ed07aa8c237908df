import type { Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { Context } from "./context.ts";
import { HostingerError, notFound } from "./error.ts";
import { Input } from "./input.ts";
import { addMachine } from "./place-order.ts";
import { checkPaymentMethod } from "./purchase.ts";
import { orderShape } from "./shapes.ts";

const MOST_OF_ONE = 10;
/** Of a VM that was ordered without its setup, which comes later by `…/setup`. */
const NOT_SET_UP = { templateId: 1007, dataCenterId: 9, hostname: undefined, script: null, rootPasswordSha256: null, backupsEnabled: true, ns1: "1.1.1.1", ns2: "8.8.8.8", publicKey: undefined };

/** Orders without setup, and a renewal before its time: `/api/billing/v1`. */
export function orderRoutes({ world }: Context): Route[] {
  const declined = () => new HostingerError(402, "Payment failed: the payment method was declined.");
  return [
    {
      method: "POST",
      pattern: "/api/billing/v1/orders",
      handler: ({ body }) => {
        const input = new Input(body);
        const isDeclined = checkPaymentMethod(input, input.integer("payment_method_id"), world);
        const items = (input.objects("items", { required: true }) ?? []).map((item) => {
          const itemId = item.string("item_id", { required: true }) ?? "";
          const quantity = item.integer("quantity") ?? 1;
          const plan = world.state.offers.plans.find((one) => one.itemId === itemId);
          if (itemId !== "" && plan === undefined) item.refuse("item_id", "The selected item id is invalid.");
          if (quantity < 1 || quantity > MOST_OF_ONE) item.refuse("quantity", `The quantity must be between 1 and ${MOST_OF_ONE}.`);
          return { plan, quantity };
        });
        input.check();
        if (isDeclined) throw declined();
        const bills = items.flatMap(({ plan, quantity }) => (plan === undefined ? [] : Array.from({ length: quantity }, () => addMachine(world, plan, NOT_SET_UP).bill)));
        const [first] = bills;
        if (first === undefined) throw new HostingerError(422, "The given data was invalid.");
        return ok(orderShape({ ...first, priceCents: bills.reduce((sum, { priceCents }) => sum + priceCents, 0) }));
      },
    },
    {
      method: "POST",
      pattern: "/api/billing/v1/subscriptions/{subscriptionId}/renew",
      handler: ({ body, params }) => {
        const subscription = world.state.subscriptions.find(({ id }) => id === params["subscriptionId"]);
        if (subscription === undefined) throw notFound("Subscription");
        const input = new Input(body);
        const isDeclined = checkPaymentMethod(input, input.integer("payment_method_id"), world);
        input.check();
        if (isDeclined) throw declined();
        const until = new Date(subscription.expiresAt);
        until.setUTCMonth(until.getUTCMonth() + 1);
        subscription.expiresAt = until.toISOString();
        world.changed();
        return ok(orderShape({ orderId: world.newId(), subscriptionId: subscription.id, priceCents: subscription.renewalPriceCents, status: "completed", at: world.now() }));
      },
    },
  ];
}
