/** A preview with refresh by the plain Pulumi CLI, as the engine's own events tell of it. */
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { UserVpsError } from "../../../providers/core/errors.ts";
import { isRefusal } from "../../drift/refusal.ts";
import { failureOf } from "../../provisioning/failure.ts";
import type { FailedRun } from "../../provisioning/failure.ts";
import type { EventLog } from "./event-log.ts";
import { runUntil } from "./pulumi-run.ts";
import type { EngineRun } from "./pulumi-run.ts";

export interface PreviewOutcome {
  readonly events: readonly EngineEvent[];
  /** Why `up` would be refused. */
  readonly refusal: UserVpsError | undefined;
}

/** Changes nothing, neither there nor in the state. Errors: of the engine, as a UserVpsError. */
export async function previewWithEvents(stack: Pick<FailedRun, "stackName" | "isOfService">, args: readonly string[], { cwd, env }: EngineRun, log: EventLog, signal: AbortSignal): Promise<PreviewOutcome> {
  const { ok, output, end } = await runUntil(["preview", "--refresh", ...log.args, ...args], { cwd, env: { ...env, ...log.env } }, signal);
  const events = await log.read();
  if (ok) return { events, refusal: undefined };
  const errors = events.flatMap(({ diagnosticEvent }) => (diagnosticEvent?.severity === "error" ? [diagnosticEvent.message] : []));
  const failure = failureOf({ ...stack, errors, output, end });
  if (!isRefusal(failure)) throw failure;
  return { events, refusal: failure };
}
