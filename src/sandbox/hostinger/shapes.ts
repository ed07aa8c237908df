/** The world's things in the shapes of the Hostinger API; each function names its schema in the contract. */
import type { Action, Firewall, FirewallRule, Purchase, Snapshot, Subscription, Vm } from "../model.ts";
import { planOf, templateOf } from "./catalog.ts";

/** The name that a VM has until it is set up. */
export function ownName(vmId: number): string {
  return `srv${vmId}.hstgr.cloud`;
}

/** VPS.V1.VirtualMachine.VirtualMachineResource */
export function virtualMachineShape(vm: Vm) {
  const plan = planOf(vm.itemId);
  return {
    id: vm.id,
    firewall_group_id: vm.firewallId,
    subscription_id: vm.subscriptionId,
    data_center_id: vm.dataCenterId,
    plan: vm.plan,
    hostname: vm.isUnnamedWhileMade === true && vm.state === "creating" ? ownName(vm.id) : vm.hostname,
    state: vm.state,
    actions_lock: vm.locked ? "locked" : "unlocked",
    cpus: plan?.cpus ?? 1,
    memory: plan?.memoryMb ?? 4096,
    disk: plan?.diskMb ?? 51_200,
    bandwidth: plan?.bandwidthMb ?? 4_194_304,
    ns1: vm.ns1,
    ns2: vm.ns2,
    ipv4: vm.ipv4 === null ? null : [vm.ipv4],
    ipv6: null,
    template: templateOf(vm.templateId),
    created_at: vm.createdAt,
  };
}

/** VPS.V1.Action.ActionResource */
export function actionShape(action: Action) {
  const { id, name, state } = action;
  return { id, name, state, created_at: action.createdAt, updated_at: action.updatedAt };
}

/** Billing.V1.Subscription.SubscriptionResource */
export function subscriptionShape(subscription: Subscription) {
  const { autoRenewed } = subscription;
  return {
    id: subscription.id,
    name: subscription.name,
    status: subscription.status !== undefined && subscription.status !== "active" ? subscription.status : autoRenewed ? "active" : "not_renewing",
    billing_period: 1,
    billing_period_unit: "month",
    currency_code: "USD",
    total_price: subscription.totalPriceCents,
    renewal_price: subscription.renewalPriceCents,
    is_auto_renewed: autoRenewed,
    created_at: subscription.createdAt,
    expires_at: subscription.expiresAt,
    next_billing_at: autoRenewed ? subscription.expiresAt : null,
  };
}

/** Billing.V1.Order.OrderResource */
export function orderShape(order: Pick<Purchase, "orderId" | "subscriptionId" | "priceCents" | "at" | "status">) {
  return {
    id: order.orderId,
    subscription_id: order.subscriptionId,
    status: order.status,
    currency: "USD",
    subtotal: order.priceCents,
    total: order.priceCents,
    billing_address: {
      first_name: "John", last_name: "Doe", company: null, address_1: null, address_2: null, city: null,
      state: null, zip: null, country: "NL", phone: null, email: "john@doe.tld",
    },
    created_at: order.at,
    updated_at: order.at,
  };
}

/** Billing.V1.Order.PaymentProcessingResource */
export function paymentProcessingShape({ orderId, subscriptionId }: Purchase) {
  return { id: orderId, subscription_id: subscriptionId, status: "payment_initiated", message: "Payment has been initiated; the order is completed once it is confirmed." };
}

/** VPS.V1.Firewall.FirewallRuleResource */
export function firewallRuleShape(rule: FirewallRule) {
  const { id, protocol, port, source, sourceDetail } = rule;
  return { id, action: "accept", protocol, port, source, source_detail: sourceDetail };
}

/** VPS.V1.Firewall.FirewallResource */
export function firewallShape(firewall: Firewall) {
  return {
    id: firewall.id,
    name: firewall.name,
    is_synced: firewall.synced,
    rules: firewall.rules.map(firewallRuleShape),
    created_at: firewall.createdAt,
    updated_at: firewall.updatedAt,
  };
}

/** VPS.V1.Snapshot.SnapshotResource */
export function snapshotShape(snapshot: Snapshot) {
  return { id: snapshot.id, restore_time: 1_800, created_at: snapshot.createdAt, expires_at: snapshot.expiresAt };
}
