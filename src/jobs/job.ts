import { AWAITED } from "../../providers/core/patience.ts";
import type { Queryable } from "../db/queryable.ts";
import type { Cause } from "../records/index.ts";
import { POWER_ACTIONS } from "../provisioning/operation.ts";
import { z } from "zod";

/** What is to be done for a user. It holds no secret: job payloads lie in the database in plain text. */
export const jobSchema = z.object({
  operation: z.enum(["up", "destroy", "power", "refresh", "snapshot", "restore"]),
  userId: z.string().min(1),
  /** For `power`. */
  action: z.enum(POWER_ACTIONS).optional(),
  /** A suspension has asked for this stop: once the user is resumed, nobody wants it any more. Until then it is done in whatever status. */
  whileSuspended: z.literal(true).optional(),
  /**
   * What it waits for, and is not there within its limit: then it fails with that. Earlier versions wrote `isOverdue: true`,
   * which is passed over: that run waits on, within the limit that is over, and comes back with this.
   */
  overdue: z.enum(AWAITED).optional(),
  /** When it was asked for, by PostgreSQL's clock: what comes back as a new job keeps it. */
  sentAt: z.iso.datetime().optional(),
  /** How many tries have failed so far; absent before the first has. */
  attempt: z.number().int().positive().optional(),
  /** What has asked for it, in a trace. */
  traceparent: z.string().optional(),
  /** Somebody else may be at it, or may have ended it by now: its first worker was lost, or has handed it over. */
  isTakenOver: z.boolean().optional(),
});

export type Job = z.infer<typeof jobSchema>;

/** What a user's status promises: a VPS, or that it is given up. */
export const PROMISED_OPERATIONS = ["up", "destroy"] as const satisfies readonly Job["operation"][];
export type PromisedOperation = (typeof PROMISED_OPERATIONS)[number];

export type JobRequest = Omit<Job, "attempt" | "isTakenOver" | "sentAt">;

export interface NextTry {
  /** The number of the next one, from 1. */
  readonly attempt: number;
  /** After so many somebody has to look; null: it goes on without an end. */
  readonly of: number | null;
  readonly at: Date;
}

export interface EnqueueOptions {
  readonly delaySeconds?: number;
  readonly cause?: Cause;
  /** Whether it is for a member of a pool; looked up unless given. */
  readonly isOfPool?: boolean;
  /** Nothing of this user's has been asked for before: what waits need not be looked through. Workers are woken by the caller, after the transaction. */
  readonly isFirst?: boolean;
}

/** The seam between those who want something done and those who do it. */
export interface Jobs {
  /**
   * Has the operation done soon, or after `delaySeconds`; part of the caller's transaction. Asked for again while it waits,
   * it is one job, and one that waits for its next try is done at once. Without a cause its runs go on with what was asked for before.
   */
  enqueue(db: Queryable, job: JobRequest, options?: EnqueueOptions): Promise<void>;
  /** Ends what runs or waits for the user. The record then says that it was cancelled. */
  cancel(userId: string): Promise<void>;
  /** When what failed is tried again by itself; undefined: it is not. */
  nextTry(user: { readonly userId: string; readonly errorCode: string | null }): Promise<NextTry | undefined>;
  /** Resolves when the queue can take jobs; rejects with the reason when it cannot. */
  check(): Promise<void>;
}
