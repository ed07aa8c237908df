import { EventEmitter } from "node:events";
import { Listener } from "../db/listener.ts";
import type { ListenerOptions } from "../db/listener.ts";

export const CHANGES_CHANNEL = "user_vps_changed";

/**
 * Tells of changes of records, wherever they were made: one connection a process that listens to
 * PostgreSQL, however many subscribers. While that connection is away nothing is told; when it is
 * back, everybody is, since something may have been missed.
 */
export class ChangeFeed {
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #listener: Listener;

  constructor(url: string, look?: ListenerOptions["look"]) {
    this.#listener = new Listener({
      url, channel: CHANGES_CHANNEL, name: "user-vps listener", look,
      onNotify: (userId) => this.#changes.emit(`user:${userId}`),
      onGap: () => { for (const event of this.#changes.eventNames()) this.#changes.emit(event); },
    });
  }

  /** Returns when it listens for the first time. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  async close(): Promise<void> {
    await this.#listener.close();
  }

  /**
   * @param userId or the id of a session, of whose end is told likewise
   * @returns a function that ends the subscription
   */
  subscribe(userId: string, onChange: () => void): () => void {
    // The prefix keeps a user called 'error' apart from the emitter's own event.
    const event = `user:${userId}`;
    this.#changes.on(event, onChange);
    return () => void this.#changes.off(event, onChange);
  }
}
