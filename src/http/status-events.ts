import { once } from "node:events";
import type { Queryable } from "../db/queryable.ts";
import { findQueuePlace, findVpsByUserId, type FleetPace, type VpsRecord } from "../records/index.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { AdminVpsDetailView, ViewSource, VpsView } from "./vps-view.ts";

/** The record as whoever follows it is to see it: its user, or an operator. */
export type ReadView = (source: ViewSource, record: VpsRecord) => Promise<VpsView | AdminVpsDetailView>;

export interface StatusEventsOptions {
  readonly db: Queryable;
  readonly pace: FleetPace;
  readonly feed: ChangeFeed;
  readonly userId: string;
  readonly readView: ReadView;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  /** How often the place of a user in the queue is looked at: it changes without the user's record. */
  readonly queueLookMs: number;
}

/**
 * A user's record as server-sent events: at first as it is, then after each change, and for whoever
 * stands in the queue, after each change of the place. Changes that come faster than they are taken
 * are told of once, with the newest record.
 */
export async function* statusEvents({ db, pace, feed, userId, readView, signal, heartbeatMs, queueLookMs }: StatusEventsOptions): AsyncGenerator<string> {
  const wakeUps = new EventTarget();
  let changed = true;
  let beats = false;
  let looks = false;
  let last: { readonly record: VpsRecord; readonly queue: string } | undefined;
  const wake = () => wakeUps.dispatchEvent(new Event("wake"));
  const change = () => { changed = true; wake(); };
  const unsubscribe = feed.subscribe(userId, change);
  const heartbeat = setInterval(() => { beats = true; wake(); }, heartbeatMs);
  const queueLook = setInterval(() => { if (last && last.queue !== "null") { looks = true; wake(); } }, queueLookMs);
  // At once, and not at the end of what follows: that is not reached where nobody takes in what is still to be said.
  const stop = () => {
    unsubscribe();
    clearInterval(heartbeat);
    clearInterval(queueLook);
    wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield "retry: 2000\n\n";
    while (!signal.aborted) {
      // Set before the record is read: a change during the reading is then seen in the next turn.
      const [asks, asksForPlace] = [changed, looks];
      changed = looks = false;
      // The place is what all are told from; only when it has changed is the record read again.
      const reads = asks || (asksForPlace && last && (await placeOf(pace, last.record)) !== last.queue);
      const record = reads ? await findVpsByUserId(db, userId) : undefined;
      const isNews = record && (record.version !== last?.record.version || last.queue !== "null");
      const view = isNews ? await readView({ pool: db, pace }, record) : undefined;
      const queue = JSON.stringify(view?.queue);
      if (record && view && (record.version !== last?.record.version || queue !== last.queue)) {
        last = { record, queue };
        yield `event: status\nid: ${view.version}\ndata: ${JSON.stringify(view)}\n\n`;
      } else if (beats) {
        yield ": heartbeat\n\n";
      }
      beats = false;
      if (!changed && !looks && !signal.aborted) await once(wakeUps, "wake");
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

async function placeOf(pace: FleetPace, record: VpsRecord): Promise<string> {
  return JSON.stringify((await findQueuePlace(pace, record)) ?? null);
}
