/** What the engine tells of a run of the plain Pulumi CLI, event by event. Secrets are blotted out in it. */
import { readFile } from "node:fs/promises";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { holdsSecret } from "../../drift/shown-value.ts";

export interface EventLog {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Those of the run, when it has ended; none if it did not come so far. */
  read(): Promise<readonly EngineEvent[]>;
}

/** @param file that is not there yet, in a folder into which nobody else looks */
export function eventLog(file: string): EventLog {
  return {
    args: ["--event-log", file],
    // The option is one of those that Pulumi keeps for programs: its own Automation API sets the variable too.
    env: { PULUMI_DEBUG_COMMANDS: "true" },
    async read() {
      const text = await readFile(file, "utf8").catch(() => "");
      return text.split("\n").filter((line) => line.trim() !== "").map(parseEvent);
    },
  };
}

function parseEvent(line: string): EngineEvent {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch (error) {
    throw new UserVpsError("ENGINE_FAILED", "The engine's events are not as expected: a line of them is not JSON.", { cause: error, next: "Use the Pulumi version that `user-vps doctor` names." });
  }
}

export interface Updated {
  /** How many resources, by what was done with them. */
  readonly changes: Readonly<Record<string, number>>;
  /** The stack's; a secret is `[secret]`. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

const STACK_TYPE = "pulumi:pulumi:Stack";

/** What an `up` has done; a preview that was shown before it does not count. */
export function updatedByEvents(events: readonly EngineEvent[]): Updated {
  const changes = events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  const ofStack = events.findLast(({ resOutputsEvent }) => resOutputsEvent?.metadata.type === STACK_TYPE);
  const outputs = Object.entries(ofStack?.resOutputsEvent?.metadata.new?.outputs ?? {});
  return { changes, outputs: Object.fromEntries(outputs.map(([name, value]) => [name, holdsSecret(value) ? "[secret]" : value])) };
}
