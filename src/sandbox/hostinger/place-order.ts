import type { Purchase, PurchasePlan, Step, Subscription, Vm } from "../model.ts";
import type { World } from "../world.ts";
import type { Plan } from "./catalog.ts";
import type { Context } from "./context.ts";
import { applySetup } from "./setup.ts";
import type { Setup } from "./setup.ts";
import { ownName } from "./shapes.ts";

/** Orders a VM. It is paid at once, and the VM made, unless `going` says otherwise. */
export function placeOrder(context: Context, plan: Plan, setup: Setup, going: PurchasePlan): Purchase {
  const { world, lifecycle } = context;
  const paysLater = going.answer === "payment-initiated" || (going.orderStatus !== undefined && going.orderStatus !== "completed");
  const order = addOrder(world, plan, setup.hostname ?? "");
  order.setup = { ...setup, plan: going };
  order.status = going.orderStatus ?? (going.answer === "payment-initiated" ? "payment_initiated" : "completed");
  const paidAfterMs = going.paidAfterMs === undefined ? (paysLater ? null : 0) : going.paidAfterMs;
  if (paidAfterMs === 0) payOrder(context, order);
  else if (paidAfterMs !== null) lifecycle.orderLater(paidAfterMs, { kind: "order-paid", orderId: order.orderId });
  if (going.failsAfterMs !== undefined) lifecycle.orderLater(going.failsAfterMs, { kind: "order-failed", orderId: order.orderId });
  // An answer names the state that the order was in.
  if (going.orderStatus !== undefined) order.status = going.orderStatus;
  world.changed();
  return order;
}

/** The payment has come: the VM is made and set up. */
export function payOrder({ world, lifecycle }: Context, order: Purchase): void {
  if (!order.setup) return;
  const { plan: going, ...setup } = order.setup;
  order.setup = null;
  order.status = "completed";
  const plan = world.state.offers.plans.find(({ itemId }) => itemId === order.itemId);
  if (plan === undefined) throw new Error(`no plan ${order.itemId}`);
  subscriptionOf(world, order).status = "active";
  const vm = addVm(world, plan, order, setup);
  if (going.listedAfterMs !== undefined) vm.listedFromMs = going.listedAfterMs === null ? null : Date.now() + going.listedAfterMs;
  if (going.listedAs === "hostinger") vm.isUnnamedWhileMade = true;
  if (going.setup !== "fails") {
    applySetup(vm, setup, world);
    lifecycle.boot(vm);
  }
  world.vmChanged(vm);
}

/** The payment has failed: nothing will come of the order. */
export function failOrder({ world }: Context, order: Purchase, status: "failed" | "cancelled" = "failed"): void {
  if (!order.setup) return;
  order.setup = null;
  order.status = status;
  subscriptionOf(world, order).status = "cancelled";
  world.changed();
}

/** What was to happen to an order later. */
export function performOrderStep(context: Context, what: Extract<Step["what"], { orderId: number }>): void {
  const order = context.world.state.purchases.find((one) => one.orderId === what.orderId);
  if (order === undefined) return;
  if (what.kind === "order-paid") payOrder(context, order);
  else failOrder(context, order);
}

/** Adds the VM, its subscription and the bill, paid; the VM does not boot yet. */
export function addMachine(world: World, plan: Plan, setup: Setup): { vm: Vm; bill: Purchase } {
  const bill = addOrder(world, plan, setup.hostname ?? "");
  const vm = addVm(world, plan, bill, setup);
  applySetup(vm, setup, world);
  world.changed();
  return { vm, bill };
}

function addOrder(world: World, plan: Plan, hostname: string): Purchase {
  const orderId = world.newId();
  const subscriptionId = `Azz${orderId.toString(36)}SandboxSub`;
  const at = world.now();
  const priceCents = plan.firstPeriodPriceCents;
  const order: Purchase = { hostname, itemId: plan.itemId, vmId: null, status: "completed", setup: null, orderId, subscriptionId, priceCents, at };
  world.state.purchases.push(order);
  world.state.subscriptions.push({
    id: subscriptionId, itemId: plan.itemId, name: plan.name, totalPriceCents: priceCents,
    renewalPriceCents: plan.priceCents, autoRenewed: true, status: "future", createdAt: at, expiresAt: inOneMonth(),
  });
  return order;
}

function addVm(world: World, plan: Plan, order: Purchase, setup: Setup): Vm {
  const id = world.newId();
  const vm: Vm = {
    id, subscriptionId: order.subscriptionId, orderId: order.orderId, itemId: plan.itemId, plan: plan.name, hostname: ownName(id),
    state: "initial", locked: false, dataCenterId: setup.dataCenterId, templateId: setup.templateId,
    ns1: setup.ns1, ns2: setup.ns2, ns3: null, ipv4: null, firewallId: null, publicKeyIds: [],
    backupsEnabled: setup.backupsEnabled, rootPasswordSha256: null, script: null, disk: null, bootPlan: null,
    snapshot: null, actions: [], healthStatus: null, withoutListener: false, createdAt: world.now(),
  };
  order.vmId = id;
  subscriptionOf(world, order).status = "active";
  world.state.vms.push(vm);
  return vm;
}

function subscriptionOf(world: World, { subscriptionId }: Purchase): Subscription {
  return world.state.subscriptions.find(({ id }) => id === subscriptionId)!;
}

function inOneMonth(): string {
  const date = new Date();
  date.setUTCMonth(date.getUTCMonth() + 1);
  return date.toISOString();
}
