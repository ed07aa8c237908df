/** Intents to buy that were never followed by their purchase: a buyer that was cut off before it, or whose record was made by a call that failed. */
import type { Session } from "../session.ts";
import { readRecord, removeRecord, serverNowMs } from "./account.ts";
import { takenAwayFromMs } from "./record.ts";
import { readPurchases } from "./resolve.ts";

/**
 * Takes away those of a host name whose deadline is over, as the next buyer would: nobody sends them any more, and nothing was
 * sent. One whose deadline is not over stays.
 */
export async function withdrawIntents(session: Session, hostname: string): Promise<void> {
  for (const { id, state } of await readPurchases(session, hostname)) {
    if (state !== "intended") continue;
    // The time before the record: one that is an intent so late is written as sent too late to be sent, or finds itself gone.
    const nowMs = serverNowMs(session);
    const record = await readRecord(session, id);
    if (record?.state === "intended" && nowMs >= takenAwayFromMs(record)) await removeRecord(session, id);
  }
}
