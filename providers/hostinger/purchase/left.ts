/** What was bought, or may have been, for a stack that is given up before its state had the VM. */
import { UserVpsError } from "../../core/errors.ts";
import { isRenewed, switchRenewal } from "../renewal.ts";
import type { Session } from "../session.ts";
import { removeRecord, serverNowMs } from "./account.ts";
import { isSeen, lookForEvidence } from "./follow.ts";
import { doubtEndsAtMs } from "./record.ts";
import type { PurchaseRecord } from "./record.ts";
import { readPurchases } from "./resolve.ts";
import { isInDoubt, mayHaveBought } from "./states.ts";

export interface LeftPurchase {
  readonly recordId: number;
  readonly hostname: string;
  /** The record's, whatever id it has by the time it is ended. */
  readonly key: string;
  readonly orderId: string | undefined;
  readonly subscriptionId: string | undefined;
  /** What was bought; undefined: none shows. */
  readonly vmId: number | undefined;
  /** Without a VM: it may show by itself yet. */
  readonly isStillToCome: boolean;
}

/**
 * The purchases for a host name that are not over, by evidence as for a buyer: never another owner's, and never a VM that
 * may be another's.
 * @throws UserVpsError API_*: then nothing may be concluded
 */
export async function leftPurchases(session: Session, { hostname, owner }: { readonly hostname: string; readonly owner: string }): Promise<LeftPurchase[]> {
  const records = (await readPurchases(session, hostname)).filter((record) => mayHaveBought(record.state) && (record.owner === undefined || record.owner === owner));
  const left: LeftPurchase[] = [];
  for (const record of records) left.push(await lookAt(session, record));
  return left;
}

async function lookAt(session: Session, record: PurchaseRecord): Promise<LeftPurchase> {
  const { id: recordId, hostname, key, orderId, subscriptionId } = record;
  const known = { recordId, hostname, key, orderId };
  if (isSeen(record)) return { ...known, subscriptionId, vmId: record.vmId, isStillToCome: false };
  // A payment takes as long as it takes: an order that stands is over when its subscription is, or by a person's word. By the time before the look, which sees nothing that shows later.
  const mayShow = !isInDoubt(record.state) || serverNowMs(session) < doubtEndsAtMs(record, session.settings.purchaseSettleMs);
  const found = await lookForEvidence(session, record, undefined);
  return {
    ...known,
    subscriptionId: found.kind === "order" ? found.subscriptionId : subscriptionId,
    vmId: found.kind === "vm" ? found.vmId : undefined,
    isStillToCome: found.kind !== "vm" && found.kind !== "failed" && mayShow,
  };
}

/** Its VM is given up, or nothing has come of it: nobody goes on with it, and what it ordered is not renewed. */
export async function abandonPurchase(session: Session, { hostname, key, subscriptionId }: LeftPurchase): Promise<void> {
  const { subscriptions } = session.client;
  // Also beside a VM, which may not name the subscription that pays it.
  if (subscriptionId !== undefined) {
    const listed = (await subscriptions.list({ signal: session.signal })).find(({ id }) => id === subscriptionId);
    const isOff = !listed || !isRenewed(listed) || (await switchRenewal(session, subscriptionId, false, `the VM that was ordered for ${hostname}`));
    if (!isOff) throw new UserVpsError("API_WITHOUT_EFFECT", `Subscription ${subscriptionId}, which was ordered for ${hostname}, is listed as renewed, but not found where its renewal is switched off.`);
  }
  // It may have been moved since it was looked at.
  for (const record of await readPurchases(session, hostname)) if (record.key === key) await removeRecord(session, record.id);
}
