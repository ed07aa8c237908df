/** What operators, and users for themselves, have asked for: who, what, about whom and why. */
import { firstPage } from "../db/page.ts";
import type { Page } from "../db/page.ts";
import type { Queryable } from "../db/queryable.ts";

export interface OperatorRequest {
  /** An operator's user id, or the user's own. */
  readonly requestedBy: string;
  /** As in `/api/admin/vps/alice/restart`; what users do themselves is beneath `/api/vps/`. */
  readonly path: string;
  readonly username: string | null;
  readonly reason: string | null;
  readonly requestId: string;
}

export interface OperatorAction extends OperatorRequest {
  readonly actionId: number;
  readonly askedAt: Date;
  /** HTTP status of the answer: a refusal is recorded as well. null: there was none. */
  readonly status: number | null;
}

/** @returns the number of the action, for `noteAnswer` */
export async function recordOperatorAction(db: Queryable, { requestedBy, path, username, reason, requestId }: OperatorRequest): Promise<number> {
  const { rows } = await db.query<{ actionId: number }>(
    `INSERT INTO vps_operator_actions (requested_by, path, username, reason, request_id) VALUES ($1, $2, $3, $4, $5) RETURNING action_id::double precision AS "actionId"`,
    [requestedBy, path, username, reason, requestId],
  );
  return rows[0]!.actionId;
}

export async function noteAnswer(db: Queryable, actionId: number, status: number): Promise<void> {
  await db.query("UPDATE vps_operator_actions SET status = $2 WHERE action_id = $1", [actionId, status]);
}

export interface OperatorActionFilter {
  readonly username?: string | undefined;
  /** Exactly. */
  readonly requestedBy?: string | undefined;
  /** A part of the path, as `deprovision`. */
  readonly action?: string | undefined;
  readonly since?: Date | undefined;
  /** Not included. */
  readonly until?: Date | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: number | undefined;
}

/** Newest first. */
export async function listOperatorActions(db: Queryable, { username, requestedBy, action, since, until, limit, cursor }: OperatorActionFilter): Promise<Page<OperatorAction, number>> {
  const { rows } = await db.query<OperatorAction>(
    `SELECT action_id::double precision AS "actionId", asked_at AS "askedAt", requested_by AS "requestedBy", path, username, reason, request_id AS "requestId", status
     FROM vps_operator_actions
     WHERE ($1::text IS NULL OR username = $1) AND ($2::bigint IS NULL OR action_id < $2)
       AND ($4::text IS NULL OR requested_by = $4) AND ($5::text IS NULL OR position(lower($5) IN path) > 0)
       AND ($6::timestamptz IS NULL OR asked_at >= $6) AND ($7::timestamptz IS NULL OR asked_at < $7)
     ORDER BY action_id DESC LIMIT $3`,
    [username ?? null, cursor ?? null, limit + 1, requestedBy ?? null, action ?? null, since ?? null, until ?? null],
  );
  return firstPage(rows, limit, ({ actionId }) => actionId);
}
