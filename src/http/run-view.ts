import { z } from "zod";
import { OPERATIONS, OUTCOMES, type RunRecord } from "../records/index.ts";
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
  resources: z.array(z.object({ type: z.string(), name: z.string(), operation: z.string(), seconds: z.number() })).nullable(),
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
    resources: run.resources ? run.resources.map(({ type, name, operation: done, seconds: took }) => ({ type, name, operation: done, seconds: took })) : null,
  };
}
