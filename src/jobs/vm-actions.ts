/** What was done to a user's VM, as Hostinger tells it to a worker. */
import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { z } from "zod";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Action } from "../../providers/hostinger/api/client.ts";
import type { VmPower } from "../provisioning/operation.ts";
import { findVpsByUserId } from "../records/index.ts";
import { answerQuestions, ask, LONGEST_ANSWER_MS } from "./questions.ts";
import type { Answering, FailedAnswer } from "./questions.ts";

export const VM_ACTIONS_QUEUE = "user-vps-vm-actions";

/** The last 50, newest first. */
export interface VmActions {
  readonly vmId: number;
  readonly actions: readonly Action[];
}

/** undefined if no worker answers in time. */
export type AskVmActions = (userId: string) => Promise<VmActions | FailedAnswer | undefined>;

const questionSchema = z.object({ userId: z.string().min(1) });

export function askVmActions(boss: PgBoss, answerLimitMs: number): AskVmActions {
  return (userId) => ask<VmActions>(boss, VM_ACTIONS_QUEUE, { userId }, answerLimitMs);
}

export interface VmActionsOptions {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly vms: Pick<VmPower, "openSession">;
  readonly redact: (text: string) => string;
  readonly log: (line: string) => void;
}

export function answerVmActions({ boss, pool, vms, redact, log }: VmActionsOptions): Promise<Answering> {
  return answerQuestions({
    boss, redact, log, queue: VM_ACTIONS_QUEUE, limitMs: LONGEST_ANSWER_MS, schema: questionSchema,
    async answer({ userId }, signal): Promise<VmActions> {
      const vmId = (await findVpsByUserId(pool, userId))?.hostingerVmId;
      if (!vmId) throw new UserVpsError("INPUT_INVALID", "There is no VM of this user.", { next: "Wait until it is ready." });
      const { client } = vms.openSession({ signal, report: () => undefined });
      return { vmId, actions: await client.virtualMachines.actions(vmId, { signal }) };
    },
  });
}
