import type { Pool } from "pg";
import { messageOf } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";

/** A server on a busy machine, one that reads its log through after a crash, and one with no connection left for the moment let nobody in for a while. */
const LIMIT_MS = 1 * MINUTE_MS;
const PAUSE_MS = 1 * SECOND_MS;
/** SQLSTATE: the database system is starting up; too many clients. */
const FOR_THE_MOMENT: ReadonlySet<unknown> = new Set(["57P03", "53300"]);
/** Of node-postgres, for a server that is there and has not answered in time. */
const TOO_SLOW = /^(Connection terminated due to connection timeout|timeout exceeded when trying to connect|timeout expired)/;

/**
 * The pool's first connection. Where there is no server, or it refuses who asks, that is told at once.
 *
 * @throws the last error, after a minute
 */
export async function awaitFirstConnection(pool: Pool, say: (line: string) => void, limitMs: number = LIMIT_MS): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      await pool.query("SELECT 1");
      return;
    } catch (error) {
      if (!mayPass(error) || performance.now() > endMs) throw error;
      say(`the database lets nobody in yet: ${messageOf(error)}`);
      await sleep(PAUSE_MS);
    }
  }
}

function mayPass(error: unknown): boolean {
  return FOR_THE_MOMENT.has((error as { code?: unknown }).code) || TOO_SLOW.test(messageOf(error));
}
