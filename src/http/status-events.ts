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
}

/**
 * A user's record as server-sent events: at first as it is, then after each change. Changes that come
 * faster than they are taken are told of once, with the newest record.
 */
export async function* statusEvents({ db, feed, userId, signal, heartbeatMs }: StatusEventsOptions): AsyncGenerator<string> {
  const wakeUps = new EventTarget();
  let changed = true;
  let lastVersion = -1;
  const wake = () => wakeUps.dispatchEvent(new Event("wake"));
  const unsubscribe = feed.subscribe(userId, () => { changed = true; wake(); });
  const heartbeat = setInterval(wake, heartbeatMs);
  signal.addEventListener("abort", wake, { once: true });
  try {
    yield "retry: 2000\n\n";
    while (!signal.aborted) {
      // Set before the record is read: a change during the reading is then seen in the next turn.
      const look = changed;
      changed = false;
      const record = look ? await findVpsByUserId(db, userId) : undefined;
      if (record && record.version !== lastVersion) {
        lastVersion = record.version;
        yield `event: status\nid: ${record.version}\ndata: ${JSON.stringify(await readVpsView(db, record))}\n\n`;
      } else if (!look) {
        yield ": heartbeat\n\n";
      }
      if (!changed && !signal.aborted) await once(wakeUps, "wake");
    }
  } finally {
    unsubscribe();
    clearInterval(heartbeat);
    signal.removeEventListener("abort", wake);
  }
}
