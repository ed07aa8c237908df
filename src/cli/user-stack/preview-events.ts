/** A preview with refresh by the plain Pulumi CLI, as the engine's own events tell of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { isRefusal } from "../../drift/refusal.ts";
import { failureOf } from "../../provisioning/failure.ts";
import { runUntil } from "./pulumi-run.ts";
import type { EngineRun } from "./pulumi-run.ts";

export interface PreviewOutcome {
  readonly events: readonly EngineEvent[];
  /** Why `up` would be refused. */
  readonly refusal: UserVpsError | undefined;
}

/**
 * Changes nothing, neither there nor in the state. Errors: of the engine, as a UserVpsError.
 *
 * @param folder for the events; nobody else may read it
 */
export async function previewWithEvents(stackName: string, { cwd, env }: EngineRun, folder: string, signal: AbortSignal): Promise<PreviewOutcome> {
  const file = join(folder, "events.jsonl");
  // The option is one of those that Pulumi keeps for programs: its own Automation API sets the variable too.
  const run = { cwd, env: { ...env, PULUMI_DEBUG_COMMANDS: "true" } };
  const { ok, output, end } = await runUntil(["preview", "--refresh", "--event-log", file, "--stack", stackName], run, signal);
  const text = await readFile(file, "utf8").catch(() => "");
  const events = text.split("\n").filter((line) => line.trim() !== "").map(parseEvent);
  if (ok) return { events, refusal: undefined };
  const errors = events.flatMap(({ diagnosticEvent }) => (diagnosticEvent?.severity === "error" ? [diagnosticEvent.message] : []));
  const failure = failureOf({ stackName, errors, output, end });
  if (!isRefusal(failure)) throw failure;
  return { events, refusal: failure };
}

function parseEvent(line: string): EngineEvent {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch (error) {
    throw new UserVpsError("ENGINE_FAILED", "The engine's events are not as expected: a line of them is not JSON.", { cause: error, next: "Use the Pulumi version that `user-vps doctor` names." });
  }
}
