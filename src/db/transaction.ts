import type { Pool, PoolClient } from "pg";
import { isDatabaseOutage } from "./outage.ts";

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

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. It must ask nobody but the database. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, { settings }: TransactionOptions = {}): Promise<T> {
  return await withClient(pool, async (client) => {
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
  });
}
