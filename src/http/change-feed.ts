import { EventEmitter } from "node:events";
import type { Client } from "pg";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { closeClient, createClient, watchConnection } from "../db/connections.ts";

const CHANNEL = "user_vps_changed";
const LONGEST_PAUSE_MS = 5 * SECOND_MS;
const LOOK = { intervalMs: 5 * SECOND_MS, limitMs: 5 * SECOND_MS };

/**
 * Tells of changes of records, wherever they were made: one connection a process that listens to
 * PostgreSQL, however many subscribers. While that connection is away nothing is told; when it is
 * back, everybody is, since something may have been missed.
 */
export class ChangeFeed {
  readonly #connectionString: string;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #closing = new AbortController();
  #client: Client | undefined;

  readonly #look: typeof LOOK;

  constructor(connectionString: string, look: typeof LOOK = LOOK) {
    this.#connectionString = connectionString;
    this.#look = look;
  }

  /** Returns when it listens for the first time. */
  async start(): Promise<void> {
    await this.#connect();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#client) await closeClient(this.#client);
  }

  /** @returns a function that ends the subscription */
  subscribe(userId: string, onChange: () => void): () => void {
    // The prefix keeps a user called 'error' apart from the emitter's own event.
    const event = `user:${userId}`;
    this.#changes.on(event, onChange);
    return () => void this.#changes.off(event, onChange);
  }

  async #connect(): Promise<void> {
    const client = createClient({ url: this.#connectionString, name: "user-vps listener" });
    client.on("notification", ({ payload }) => this.#changes.emit(`user:${payload ?? ""}`));
    // It is followed by 'end', and without a listener it would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      await closeClient(client);
      throw error;
    }
    this.#client = client;
    // A connection that says nothing is ended at once, without a farewell that nobody would hear.
    const stopLooking = watchConnection(client, { ...this.#look, onLost: () => client.connection.stream.destroy() });
    client.once("end", () => {
      stopLooking();
      void this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    for (let pauseMs = SECOND_MS / 10; !this.#closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await sleep(pauseMs, this.#closing.signal);
        await this.#connect();
        for (const event of this.#changes.eventNames()) this.#changes.emit(event);
        return;
      } catch {
        // Still away, or closing: the loop's condition tells which.
      }
    }
  }
}
