/** A VM's subscription: until when it is paid, and its auto-renewal. */
import { UserVpsError } from "../core/errors.ts";
import type { Subscription } from "./api/client.ts";
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
 * @throws UserVpsError API_ANSWER_UNEXPECTED if it stays on; VM_GONE, API_*
 */
export async function endAutoRenewal(session: Session, vm: NamedVm): Promise<Subscribed & { readonly isOff: boolean }> {
  const { id, subscription } = await findSubscription(session, vm);
  const terms = termsOf(id, subscription);
  if (id === undefined) return { ...terms, isOff: false };
  if (subscription && !isRenewed(subscription)) return { ...terms, isOff: true };
  const call = { signal: session.signal };
  try {
    if (!isRenewed(await session.client.subscriptions.disableAutoRenewal(id, call))) return { ...terms, isOff: true };
  } catch (error) {
    if (!(error instanceof UserVpsError) || error.code !== "API_NOT_FOUND") throw error;
    return { ...terms, isOff: false };
  }
  const after = (await session.client.subscriptions.list(call)).find((one) => one.id === id);
  if (after && isRenewed(after)) {
    throw new UserVpsError("API_ANSWER_UNEXPECTED", `The renewal of subscription ${id}, which pays VM ${vm.vmId} of ${vm.hostname}, was switched off, and is still on.`, { next: "Switch it off in the Hostinger panel, then try again." });
  }
  return { ...terms, isOff: true };
}
