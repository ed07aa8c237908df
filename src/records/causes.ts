/** What is noted of who or what has an operation done, for its runs from then on. */
import { prepared } from "../db/prepared.ts";
import type { Queryable } from "../db/queryable.ts";
import type { Cause, Operation } from "./runs.ts";

const NOTE = `
  INSERT INTO vps_causes (user_id, operation, kind, requested_by, reason) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (user_id, operation) DO UPDATE SET kind = EXCLUDED.kind, requested_by = EXCLUDED.requested_by, reason = EXCLUDED.reason, asked_at = clock_timestamp()`;

/** Of the operation's runs for this user from now on, until somebody asks anew; part of the caller's transaction. */
export async function noteCause(db: Queryable, { userId, operation }: { readonly userId: string; readonly operation: Operation }, { kind, requestedBy, reason }: Cause): Promise<void> {
  await db.query(prepared(NOTE, [userId, operation, kind, requestedBy, reason]));
}
