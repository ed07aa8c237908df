/** When what failed is tried again by itself. */
import type { ErrorCode } from "../../providers/core/errors.ts";
import type { Queryable } from "../db/index.ts";
import { PROMISED_OPERATIONS } from "./job.ts";
import type { NextTry } from "./job.ts";
import { IS_JOB_WAITING, keyOf, QUEUE, QUEUE_SCHEMA } from "./queue.ts";
import { triesOf } from "./retry-policy.ts";

const READ = `
  SELECT (data ->> 'attempt')::int + 1 AS attempt, start_after AS at FROM ${QUEUE_SCHEMA}.job
  WHERE name = $1 AND ${IS_JOB_WAITING} AND singleton_key = ANY ($2) AND data ->> 'attempt' IS NOT NULL
  ORDER BY start_after LIMIT 1`;

/** @param errorCode of the try before */
export async function findNextTry(db: Queryable, { userId, errorCode }: { readonly userId: string; readonly errorCode: string | null }): Promise<NextTry | undefined> {
  const { rows: [row] } = await db.query<{ attempt: number; at: Date }>(READ, [QUEUE, PROMISED_OPERATIONS.map((operation) => keyOf({ operation, userId }))]);
  return row && { ...row, of: errorCode === null ? null : triesOf(errorCode as ErrorCode) };
}
