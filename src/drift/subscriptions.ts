/** What is paid and what is not: subscriptions of VMs, and the card that renews them. */
import { DAY_MS } from "../../providers/core/time.ts";
import type { PaymentMethod, Subscription, VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { findPlan } from "../../providers/hostinger/api/specification.ts";
import { isRenewed } from "../../providers/hostinger/renewal.ts";
import { doubtOf, isTooManyAtOnce } from "./confirm-missing.ts";
import { ofNobody, ofUser } from "./finding.ts";
import type { Finding, JudgeOptions } from "./finding.ts";
import type { Observation } from "./observe.ts";
import { isBeingBought } from "./being-bought.ts";
import type { FleetUser } from "./users.ts";

/** Time to do something about it. */
const SOON_DAYS = 14;

export function* subscriptionFindings(user: FleetUser, vm: VirtualMachine, subscriptions: ReadonlyMap<string, Subscription>, nowMs: number): Generator<Finding> {
  const subscription = subscriptions.get(vm.subscriptionId ?? "");
  if (!subscription) {
    yield ofUser(user, "VmWithoutSubscription", `a subscription that pays VM ${vm.id}`, vm.subscriptionId ? `subscription ${vm.subscriptionId} is not listed` : "the VM names none");
    return;
  }
  // Before a user has it, nothing is renewed.
  if (user.isPooled) {
    if (isRenewed(subscription)) yield ofUser(user, "PooledVmRenewed", "not renewed before a user has it", `subscription ${subscription.id} is renewed${subscription.nextBillingAt ? ` on ${subscription.nextBillingAt.slice(0, 10)}` : ""}`);
    return;
  }
  const ends = subscription.expiresAt?.slice(0, 10) ?? "with its term";
  if (!subscription.isAutoRenewed) yield ofUser(user, "AutoRenewalOff", "renewed automatically", `ends ${ends}`);
  const leftMs = Date.parse(subscription.expiresAt ?? "") - nowMs;
  if (!isRenewed(subscription) && leftMs < SOON_DAYS * DAY_MS) {
    yield ofUser(user, "SubscriptionEndsSoon", "paid for as long as the user has the VPS", `subscription ${subscription.id} is ${subscription.status} and ends ${ends}`);
  }
}

export function findMoneyTrouble(observation: Observation, options: JudgeOptions): Finding[] {
  return [...subscriptionsWithoutVm(observation, options), ...expiringPaymentMethod(observation, options)];
}

/** Whether all VMs are seen that may be paid for. Which subscription pays an entry may be just what cannot be read of it. */
export function seesAllPaidVms({ lacking, odd = [] }: Pick<Observation, "lacking" | "odd">): boolean {
  return !lacking?.has("virtual machines") && odd.every(({ subscriptionId }) => subscriptionId !== null);
}

/** Of a VPS, renewed, and no VM names it: money spent for nothing. Of a VM that is just not seen, switching it off would be the end. */
function subscriptionsWithoutVm(observation: Observation, { graceSeconds, nowMs }: JudgeOptions): Finding[] {
  if (!seesAllPaidVms(observation)) return [];
  const { subscriptions, vms, odd = [], before, after } = observation;
  const paying = new Set([...vms, ...odd].map(({ subscriptionId }) => subscriptionId));
  const users = [...before.values(), ...after.values()];
  return subscriptions
    .filter((one) => isRenewed(one) && isOfVps(one) && !paying.has(one.id) && !isBeingBought(one.createdAt, users, { graceSeconds, nowMs }))
    .map(({ id, name, status, nextBillingAt }) =>
      ofNobody("SubscriptionWithoutVm", id, "pays a VM", `subscription ${id} (${name}, ${status}) pays no VM and is renewed${nextBillingAt ? ` on ${nextBillingAt.slice(0, 10)}` : ""}`));
}

/** An account also pays domains, mail and the like. */
function isOfVps({ name }: Subscription): boolean {
  return findPlan(name) !== undefined || /\b(KVM|VPS)\b/i.test(name);
}

/** The default one pays renewals. */
function expiringPaymentMethod({ paymentMethods, subscriptions }: Observation, { nowMs }: JudgeOptions): Finding[] {
  const dueMs = subscriptions.filter((one) => isRenewed(one) && isOfVps(one)).map(({ nextBillingAt, expiresAt }) => Date.parse(nextBillingAt ?? expiresAt ?? "")).filter((ms) => ms > nowMs);
  if (!paymentMethods || dueMs.length === 0) return [];
  const method = paymentMethods.find(({ isDefault }) => isDefault) ?? paymentMethods[0];
  const fault = method ? faultOf(method, dueMs) : "the account has no payment method";
  if (fault === undefined) return [];
  return [ofNobody("PaymentMethodEnds", method ? String(method.id) : "none", `pays the renewal of ${dueMs.length} subscriptions`, fault)];
}

function faultOf({ id, name, isExpired, isSuspended, expiresAt }: PaymentMethod, dueMs: readonly number[]): string | undefined {
  const which = `payment method ${id}${name ? ` (${name})` : ""}`;
  if (isExpired) return `${which} has expired`;
  if (isSuspended) return `${which} is suspended`;
  const unpaid = dueMs.filter((ms) => ms >= Date.parse(expiresAt ?? "")).length;
  return unpaid > 0 ? `${which} expires ${expiresAt!.slice(0, 10)}, before the next renewal of ${unpaid} of them` : undefined;
}

/**
 * A list of subscriptions that lost many at once is not believed before the next sweep finds the
 * same: there is no way to ask for one by its id.
 */
export function withoutDoubtfulSubscriptions(findings: readonly Finding[], { known, after }: Observation): Finding[] {
  const lost = findings.filter(({ kind, subject }) => kind === "VmWithoutSubscription" && !known?.of(kind).has(subject));
  const wasDoubted = known?.of("ListDoubted").has("subscriptions") ?? false;
  if (wasDoubted || !isTooManyAtOnce(lost.length, after.size)) return [...findings];
  return [...findings.filter((one) => !lost.includes(one)), doubtOf("subscriptions", after.size, lost)];
}
