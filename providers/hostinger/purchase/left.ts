/** What was bought, or may have been, for a stack that is given up before its state had the VM. */
import { DAY_MS } from "../../core/time.ts";
import type { Session } from "../session.ts";
import { removeRecord, serverNowMs } from "./account.ts";
import { isSeen, lookForEvidence } from "./follow.ts";
import { doubtEndsAtMs, sentAtMs } from "./record.ts";
import type { PurchaseRecord } from "./record.ts";
import { readPurchases } from "./resolve.ts";
import { isInDoubt, mayHaveBought } from "./states.ts";

export interface LeftPurchase {
  readonly recordId: number;
  readonly orderId: string | undefined;
  readonly subscriptionId: string | undefined;
  /** What was bought; undefined: none shows. */
  readonly vmId: number | undefined;
  /** Without a VM: it may show by itself yet. */
  readonly isStillToCome: boolean;
}

/** An accepted order that has brought no VM by then is Hostinger's to end. */
const LONGEST_PAYMENT_MS = DAY_MS;

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
  const { id: recordId, orderId, subscriptionId } = record;
  if (isSeen(record)) return { recordId, orderId, subscriptionId, vmId: record.vmId, isStillToCome: false };
  const found = await lookForEvidence(session, record, undefined);
  const untilMs = isInDoubt(record.state) ? doubtEndsAtMs(record, session.settings.purchaseSettleMs) : sentAtMs(record) + LONGEST_PAYMENT_MS;
  return {
    recordId, orderId,
    subscriptionId: found.kind === "order" ? found.subscriptionId : subscriptionId,
    vmId: found.kind === "vm" ? found.vmId : undefined,
    isStillToCome: found.kind !== "vm" && found.kind !== "failed" && serverNowMs(session) < untilMs,
  };
}

/** Its VM is given up, or nothing has come of it: nobody goes on with it, and what it ordered is not renewed. */
export async function abandonPurchase(session: Session, { recordId, subscriptionId, vmId }: LeftPurchase): Promise<void> {
  const { subscriptions } = session.client;
  if (vmId === undefined && subscriptionId !== undefined) {
    const listed = (await subscriptions.list({ signal: session.signal })).find(({ id }) => id === subscriptionId);
    if (listed?.isAutoRenewed) await subscriptions.disableAutoRenewal(subscriptionId, { signal: session.signal });
  }
  await removeRecord(session, recordId);
}
