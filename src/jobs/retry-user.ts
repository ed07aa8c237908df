/** Trying again what failed: one user, or all whom an outage has left parked. */
import { ERROR_CATALOGUE } from "../../providers/core/errors.ts";
import type { ErrorCode } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { findOpenPurchase } from "../purchases/index.ts";
import { findVpsByUserId, isMemberLetGo, noteDataCenterChoice, openGiveUp, setVpsStatus, VPS_COLUMNS } from "../records/index.ts";
import type { Cause, VpsRecord } from "../records/index.ts";
import type { Jobs } from "./job.ts";

/** Another plan or data center, for a user who has no VM yet. */
export interface RetryWish {
  /** Catalog item. */
  readonly plan?: string | undefined;
  readonly dataCenterId?: number | undefined;
}

export type Retried = { readonly record: VpsRecord } | { readonly refusal: string };

/**
 * Tries again what failed: a giving up that was asked for goes on, and so does the end of a pool's member whose VM a user has; else `up`.
 *
 * @param db inside a transaction
 * @param user as it is while the transaction has it locked, if there is a wish
 * @param delaySeconds until its turn
 * @param asked by whom and why
 */
export async function retryUser(db: Queryable, jobs: Pick<Jobs, "enqueue">, user: VpsRecord, { plan, dataCenterId }: RetryWish = {}, delaySeconds = 0, asked?: Omit<Cause, "kind">): Promise<Retried> {
  const { userId, username } = user;
  if (user.status !== "failed") return { refusal: `To try again needs one of the statuses failed; '${username}' is '${user.status}'.` };
  const operation = (await openGiveUp(db, userId)) || (await isMemberLetGo(db, user)) ? "destroy" : "up";
  const hasWish = plan !== undefined || dataCenterId !== undefined;
  if (hasWish) {
    const refusal = operation === "destroy" ? `The VPS of '${username}' is being given up.` : await wishRefusal(db, user);
    if (refusal) return { refusal };
  }
  const waitingFor = delaySeconds > 0 ? `its turn among those that are tried again, ${new Date(Date.now() + delaySeconds * SECOND_MS).toISOString()}` : null;
  const record = await setVpsStatus(db, userId, { status: operation === "up" ? "queued" : "deprovisioning", ...(operation === "up" && { phase: "queued" }), waitingFor }, ["failed"]);
  if (!record) return { refusal: `Something else was asked for '${username}' at the same time.` };
  // Not before it is known to be tried again: what is refused changes nothing.
  const wished = hasWish ? await saveWish(db, record, { plan, dataCenterId }) : record;
  await jobs.enqueue(db, { operation, userId }, { delaySeconds, ...(asked && { cause: { kind: operation === "destroy" ? "give-up" as const : "retry" as const, ...asked } }) });
  return { record: wished };
}

async function saveWish(db: Queryable, record: VpsRecord, { plan = record.plan, dataCenterId }: RetryWish): Promise<VpsRecord> {
  if (dataCenterId !== undefined) await noteDataCenterChoice(db, record.userId, "operator");
  const { rows } = await db.query<VpsRecord>(`UPDATE user_vps SET plan_id = $2, data_center_id = $3 WHERE user_id::text = $1 AND is_managed RETURNING ${VPS_COLUMNS}`, [record.userId, plan, dataCenterId ?? record.dataCenterId]);
  return rows[0]!;
}

/** What is bought, or may be, has its plan and its place already. */
async function wishRefusal(db: Queryable, { userId, username, hostingerVmId, takenOverVmId }: VpsRecord): Promise<string | undefined> {
  if (hostingerVmId !== null || takenOverVmId !== null) return `'${username}' has VM ${hostingerVmId ?? takenOverVmId}; another plan or data center is a change of it: replace.`;
  const purchase = await findOpenPurchase(db, userId);
  if (!purchase || purchase.state === "waiting") return undefined;
  return `A purchase of '${username}' is '${purchase.state}'; what comes of it has to be known before another plan or data center can be wanted.`;
}

/** Failures that pass by themselves: whoever is parked for one was tried often enough. */
const PASSING = (Object.keys(ERROR_CATALOGUE) as ErrorCode[]).filter((code) => ERROR_CATALOGUE[code].retry === "backoff");

export interface RetryAll {
  /** Only who failed with it; all that pass by themselves unless given. */
  readonly code?: ErrorCode | undefined;
  /** How many begin in a minute. */
  readonly perMinute: number;
  /** Of one request. */
  readonly most: number;
  readonly asked?: Omit<Cause, "kind"> | undefined;
}

export interface RetriedAll {
  readonly usernames: readonly string[];
  /** Of whom this request did not come to. */
  readonly left: number;
  /** When the last of them begins, from now. */
  readonly lastsSeconds: number;
}

const FAILED = "FROM user_vps WHERE is_managed AND status = 'failed' AND error_code = ANY ($1)";

/** Those who have waited longest begin first, evenly spread. */
export async function retryAll(db: Queryable, jobs: Pick<Jobs, "enqueue">, { code, perMinute, most, asked }: RetryAll): Promise<RetriedAll> {
  const codes = code ? [code] : PASSING;
  const { rows } = await db.query<{ userId: string }>(`SELECT user_id::text AS "userId" ${FAILED} ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED`, [codes, most]);
  const usernames: string[] = [];
  const secondsBetween = MINUTE_MS / SECOND_MS / perMinute;
  for (const { userId } of rows) {
    const user = await findVpsByUserId(db, userId);
    const retried = user && (await retryUser(db, jobs, user, {}, Math.floor(usernames.length * secondsBetween), asked));
    if (retried && "record" in retried) usernames.push(retried.record.username);
  }
  const { rows: [left] } = await db.query<{ count: number }>(`SELECT count(*)::int AS count ${FAILED}`, [codes]);
  return { usernames, left: left?.count ?? 0, lastsSeconds: Math.floor(Math.max(0, usernames.length - 1) * secondsBetween) };
}
