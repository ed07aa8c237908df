import type { Queryable } from "../db/queryable.ts";

/** What the HTTP side asks of the workers. */
export type Job =
  | { readonly operation: "up" | "destroy" | "refresh"; readonly userId: string }
  | { readonly operation: "power"; readonly userId: string; readonly action: PowerAction };

export type PowerAction = "start" | "stop" | "restart";

/** The queue, as far as HTTP needs it. */
export interface Jobs {
  /** Queues a job inside the caller's transaction: it is there when that commits, and only then. */
  enqueue(db: Queryable, job: Job): Promise<void>;
  /** Ends the user's waiting and running jobs. */
  cancel(userId: string): Promise<void>;
  /** Resolves when the queue can take jobs; rejects with the reason when it cannot. */
  check?(): Promise<void>;
}
