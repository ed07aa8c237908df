/** From events to messages: one transaction takes what was told since, and makes a message of it for each target that wants it. */
import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableJson } from "../db/storable.ts";
import type { NotificationType } from "../config/index.ts";
import { isWanted } from "../config/notification-types.ts";
import type { TargetRecord } from "./targets.ts";
import { activeTargets, orderingsOf } from "./targets.ts";

/** As a message holds it, whenever it is sent. */
export interface NotificationEvent {
  readonly type: NotificationType;
  /** ISO 8601. */
  readonly at: string;
  /** null: it is not about one user. */
  readonly username: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

interface NewEvent extends NotificationEvent {
  readonly onlyTarget: string | null;
}

const BATCH = 200;
/** In one message to people; what comes after begins another. */
const MOST_EVENTS = 500;
/** One at a time, so that messages are in the order of events. */
const LOCK = "hashtextextended('user-vps:notifications', 0)";

/** What waits in a pool is no user's: nobody is told that it is ready, failed or gone (docs/pool.md has what tells of pools). */
const IS_OF_POOL = "type IN ('vps.ready', 'vps.failed', 'vps.given_up') AND EXISTS (SELECT FROM vps_pool_members WHERE vps_pool_members.username = taken.username)";

const TAKE = `
  WITH taken AS (
    UPDATE vps_notification_events SET handed_on_at = clock_timestamp()
    WHERE event_id IN (SELECT event_id FROM vps_notification_events WHERE handed_on_at IS NULL ORDER BY event_id LIMIT ${BATCH})
    RETURNING event_id, type, username, data, occurred_at, only_target
  )
  SELECT type, username, data, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, only_target AS "onlyTarget" FROM taken WHERE NOT (${IS_OF_POOL}) ORDER BY event_id`;

/** One that is sent again says under its id what it said. */
const APPEND = `
  UPDATE vps_notifications SET events = events || $2::jsonb
  WHERE notification_id = (SELECT max(notification_id) FROM vps_notifications WHERE target = $1 AND ordering = $3)
    AND state = 'pending' AND attempts = 0 AND last_error IS NULL AND delivered_at IS NULL AND claimed_until IS NULL AND jsonb_array_length(events) < ${MOST_EVENTS}`;

/** How long it is tried counts from when it may be tried first: gathering may take as long. */
const INSERT = `
  INSERT INTO vps_notifications (message_id, target, ordering, events, next_attempt_at, pending_since)
  SELECT message_id, $1, ordering, events, due, due
  FROM ROWS FROM (jsonb_to_recordset($2) AS (message_id text, ordering text, events jsonb)) WITH ORDINALITY AS made (message_id, ordering, events, place),
    (SELECT clock_timestamp() + make_interval(secs => $3) AS due) AS first ORDER BY place`;

export interface HandOnOptions {
  /** For how long what people read is gathered. */
  readonly groupSeconds: number;
  /** Takes what must not leave out of a text. */
  readonly redact: (text: string) => string;
}

/** @returns how many events were taken; at most a batch at a time */
export async function handOn(pool: Pool, { groupSeconds, redact }: HandOnOptions): Promise<number> {
  if (!(await hasNew(pool))) return 0;
  return await inTransaction(pool, async (db) => {
    const { rows: [lock] } = await db.query<{ locked: boolean }>(`SELECT pg_try_advisory_xact_lock(${LOCK}) AS locked`);
    if (!lock?.locked) return 0;
    const { rows } = await db.query<NewEvent>(TAKE);
    const events = rows.map((event) => ({ ...event, data: redactAll(event.data, redact) as NewEvent["data"] }));
    for (const target of await activeTargets(db)) {
      const wanted = events.filter(({ type, onlyTarget }) => (onlyTarget === null ? isWanted(type, target.events) : onlyTarget === target.name));
      if (wanted.length > 0) await tell(db, target, wanted.map(({ onlyTarget: _, ...event }) => event), groupSeconds);
    }
    return rows.length;
  });
}

/** Asked for by an operator: tells one target that it would be told. */
export async function addTest(db: Queryable, target: string, by: string): Promise<void> {
  await db.query("INSERT INTO vps_notification_events (type, data, only_target) VALUES ('test', jsonb_build_object('requestedBy', $2::text), $1)", [target, by]);
}

async function hasNew(db: Queryable): Promise<boolean> {
  return (await db.query<{ has: boolean }>("SELECT EXISTS (SELECT FROM vps_notification_events WHERE handed_on_at IS NULL) AS has")).rows[0]!.has;
}

/** A program gets each event by itself, in the order of each user; people get what happens together in one message, and those one after the other. */
async function tell(db: Queryable, target: TargetRecord, events: readonly NotificationEvent[], groupSeconds: number): Promise<void> {
  const { name, format } = target;
  if (format === "webhook") {
    const messages = events.map((event) => ({ message_id: newId(), ordering: event.username ?? `/${event.type}`, events: [event] }));
    await db.query(INSERT, [name, storableJson(messages), 0]);
    return;
  }
  for (const ordering of orderingsOf(target)) {
    const { rowCount } = await db.query(APPEND, [name, storableJson(events), ordering]);
    if (rowCount === 0) await db.query(INSERT, [name, storableJson([{ message_id: newId(), ordering, events }]), groupSeconds]);
  }
}

const newId = () => `msg_${randomUUID().replaceAll("-", "")}`;

/** Each text by itself: of JSON as a whole, a pattern could take quotes along. */
function redactAll(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactAll(one, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redactAll(one, redact)]));
}
