/** Intents to buy that were never followed by their purchase: a buyer that was cut off before it, or whose record was made by a call that failed. */
import type { Session } from "../session.ts";
import { readRecord, removeRecord, serverNowMs } from "./account.ts";
import { withdrawnFromMs } from "./record.ts";
import { readPurchases } from "./resolve.ts";

/**
 * Takes away those of a host name whose deadline is over, as the next buyer would: nothing was sent, and a buyer that still
 * stands before its call finds its record gone, and ends (obtain.ts). One whose deadline is not over stays.
 *
 * @param mayWithdraw asked just before each is taken away
 */
export async function withdrawIntents(session: Session, hostname: string, mayWithdraw: () => Promise<boolean>): Promise<void> {
  for (const { id, state } of await readPurchases(session, hostname)) {
    if (state !== "intended") continue;
    // The time before the record: one that is an intent so late is written as sent too late to be sent, or finds itself gone.
    const nowMs = serverNowMs(session);
    const record = await readRecord(session, id);
    if (record?.state === "intended" && nowMs >= withdrawnFromMs(record) && (await mayWithdraw())) await removeRecord(session, id);
  }
}
