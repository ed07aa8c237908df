import { PgBoss } from "pg-boss";
import type { Db, JobOptions, Queue } from "pg-boss";
import { connectionOf } from "../db/index.ts";
import { prepared } from "../db/prepared.ts";
import type { Queryable } from "../db/index.ts";
import { DAY_MS, SECOND_MS } from "../../providers/core/time.ts";
import { currentTraceparent } from "../../providers/core/tracing.ts";
import { whoseWork } from "../records/index.ts";
import { jobSchema } from "./job.ts";
import type { Job } from "./job.ts";
import { wakeWorkers } from "./wake.ts";

/** One queue for all operations, so that a worker's concurrency is one number. */
export const QUEUE = "user-vps";
export const QUEUE_SCHEMA = "user_vps_jobs";

/** By SQL, of a row of pg-boss's `job`: nobody has begun it, or it is to be begun once more. */
export const IS_JOB_WAITING = "job.state IN ('created', 'retry')";
/** Of one that waits, or that somebody is at. */
export const IS_JOB_OPEN = "job.state IN ('created', 'retry', 'active')";

/** A job whose worker is silent for this long is given to another; the least that pg-boss allows. */
export const HEARTBEAT_SECONDS = 10;
const LOOK_SECONDS = 2;
/** For queues that notify: their workers hear of a new job at once, and look for what a dead one left. */
export const NOTIFIED_POLLING = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 2 } as const;
/** The longest that pg-boss allows, and longer than any run, which has a limit of its own (RUN_LIMIT_MINUTES). A job that lasts longer is given to another worker beside the one that is at it. */
export const LONGEST_JOB_SECONDS = DAY_MS / SECOND_MS;
/** How often a job may lose its worker. */
export const MOST_LOST_WORKERS = 10;

export interface QueueOptions {
  readonly databaseUrl: string;
  /** Workers also look for jobs whose worker has died; a process that only sends need not. */
  readonly works: boolean;
  readonly onError: (error: Error) => void;
  /** Aborted: the start fails. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts pg-boss. `stately`: of one operation for one user, at most one job waits and one runs.
 * Errors of its connections are events; it goes on when PostgreSQL is back.
 */
export async function startQueue({ databaseUrl, works, onError, signal }: QueueOptions): Promise<PgBoss> {
  const boss = new PgBoss({
    ...connectionOf({ url: databaseUrl, name: "user-vps jobs" }),
    schema: QUEUE_SCHEMA,
    max: 4,
    supervise: works,
    superviseIntervalSeconds: LOOK_SECONDS,
    monitorIntervalSeconds: LOOK_SECONDS,
    schedule: works,
    // Of questions, roll-outs and sweeps; of users' jobs, wake.ts tells.
    useListenNotify: works,
  });
  boss.on("error", onError);
  const stop = () => boss.stop({ graceful: false }).catch(() => undefined);
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await boss.start({ attempts: 10 });
    await ensureQueue(boss, QUEUE, {
      policy: "stately",
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: LONGEST_JOB_SECONDS,
      retryLimit: MOST_LOST_WORKERS,
      retryDelay: 0,
      // Workers are woken by wake.ts: pg-boss would notify within each signup's transaction, see migrations/260_told_later.sql.
      notify: false,
      // What was done is told by runs, not by jobs.
      deleteAfterSeconds: DAY_MS / SECOND_MS,
    });
    return boss;
  } catch (error) {
    // Its timers and connections would keep the process from ending.
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Also one that an earlier version made gets these options, but for its policy, which is for ever. */
export async function ensureQueue(boss: PgBoss, name: string, queue: Omit<Queue, "name">): Promise<void> {
  const { policy: _, ...options } = queue;
  await boss.createQueue(name, queue);
  await boss.updateQueue(name, options);
}

export function keyOf({ operation, userId }: Pick<Job, "operation" | "userId">): string {
  return `${prefixOf(operation)}${userId}`;
}

/** The same by SQL. @param userId what has the user's id as a text there */
export function keyBySql(operation: Job["operation"], userId: string): string {
  return `'${prefixOf(operation)}' || ${userId}`;
}

function prefixOf(operation: Job["operation"]): string {
  return `${operation}:`;
}

/** Lets pg-boss speak inside the caller's transaction. */
export function inside(db: Queryable): { db: Db } {
  return { db: { executeSql: (text: string, values?: unknown[]) => (values ? db.query(prepared(text, values)) : db.query(text)) } };
}

/** Of one that nobody waits for: workers take people's jobs first. */
const PRIORITY_OF_POOLS = -1;
/** What is for a pool, and the `up` of who has had a VPS ready, whose VPS may hold it up by its scripts: of these, a worker leaves one slot free, if it has two (worker.ts). */
const NO_SIGNUP = { id: "no-signup" } as const;

/** In what order, and beside how many others, it is done. */
async function rankOf(db: Queryable, { userId, operation }: Job, isOfPool?: boolean): Promise<Pick<JobOptions, "priority" | "group">> {
  const whose = isOfPool === undefined ? await whoseWork(db, userId) : isOfPool ? "pool" : "signup";
  return { priority: whose === "pool" ? PRIORITY_OF_POOLS : 0, ...((whose === "pool" || (whose === "user" && operation === "up")) && { group: NO_SIGNUP }) };
}

export interface SendOptions {
  readonly delayMs?: number;
  /** Whether it is for a member of a pool; looked up unless given. */
  readonly isOfPool?: boolean | undefined;
  /** Nothing of this user's can be waiting: pg-boss need not look through all that wait; workers are not woken, the caller does so after the transaction. */
  readonly isFirst?: boolean | undefined;
}

/** pg-boss keeps when the one that waited was asked for first, and begun runs for that may be over, or lost. */
const ASKED_FOR_NOW = `
  UPDATE ${QUEUE_SCHEMA}.job SET data = data || jsonb_build_object('sentAt', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  WHERE name = $1 AND id = ANY ($2::uuid[])`;

/** Sends the job, or has the one that waits already run when this one is to. Times are PostgreSQL's. */
export async function send(boss: PgBoss, db: Queryable, job: Job, { delayMs = 0, isOfPool, isFirst = false }: SendOptions = {}): Promise<void> {
  const options = { singletonKey: keyOf(job), startAfter: delayMs / SECOND_MS, ...(await rankOf(db, job, isOfPool)), ...inside(db) };
  if (isFirst && (await boss.send(QUEUE, traced(job), options)) !== null) return;
  const { updated, jobs } = await boss.upsert(QUEUE, traced(job), options);
  if (updated > 0) await db.query(ASKED_FOR_NOW, [QUEUE, jobs]);
  if (delayMs === 0) await wakeWorkers(db);
}

/**
 * Has the job done again later, unless something waits that was asked for since: a retry of `stop`
 * must not take the place of a newer `start`.
 */
export async function sendAgain(boss: PgBoss, db: Queryable, job: Job, delayMs: number): Promise<void> {
  await boss.send(QUEUE, traced(job), { singletonKey: keyOf(job), startAfter: delayMs / SECOND_MS, ...(await rankOf(db, job)), ...inside(db) });
}

function traced(job: Job): Job {
  const traceparent = job.traceparent ?? currentTraceparent();
  return traceparent === undefined ? job : { ...job, traceparent };
}

/** Drops all that waits for the user. What runs goes on. */
export async function dropWaiting(db: Queryable, userId: string): Promise<void> {
  const keys = jobSchema.shape.operation.options.map((operation) => keyOf({ operation, userId }));
  await db.query(`DELETE FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND singleton_key = ANY ($2) AND ${IS_JOB_WAITING}`, [QUEUE, keys]);
}
