/** The table of messages:
 *
 *     pending ── the target took it ─────────────────────> delivered ── an operator ──> pending
 *             ── tried for NOTIFICATION_GIVE_UP_HOURS ───> given_up ─── an operator ──> pending
 *             ── not taken for what it holds ───────────>
 */
import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";
import type { NotificationEvent } from "./events.ts";

export const MESSAGE_STATES = ["pending", "delivered", "given_up"] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

export interface NotificationMessage {
  readonly notificationId: number;
  /** The same for each try. */
  readonly messageId: string;
  readonly target: string;
  /** What must not overtake each other within a target; of mail, the address that it goes to. */
  readonly ordering: string;
  readonly events: readonly NotificationEvent[];
  readonly state: MessageState;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly pendingSince: Date;
  readonly nextAttemptAt: Date;
  readonly lastError: string | null;
  readonly deliveredAt: Date | null;
}

const COLUMNS = `notification_id::double precision AS "notificationId", message_id AS "messageId", target, ordering, events, state, attempts, created_at AS "createdAt", pending_since AS "pendingSince",
  next_attempt_at AS "nextAttemptAt", last_error AS "lastError", delivered_at AS "deliveredAt"`;

export interface Claim {
  readonly target: string;
  readonly most: number;
  /** For how long nobody else tries it. */
  readonly claimSeconds: number;
  /** Also those whose time has not come: to see whether the target is back. */
  readonly atOnce: boolean;
}

/**
 * Of each user only the oldest, so that none is overtaken. MATERIALIZED, because a plan may run a subquery of `IN` once for
 * each row: it then skips what it has locked itself, and all that waits is claimed, whatever LIMIT says.
 */
const CLAIM = `
  WITH next AS MATERIALIZED (
    SELECT notification_id AS next_id FROM vps_notifications AS one
    WHERE target = $1 AND state = 'pending' AND (next_attempt_at <= clock_timestamp() OR ($4 AND attempts > 0)) AND coalesce(claimed_until < clock_timestamp(), true)
      AND NOT EXISTS (SELECT FROM vps_notifications AS earlier WHERE earlier.target = one.target AND earlier.ordering = one.ordering AND earlier.state = 'pending' AND earlier.notification_id < one.notification_id)
    ORDER BY next_attempt_at, notification_id LIMIT $2 FOR UPDATE SKIP LOCKED)
  UPDATE vps_notifications SET attempts = attempts + 1, claimed_until = clock_timestamp() + make_interval(secs => $3)
  FROM next WHERE notification_id = next_id
  RETURNING ${COLUMNS}`;

export async function claimMessages(db: Queryable, { target, most, claimSeconds, atOnce }: Claim): Promise<NotificationMessage[]> {
  return (await db.query<NotificationMessage>(CLAIM, [target, most, claimSeconds, atOnce])).rows;
}

/** Whoever tried it, it is there. */
export async function markDelivered(db: Queryable, notificationId: number): Promise<void> {
  await db.query("UPDATE vps_notifications SET state = 'delivered', delivered_at = clock_timestamp(), claimed_until = NULL, last_error = NULL WHERE notification_id = $1", [notificationId]);
}

/** One that somebody else tries since is left to them. */
export async function markFailed(db: Queryable, { notificationId, attempts }: NotificationMessage, error: string, againSeconds: number, giveUpHours: number): Promise<void> {
  await db.query(
    `UPDATE vps_notifications SET last_error = $3, claimed_until = NULL, next_attempt_at = clock_timestamp() + make_interval(secs => $4),
       state = CASE WHEN pending_since < clock_timestamp() - make_interval(hours => $5) THEN 'given_up' ELSE state END
     WHERE notification_id = $1 AND attempts = $2 AND state = 'pending'`,
    [notificationId, attempts, error, againSeconds, giveUpHours],
  );
}

/** Not tried to the end: the worker goes. It may have arrived, and then comes again with the same id. */
export async function unclaim(db: Queryable, { notificationId, attempts }: NotificationMessage): Promise<void> {
  await db.query("UPDATE vps_notifications SET claimed_until = NULL WHERE notification_id = $1 AND attempts = $2", [notificationId, attempts]);
}

export interface MessageFilter {
  readonly target?: string | undefined;
  readonly state?: MessageState | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: number | undefined;
}

/** Newest first. */
export async function listMessages(db: Queryable, { target, state, limit, cursor }: MessageFilter): Promise<Page<NotificationMessage, number>> {
  const { rows } = await db.query<NotificationMessage>(
    `SELECT ${COLUMNS} FROM vps_notifications
     WHERE ($1::text IS NULL OR target = $1) AND ($2::text IS NULL OR state = $2) AND ($3::bigint IS NULL OR notification_id < $3)
     ORDER BY notification_id DESC LIMIT $4`,
    [target ?? null, state ?? null, cursor ?? null, limit + 1],
  );
  return firstPage(rows, limit, ({ notificationId }) => notificationId);
}

/** delivered, given_up -> pending, with the same id and tries counted anew; one that is pending is tried at once. undefined: there is none. */
export async function sendAgain(db: Queryable, messageId: string): Promise<NotificationMessage | undefined> {
  const { rows } = await db.query<NotificationMessage>(
    `UPDATE vps_notifications SET state = 'pending', pending_since = CASE state WHEN 'pending' THEN pending_since ELSE clock_timestamp() END,
       attempts = CASE state WHEN 'pending' THEN attempts ELSE 0 END, next_attempt_at = clock_timestamp()
     WHERE message_id = $1 RETURNING ${COLUMNS}`,
    [messageId],
  );
  return rows[0];
}

/** All that were given up for a target, oldest first as they were. @returns how many */
export async function sendGivenUpAgain(db: Queryable, target: string): Promise<number> {
  const { rowCount } = await db.query("UPDATE vps_notifications SET state = 'pending', pending_since = clock_timestamp(), attempts = 0, next_attempt_at = clock_timestamp() WHERE target = $1 AND state = 'given_up'", [target]);
  return rowCount ?? 0;
}
