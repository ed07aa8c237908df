import type { Pool, PoolClient } from "pg";
import { sleep } from "../../providers/core/time.ts";
import { isDatabaseOutage } from "./outage.ts";

/** A deadlock, or two that could not both be as if alone: PostgreSQL gives one of them up, and done again it comes through. */
const GIVEN_UP: ReadonlySet<unknown> = new Set(["40P01", "40001"]);
const MOST_TRIES = 5;
/** Times the tries so far: whoever was waited for in vain is to come first, and is not there before it has a core. */
const PAUSE_MS = 20;

/** Outside of any transaction, as the server says after each statement. */
const IDLE = "I";

/**
 * Lends `work` a connection of the pool. One that breaks meanwhile ends the work at its next
 * statement, and nothing else: the pool itself does not listen to a connection that is lent.
 */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => { broken = error; };
  client.on("error", onError);
  try {
    return await work(client);
  } catch (error) {
    // A server that is no longer the one that writes keeps its connections.
    if (isDatabaseOutage(error)) broken ??= error as Error;
    throw error;
  } finally {
    client.off("error", onError);
    // One that is still in a transaction, or waits for an answer, is not given back.
    client.release(broken ?? client.getTransactionStatus() !== IDLE);
  }
}

export interface TransactionOptions {
  /** For this transaction alone: `SET LOCAL …`. */
  readonly settings?: string;
}

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. It must ask nobody but the
 * database, and keep nothing of its own from one call to the next: of one that PostgreSQL gives up, it is done again.
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  return await withClient(pool, async (client) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await tryInTransaction(client, work, options);
      } catch (error) {
        if (tries === MOST_TRIES || !GIVEN_UP.has((error as { code?: unknown } | undefined)?.code)) throw error;
        await sleep(tries * PAUSE_MS);
      }
    }
  });
}

async function tryInTransaction<T>(client: PoolClient, work: (client: PoolClient) => Promise<T>, { settings }: TransactionOptions): Promise<T> {
  // Its answer is awaited with those of the work's first statements, which go out with it.
  const begun = client.query(settings === undefined ? "BEGIN" : `BEGIN; ${settings}`);
  begun.catch(() => undefined);
  try {
    const result = await work(client);
    await begun;
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // The end of a connection that cannot even roll back does so.
    if (!isDatabaseOutage(error)) await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}
