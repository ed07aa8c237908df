/** A VM's subscription: until when it is paid, and its auto-renewal. */
import { UserVpsError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
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
 * @throws UserVpsError API_WITHOUT_EFFECT if it stays on; VM_GONE, API_*
 */
export async function endAutoRenewal(session: Session, vm: NamedVm): Promise<Subscribed & { readonly isOff: boolean }> {
  const { id, subscription } = await findSubscription(session, vm);
  const terms = termsOf(id, subscription);
  if (id === undefined) return { ...terms, isOff: false };
  if (subscription && !isRenewed(subscription)) return { ...terms, isOff: true };
  return { ...terms, isOff: await switchRenewal(session, id, false, `VM ${vm.vmId} of ${vm.hostname}`) };
}

/**
 * Switches the renewal on and looks whether it is.
 *
 * @returns false if it is not known which subscription pays the VM
 * @throws UserVpsError API_WITHOUT_EFFECT if it stays off; VM_GONE, API_*
 */
export async function beginAutoRenewal(session: Session, vm: NamedVm): Promise<boolean> {
  const { subscriptionId: id } = await getVm(session, vm.vmId, vm.hostname);
  return id === null ? false : await switchRenewal(session, id, true, `VM ${vm.vmId} of ${vm.hostname}`);
}

/** A refusal may be about what is so already: of a call whose answer was lost, the repetition finds nothing to do. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(["API_NOT_FOUND", "API_REJECTED"]);

/**
 * Whatever the answer, it is looked whether the renewal is as wished.
 *
 * @param paid for messages
 * @returns false if Hostinger does not find the subscription
 * @throws UserVpsError API_WITHOUT_EFFECT if it stays as it was; API_*
 */
export async function switchRenewal({ client: { subscriptions }, signal }: Session, id: string, isOn: boolean, paid: string): Promise<boolean> {
  const isAsWished = (one: Subscription) => (isOn ? one.isAutoRenewed : !isRenewed(one));
  const answer = await (isOn ? subscriptions.enableAutoRenewal(id, { signal }) : subscriptions.disableAutoRenewal(id, { signal })).catch((error: unknown) => {
    if (error instanceof UserVpsError && REFUSALS.has(error.code)) return error;
    throw error;
  });
  const isRefused = answer instanceof UserVpsError;
  if (!isRefused && isAsWished(answer)) return true;
  const after = (await subscriptions.list({ signal })).find((one) => one.id === id);
  if (after && isAsWished(after)) return true;
  if (isRefused && answer.code !== "API_NOT_FOUND") throw answer;
  if (isRefused) return false;
  // One that is not listed any more pays nothing.
  if (!after && !isOn) return true;
  const [wished, is] = isOn ? ["on", "off"] : ["off", "on"];
  throw new UserVpsError("API_WITHOUT_EFFECT", `The renewal of subscription ${id}, which pays ${paid}, was switched ${wished}, and is still ${is}.`, { next: `It is tried again later; if it stays so, switch it ${wished} in the Hostinger panel.` });
}
