import { once } from "node:events";
import type { Queryable } from "../db/queryable.ts";
import { findVpsByUserId } from "../records/index.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { readVpsView } from "./vps-view.ts";

export interface StatusEventsOptions {
  readonly db: Queryable;
  readonly feed: ChangeFeed;
  readonly userId: string;
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
export async function* statusEvents({ db, feed, userId, signal, heartbeatMs, queueLookMs }: StatusEventsOptions): AsyncGenerator<string> {
  const wakeUps = new EventTarget();
  let changed = true;
  let beats = false;
  let lastVersion = -1;
  let lastQueue = "null";
  const wake = () => wakeUps.dispatchEvent(new Event("wake"));
  const change = () => { changed = true; wake(); };
  const unsubscribe = feed.subscribe(userId, change);
  const heartbeat = setInterval(() => { beats = true; wake(); }, heartbeatMs);
  const queueLook = setInterval(() => { if (lastQueue !== "null") change(); }, queueLookMs);
  signal.addEventListener("abort", wake, { once: true });
  try {
    yield "retry: 2000\n\n";
    while (!signal.aborted) {
      // Set before the record is read: a change during the reading is then seen in the next turn.
      const look = changed;
      changed = false;
      const record = look ? await findVpsByUserId(db, userId) : undefined;
      const isNews = record && (record.version !== lastVersion || lastQueue !== "null");
      const view = isNews ? await readVpsView(db, record) : undefined;
      const queue = JSON.stringify(view?.queue);
      if (view && (view.version !== lastVersion || queue !== lastQueue)) {
        [lastVersion, lastQueue] = [view.version, queue];
        yield `event: status\nid: ${view.version}\ndata: ${JSON.stringify(view)}\n\n`;
      } else if (beats) {
        yield ": heartbeat\n\n";
      }
      beats = false;
      if (!changed && !signal.aborted) await once(wakeUps, "wake");
    }
  } finally {
    unsubscribe();
    clearInterval(heartbeat);
    clearInterval(queueLook);
    signal.removeEventListener("abort", wake);
  }
}
