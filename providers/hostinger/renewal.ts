/** A VM's subscription: until when it is paid, and its auto-renewal. */
import { UserVpsError } from "../core/errors.ts";
import type { Subscription } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { getVm } from "./wait-for-running.ts";

export interface Subscribed {
  readonly subscriptionId: string | undefined;
  /** RFC 3339. */
  readonly paidUntil: string | undefined;
}

/** Of a subscription in one of these nothing more is charged. */
const ENDED: ReadonlySet<string> = new Set(["cancelled", "not_renewing"]);

/** undefined: the VM names none, or one that the account does not list. Errors: VM_GONE, API_*. */
async function findSubscription(session: Session, vm: NamedVm): Promise<{ readonly id: string | undefined; readonly subscription: Subscription | undefined }> {
  const id = (await getVm(session, vm.vmId, vm.hostname)).subscriptionId ?? undefined;
  if (id === undefined) return { id, subscription: undefined };
  return { id, subscription: (await session.client.subscriptions.list({ signal: session.signal })).find((one) => one.id === id) };
}

function termsOf(id: string | undefined, subscription: Subscription | undefined): Subscribed {
  return { subscriptionId: id, paidUntil: subscription?.expiresAt ?? subscription?.nextBillingAt ?? undefined };
}

/** Until when the VM is paid: `GET /api/billing/v1/subscriptions`. Errors: VM_GONE, API_*. */
export async function subscriptionOf(session: Session, vm: NamedVm): Promise<Subscribed> {
  const { id, subscription } = await findSubscription(session, vm);
  return termsOf(id, subscription);
}

export function isRenewed({ isAutoRenewed, status }: Subscription): boolean {
  return isAutoRenewed && !ENDED.has(status);
}

/**
 * Switches the renewal off and looks whether it is.
 *
 * @returns `isOff: false` if it is not known which subscription pays the VM: then it may be renewed
 * @throws UserVpsError API_WITHOUT_EFFECT if it stays on; VM_GONE, API_*
 */
export async function endAutoRenewal(session: Session, vm: NamedVm): Promise<Subscribed & { readonly isOff: boolean }> {
  const { id, subscription } = await findSubscription(session, vm);
  const terms = termsOf(id, subscription);
  if (id === undefined) return { ...terms, isOff: false };
  if (subscription && !isRenewed(subscription)) return { ...terms, isOff: true };
  const call = { signal: session.signal };
  const answer = await undefinedIfNotFound(session.client.subscriptions.disableAutoRenewal(id, call));
  if (!answer) return { ...terms, isOff: false };
  if (!isRenewed(answer)) return { ...terms, isOff: true };
  const after = (await session.client.subscriptions.list(call)).find((one) => one.id === id);
  if (after && isRenewed(after)) {
    throw new UserVpsError("API_WITHOUT_EFFECT", `The renewal of subscription ${id}, which pays VM ${vm.vmId} of ${vm.hostname}, was switched off, and is still on.`, { next: "It is tried again later; if it stays so, switch it off in the Hostinger panel." });
  }
  return { ...terms, isOff: true };
}

/**
 * Switches the renewal on and looks whether it is.
 *
 * @returns false if it is not known which subscription pays the VM
 * @throws UserVpsError API_WITHOUT_EFFECT if it stays off; VM_GONE, API_*
 */
export async function beginAutoRenewal(session: Session, vm: NamedVm): Promise<boolean> {
  const { subscriptionId: id } = await getVm(session, vm.vmId, vm.hostname);
  if (id === null) return false;
  const answer = await undefinedIfNotFound(session.client.subscriptions.enableAutoRenewal(id, { signal: session.signal }));
  if (answer && !answer.isAutoRenewed) {
    throw new UserVpsError("API_WITHOUT_EFFECT", `The renewal of subscription ${id}, which pays VM ${vm.vmId} of ${vm.hostname}, was switched on, and is still off.`, { next: "It is tried again later; if it stays so, switch it on in the Hostinger panel." });
  }
  return answer !== undefined;
}
