import type { PgBoss } from "pg-boss";
import { messageOf } from "../../providers/core/errors.ts";

/** Takes no more jobs of the queue. Ends when none is worked on here any more: also what is just being fetched still begins. */
export async function stopWork(boss: PgBoss, queue: string, log: (line: string) => void): Promise<void> {
  await boss.offWork(queue, { wait: true }).catch((error: unknown) => log(`the queue ${queue} does not stop: ${messageOf(error)}`));
}
