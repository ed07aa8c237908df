import { z } from "zod";
import { CAUSE_KINDS, OPERATIONS, OUTCOMES, type RunRecord } from "../records/index.ts";
import { whatHappened } from "./what-happened.ts";

const time = z.iso.datetime();

export const RUN_VIEW = z.object({
  runId: z.string(),
  userId: z.string(),
  username: z.string(),
  operation: z.enum(OPERATIONS),
  workerId: z.string(),
  hostId: z.string(),
  startedAt: time,
  endedAt: time.nullable(),
  outcome: z.enum(OUTCOMES).nullable().describe("null while it goes on."),
  errorCode: z.string().nullable(),
  message: z.string().nullable(),
  seconds: z.number().nullable(),
  resourceChanges: z.record(z.string(), z.number()).nullable(),
  resources: z.array(z.object({ type: z.string(), name: z.string(), operation: z.string(), seconds: z.number(),
    id: z.string().nullable().describe("The provider's id of it."),
    outputs: z.record(z.string(), z.string()).describe("As far as they are short and no secret."),
    changed: z.array(z.object({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() })).describe("What the step changed, property by property."),
  })).nullable(),
  cause: z.object({ kind: z.enum(CAUSE_KINDS), requestedBy: z.string().describe("An operator's user id, the user's own, or `automatic`."), reason: z.string().nullable() }).nullable().describe("Who or what has it done; null: not known."),
}).meta({ id: "Run" });

export type RunView = z.output<typeof RUN_VIEW>;

export function runView(run: RunRecord): RunView {
  const { runId, userId, username, operation, workerId, hostId, outcome, errorCode, message, seconds } = run;
  return {
    runId, userId, username, operation, workerId, hostId, outcome, errorCode, seconds,
    message: message === null ? null : whatHappened(message, { code: errorCode }),
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
    resourceChanges: run.resourceChanges ? { ...run.resourceChanges } : null,
    resources: run.resources ? run.resources.map(({ type, name, operation: done, seconds: took, id, outputs, changed }) => ({ type, name, operation: done, seconds: took, id: id ?? null, outputs: { ...outputs }, changed: [...(changed ?? [])] })) : null,
    cause: run.cause,
  };
}
