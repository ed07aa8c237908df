import type { Purchase, PurchasePlan } from "../model.ts";
import { ok } from "../http/router.ts";
import type { ApiAnswer } from "../http/router.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";
import { HostingerError } from "./error.ts";
import { Input } from "./input.ts";
import { placeOrder } from "./place-order.ts";
import { readSetup } from "./setup.ts";
import { orderShape, paymentProcessingShape, virtualMachineShape } from "./shapes.ts";

/**
 * `POST /api/vps/v1/virtual-machines`. Never idempotent: each call that gets through is one more order and one more
 * bill, whatever the host name.
 */
export function purchase(context: Context, body: unknown): ApiAnswer {
  const { world, lifecycle } = context;
  const input = new Input(body);
  const itemId = input.string("item_id", { required: true }) ?? "";
  const plan = world.state.offers.plans.find((one) => one.itemId === itemId);
  if (itemId !== "" && plan === undefined) input.refuse("item_id", "The selected item id is invalid.");
  const methodId = input.integer("payment_method_id");
  const setupInput = input.object("setup", { required: true });
  const setup = setupInput === undefined ? undefined : readSetup(setupInput, world);
  const declined = checkPaymentMethod(input, methodId, world);
  input.check();
  if (plan === undefined || setup === undefined) throw new HostingerError(422, "The given data was invalid.");
  if (declined) throw new HostingerError(402, "Payment failed: the payment method was declined.");
  const going = { answer: world.state.settings.purchaseAnswer, ...lifecycle.purchasePlans.take(setup.hostname ?? "") };
  return purchaseAnswer(context, going, placeOrder(context, plan, setup, going));
}

/** Whether the bank will decline; a method that cannot be used at all is refused as bad input. */
export function checkPaymentMethod(input: Input, methodId: number | undefined, world: World): boolean {
  const method = world.state.paymentMethods.find((one) => (methodId === undefined ? one.isDefault : one.id === methodId));
  if (method === undefined) input.refuse("payment_method_id", "The selected payment method id is invalid.");
  if (method?.isExpired === true) input.refuse("payment_method_id", "The selected payment method is expired.");
  if (method?.isSuspended === true) input.refuse("payment_method_id", "The selected payment method is suspended.");
  return world.state.settings.paymentsDeclined || method?.declined === true;
}

function purchaseAnswer({ world }: Context, { answer }: PurchasePlan, order: Purchase): ApiAnswer {
  if (answer === "payment-initiated") return { status: 202, body: paymentProcessingShape(order) };
  if (answer === "specification") return ok({ order_id: String(order.orderId), virtual_machine_id: order.vmId, status: "processing" });
  const vm = answer === "order-only" || order.vmId === null ? undefined : world.findVm(order.vmId);
  return ok({ order: orderShape(order), virtual_machine: vm === undefined ? null : virtualMachineShape(vm) });
}
