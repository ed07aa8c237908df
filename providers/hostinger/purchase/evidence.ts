/**
 * What Hostinger's lists say about a purchase whose VM is not known. Never another's: a VM or a
 * subscription that is named elsewhere, or that may just as well be another open purchase's, is none.
 * The API has no list of orders: an order shows as its subscription.
 */
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../core/time.ts";
import type { OddEntry, Subscription, VirtualMachine } from "../api/client.ts";
import { isHostingersOwn } from "../hostinger-hostname.ts";
import { isOfPlan } from "../search.ts";
import { isLost } from "../vm-state.ts";
import { lastMovedAtMs } from "./record.ts";
import type { PurchaseRecord, Showing } from "./record.ts";
import { mayHaveBought } from "./states.ts";

/** An order whose answer was lost has become a VM by then, or it is for a person to find out. */
const LATEST_MS = 1 * DAY_MS;
/**
 * Of a VM that is being made: no other is taken. One that was given up and wiped, which has Hostinger's name again, is stopped;
 * what was made since and is in another state, as a setup that failed leaves it, may be what was bought all the same.
 */
const NEW_STATES: ReadonlySet<string> = new Set(["initial", "creating", "starting", "running"]);
/** By then what an order that was refused has made all the same has its `created_at`. */
const AFTER_ANSWER_MS = 1 * MINUTE_MS;
/** `created_at` is told in whole seconds. */
const CREATED_AT_RESOLUTION_MS = 1 * SECOND_MS;

/** Fresh lists of the account. */
export interface Lists {
  readonly vms: readonly VirtualMachine[];
  readonly odd: readonly OddEntry[];
  readonly subscriptions: readonly Subscription[];
  /** Purchases for other host names; undefined: there may be more than can be looked at. */
  readonly others: readonly PurchaseRecord[] | undefined;
}

export type Evidence =
  | { readonly kind: "vm"; readonly vmId: number; readonly because: string }
  | { readonly kind: "order"; readonly subscriptionId: string; readonly because: string }
  /** The order has come to nothing, and that is certain. */
  | { readonly kind: "failed"; readonly because: string }
  /** `looked`: what was looked at, and what of it may be the purchase's but may be another's. `isClear`: nothing of it may. */
  | { readonly kind: "none"; readonly looked: string; readonly isClear: boolean; readonly shows: Showing };

/** What tells by itself: an id, or the host name that was asked for on a VM that was made since. */
export function certainEvidence(record: PurchaseRecord, { vms, subscriptions }: Pick<Lists, "vms" | "subscriptions">, except: number | undefined): Evidence | undefined {
  const there = vms.filter((vm) => vm.id !== except && !isLost(vm) && !isOfBefore(record, vm));
  const bySubscription = record.subscriptionId === undefined ? undefined : there.find((vm) => vm.subscriptionId === record.subscriptionId);
  if (bySubscription) return { kind: "vm", vmId: bySubscription.id, because: `it is of the subscription ${record.subscriptionId}` };
  const named = there.filter((vm) => vm.hostname.toLowerCase() === record.hostname && isSince(record, vm.createdAt) && isRecordsOwn(record, vm.subscriptionId));
  if (named[0] && named.length === 1) return { kind: "vm", vmId: named[0].id, because: "it has the host name that was asked for, and was made since" };
  const subscription = subscriptions.find(({ id }) => id === record.subscriptionId);
  if (subscription?.status === "cancelled") return { kind: "failed", because: `the subscription ${subscription.id} is cancelled` };
  return undefined;
}

/**
 * Of a purchase of unknown outcome: a VM under Hostinger's own name, or a subscription, that was made
 * since, of this plan, and that nobody else can have bought.
 */
export function evidence(record: PurchaseRecord, lists: Lists, except: number | undefined): Evidence {
  const certain = certainEvidence(record, lists, except);
  if (certain) return certain;
  // An order that is known by its subscription is judged by that one alone: what is new else is others'.
  const isKnown = record.subscriptionId !== undefined;
  const unnamed = isKnown ? [] : lists.vms.filter((vm) => isUnnamed(record, vm, lists) && vm.id !== except);
  const bare = lists.subscriptions.filter((one) => (isKnown ? one.id === record.subscriptionId : isBare(record, one, lists)));
  const odd = lists.odd.filter((entry) => entry.id !== except && (mayBeOurs(entry, record.hostname, []) || (!isKnown && mayBeNew(record, entry, lists))));
  const looked = lookedAt(lists, { unnamed, bare, odd });
  const shows = { vmIds: [...unnamed, ...odd].flatMap(({ id }) => id ?? []), subscriptionIds: bare.map(({ id }) => id) };
  // What is merely new is more likely another's; and what is not there in this look is no proof.
  if (record.state === "refused") {
    if (!isKnown && isAllOthers(record, lists, except)) return { kind: "failed", because: "it was refused, and all that showed beside it is another's" };
    return { kind: "none", looked, isClear: false, shows };
  }
  const isClear = unnamed.length + bare.length + odd.length === 0;
  // What does not tell when it was made may be of long before.
  const isSingle = unnamed.length + bare.length === 1 && odd.length === 0 && [...unnamed, ...bare].every(({ createdAt }) => createdAt !== null) && unnamed.every((vm) => isBeingMade(vm, lists));
  if (!isSingle || isKnown || lists.others === undefined) return { kind: "none", looked, isClear, shows };
  // Another purchase of the same plan that is open at the same time may have bought it just as well.
  const rival = lists.others.find((other) => mightBuyAlike(record, other));
  if (rival) return { kind: "none", looked: `${looked}, but the purchase for ${rival.hostname} (record ${rival.id}) may have bought it as well`, isClear, shows };
  const [vm] = unnamed;
  if (vm) return { kind: "vm", vmId: vm.id, because: "it is the only one of this plan that was made since and belongs to nobody" };
  return { kind: "order", subscriptionId: bare[0]!.id, because: "it is the only one of this plan that was made since and belongs to nobody" };
}

/**
 * Whether all that was made while the order was on its way, and all that showed at its refusal, is another's for certain: by
 * having been there before, by a user's host name, by another's record, or by being cancelled. In whatever state: a setup that failed leaves its VM in any.
 */
function isAllOthers(record: PurchaseRecord, { vms, odd, subscriptions, others = [] }: Lists, except: number | undefined): boolean {
  const { vmIds, subscriptionIds } = record.refusal ?? { vmIds: [], subscriptionIds: [] };
  const isNamed = (vm: VirtualMachine) =>
    vm.id === except || isOfBefore(record, vm) || (!isHostingersOwn(vm.hostname) && vm.hostname.toLowerCase() !== record.hostname) || others.some((other) => other.vmId === vm.id || (other.subscriptionId !== undefined && other.subscriptionId === vm.subscriptionId));
  const isOthers = ({ id, status }: Subscription) => status === "cancelled" || vms.some((vm) => vm.subscriptionId === id && isNamed(vm)) || others.some(({ subscriptionId }) => subscriptionId === id);
  const isPlans = (plan: string | null) => record.plan === undefined || isOfPlan(record.plan, { plan });
  // What was paid has its subscription before the answer; a VM may be made later.
  // By the clock that tells when they were made as well, whatever the one says that tells the record's moves.
  const endMs = Math.max(lastMovedAtMs(record), record.writtenAtMs ?? 0) + AFTER_ANSWER_MS;
  const isOfTheCall = (createdAt: string | null) => isSince(record, createdAt) && !(Date.parse(createdAt ?? "") > endMs);
  const madeAt = (vm: VirtualMachine) => (subscriptions.find(({ id }) => id === vm.subscriptionId) ?? vm).createdAt;
  return vms.every((vm) => isNamed(vm) || !isOfTheCall(madeAt(vm)) || !isPlans(vm.plan))
    && subscriptions.every((one) => isOthers(one) || !isOfTheCall(one.createdAt) || !isPlans(planOfName(one.name)))
    && odd.every((entry) => entry.id === except || !mayBeOurs(entry, record.hostname, vmIds))
    && vmIds.every((shown) => vms.some((vm) => vm.id === shown && isNamed(vm)))
    && subscriptionIds.every((shown) => subscriptions.some((one) => one.id === shown && isOthers(one)));
}

/** Whether a VM that the stack has, or that a person names, can be what became of a purchase: by an id, or because it was made since. */
export function mayHaveBecome(record: PurchaseRecord, vm: VirtualMachine): boolean {
  const isTold = record.vmId === vm.id || (record.subscriptionId !== undefined && record.subscriptionId === vm.subscriptionId);
  return isTold || (record.vmId === undefined && Date.parse(vm.createdAt ?? "") >= record.createdAtMs - CREATED_AT_RESOLUTION_MS);
}

/** Whether an entry that cannot be read might be a VM of this host name, or one of these. */
export function mayBeOurs(entry: OddEntry, hostname: string, ids: readonly number[]): boolean {
  if (entry.id === null || entry.hostname === null || entry.subscriptionId === null) return true;
  return entry.hostname === hostname || ids.includes(entry.id);
}

/** Whether it might be a VM of nobody that was not there before the call: when it was made cannot be read. */
function mayBeNew(record: PurchaseRecord, { id, hostname, subscriptionId }: OddEntry, { others = [] }: Lists): boolean {
  if (!isHostingersOwn(hostname ?? "") || (record.vmIdsBefore ?? []).includes(id ?? 0)) return false;
  return !others.some((other) => other.vmId === id || (other.subscriptionId !== undefined && other.subscriptionId === subscriptionId));
}

/** Made since, or nothing is known of when. */
function isSince(record: PurchaseRecord, createdAt: string | null): boolean {
  const atMs = Date.parse(createdAt ?? "");
  return Number.isNaN(atMs) || atMs >= record.createdAtMs - CREATED_AT_RESOLUTION_MS;
}

/** Or nothing is known of when. */
function isSoonAfter(record: PurchaseRecord, createdAt: string | null): boolean {
  return isSince(record, createdAt) && !(Date.parse(createdAt ?? "") > record.createdAtMs + LATEST_MS);
}

/** What was there before the call is not what it bought, whether it tells when it was made or not. */
function isOfBefore({ vmIdsBefore = [] }: PurchaseRecord, { id }: VirtualMachine): boolean {
  return vmIdsBefore.includes(id);
}

/** A VM of another subscription than the order's is another one. */
export function isRecordsOwn(record: PurchaseRecord, subscriptionId: string | null): boolean {
  return record.subscriptionId === undefined || subscriptionId === null || record.subscriptionId === subscriptionId;
}

function isUnnamed(record: PurchaseRecord, vm: VirtualMachine, { subscriptions, others }: Lists): boolean {
  if (isOfBefore(record, vm) || isLost(vm) || !isHostingersOwn(vm.hostname) || !isSoonAfter(record, vm.createdAt)) return false;
  if (vm.createdAt === null && !NEW_STATES.has(vm.state)) return false;
  if (record.plan !== undefined && !isOfPlan(record.plan, vm)) return false;
  // An order of before that was paid only now.
  const subscription = subscriptions.find(({ id }) => id === vm.subscriptionId);
  if (subscription && !isSince(record, subscription.createdAt)) return false;
  return !(others ?? []).some((other) => other.vmId === vm.id || (other.subscriptionId !== undefined && other.subscriptionId === vm.subscriptionId));
}

/** Known to be what an order makes: one of a subscription that is not listed may be of an order of before. */
function isBeingMade({ state, subscriptionId }: VirtualMachine, { subscriptions }: Lists): boolean {
  return NEW_STATES.has(state) && (subscriptionId === null || subscriptions.some(({ id }) => id === subscriptionId));
}

/** A subscription of the plan that no VM has yet. */
function isBare(record: PurchaseRecord, subscription: Subscription, { vms, odd, others }: Lists): boolean {
  if (!isSoonAfter(record, subscription.createdAt) || subscription.status === "cancelled") return false;
  if (record.plan !== undefined && !isOfPlan(record.plan, { plan: planOfName(subscription.name) })) return false;
  const isTaken = [...vms, ...odd].some(({ subscriptionId }) => subscriptionId === subscription.id);
  return !isTaken && !(others ?? []).some(({ subscriptionId }) => subscriptionId === subscription.id);
}

/** `KVM 1`, in whatever words; another product's name is none. */
function planOfName(name: string): string {
  const kvm = /\bKVM\s*(\d+)\b/i.exec(name);
  return kvm ? `KVM ${kvm[1]}` : name;
}

/** Whether the other's order may have become a VM or a subscription that looks like this one's. */
function mightBuyAlike(record: PurchaseRecord, other: PurchaseRecord): boolean {
  const isKnown = other.state === "seen" || (other.state === "accepted" && other.subscriptionId !== undefined);
  const isOtherPlan = record.plan !== undefined && other.plan !== undefined && record.plan !== other.plan;
  return mayHaveBought(other.state) && !isKnown && !isOtherPlan;
}

function lookedAt({ vms, odd, subscriptions }: Lists, found: { unnamed: readonly VirtualMachine[]; bare: readonly Subscription[]; odd: readonly OddEntry[] }): string {
  const candidates = [
    ...found.unnamed.map((vm) => `VM ${vm.id} (${vm.hostname || "no host name"}, ${vm.state}, made ${vm.createdAt ?? "nobody knows when"})`),
    ...found.bare.map((one) => `subscription ${one.id} (${one.name}, made ${one.createdAt ?? "nobody knows when"})`),
    ...found.odd.map((entry) => `an entry that cannot be read (${entry.id === null ? "without an id" : `VM ${entry.id}`}: ${entry.why})`),
  ];
  const counted = `${vms.length + odd.length} VMs and ${subscriptions.length} subscriptions were looked at`;
  return candidates.length === 0 ? `${counted}, none made since for this host name or for nobody` : `${counted}; it may be ${candidates.join(", or ")}`;
}
