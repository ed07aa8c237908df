import type { Client } from "pg";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { closeClient, createClient, watchConnection } from "./connections.ts";

const LONGEST_PAUSE_MS = 5 * SECOND_MS;
const LOOK = { intervalMs: 5 * SECOND_MS, limitMs: 5 * SECOND_MS };

export interface ListenerOptions {
  readonly url: string;
  readonly channel: string;
  /** As `pg_stat_activity` shows it. */
  readonly name: string;
  readonly onNotify: (payload: string) => void;
  /** It listens again after it did not: something may have been missed. */
  readonly onGap: () => void;
  /** How often it is looked whether the server still answers, and how long it may take to. */
  readonly look?: typeof LOOK | undefined;
}

/** Hears one channel of PostgreSQL's NOTIFY, on a session of its own that is made again whenever it breaks. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #closing = new AbortController();
  #client: Client | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Returns when it listens for the first time. */
  async start(): Promise<void> {
    await this.#connect();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#client) await closeClient(this.#client);
  }

  async #connect(): Promise<void> {
    const { url, name, channel, onNotify, look = LOOK } = this.#options;
    const client = createClient({ url, name });
    client.on("notification", ({ payload }) => onNotify(payload ?? ""));
    // It is followed by 'end', and without a listener it would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      await closeClient(client);
      throw error;
    }
    this.#client = client;
    // A connection that says nothing is ended at once, without a farewell that nobody would hear.
    const watch = watchConnection(client, { ...look, onLost: () => client.connection.stream.destroy() });
    client.once("end", () => {
      watch.stop();
      void this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    let isConnected = false;
    for (let pauseMs = SECOND_MS / 10; !isConnected && !this.#closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      // One that fails is still away, or closing: the loop's condition tells which.
      isConnected = await sleep(pauseMs, this.#closing.signal).then(() => this.#connect()).then(() => true, () => false);
    }
    // Its fault is no reason to connect once more.
    if (isConnected) this.#options.onGap();
  }
}
