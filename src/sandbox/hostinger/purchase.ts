import type { Purchase, Settings, Vm } from "../model.ts";
import { ok } from "../http/router.ts";
import type { ApiAnswer } from "../http/router.ts";
import type { World } from "../world.ts";
import type { Plan } from "./catalog.ts";
import type { Context } from "./context.ts";
import { HostingerError } from "./error.ts";
import { Input } from "./input.ts";
import { applySetup, readSetup } from "./setup.ts";
import type { Setup } from "./setup.ts";
import { orderShape, virtualMachineShape } from "./shapes.ts";

/**
 * `POST /api/vps/v1/virtual-machines`. Never idempotent: each call that gets through is one more VM and one more
 * bill, whatever the host name.
 */
export function purchase({ world, lifecycle }: Context, body: unknown): ApiAnswer {
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
  const { vm, bill } = addMachine(world, plan, setup);
  lifecycle.boot(vm);
  return ok(purchaseAnswer(world.state.settings, vm, bill));
}

/** Adds the VM, its subscription and the bill; the VM does not boot yet. */
export function addMachine(world: World, plan: Plan, setup: Setup): { vm: Vm; bill: Purchase } {
  const id = world.newId();
  const orderId = world.newId();
  const subscriptionId = `Azz${id.toString(36)}SandboxSub`;
  const at = world.now();
  const vm: Vm = {
    id, subscriptionId, orderId, itemId: plan.itemId, plan: plan.name, hostname: `srv${id}.hstgr.cloud`,
    state: "initial", locked: false, dataCenterId: setup.dataCenterId, templateId: setup.templateId,
    ns1: setup.ns1, ns2: setup.ns2, ns3: null, ipv4: null, firewallId: null, publicKeyIds: [],
    backupsEnabled: setup.backupsEnabled, rootPasswordSha256: null, script: null, disk: null, bootPlan: null,
    snapshot: null, actions: [], healthStatus: null, withoutListener: false, createdAt: at,
  };
  applySetup(vm, setup, world);
  world.state.vms.push(vm);
  world.state.subscriptions.push({
    id: subscriptionId, itemId: plan.itemId, name: plan.name, totalPriceCents: plan.firstPeriodPriceCents,
    renewalPriceCents: plan.priceCents, autoRenewed: true, createdAt: at, expiresAt: inOneMonth(),
  });
  const priceCents = plan.firstPeriodPriceCents;
  const bill = { hostname: vm.hostname, itemId: plan.itemId, vmId: id, orderId, subscriptionId, priceCents, at };
  world.state.purchases.push(bill);
  world.changed();
  return { vm, bill };
}

/** Whether the bank will decline; a method that cannot be used at all is refused as bad input. */
export function checkPaymentMethod(input: Input, methodId: number | undefined, world: World): boolean {
  const method = world.state.paymentMethods.find((one) => (methodId === undefined ? one.isDefault : one.id === methodId));
  if (method === undefined) input.refuse("payment_method_id", "The selected payment method id is invalid.");
  if (method?.isExpired === true) input.refuse("payment_method_id", "The selected payment method is expired.");
  if (method?.isSuspended === true) input.refuse("payment_method_id", "The selected payment method is suspended.");
  return world.state.settings.paymentsDeclined || method?.declined === true;
}

function purchaseAnswer(settings: Settings, vm: Vm, bill: Purchase) {
  if (settings.purchaseAnswer === "specification") {
    return { order_id: String(bill.orderId), virtual_machine_id: vm.id, status: "processing" };
  }
  return { order: orderShape(bill), virtual_machine: virtualMachineShape(vm) };
}

function inOneMonth(): string {
  const date = new Date();
  date.setUTCMonth(date.getUTCMonth() + 1);
  return date.toISOString();
}
