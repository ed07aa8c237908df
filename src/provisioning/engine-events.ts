import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { changedProperties } from "./changed-properties.ts";
import type { EngineProgress, RunResult } from "./engine.ts";

/** Types that the engine itself brings along: not of anybody's interest. */
const ENGINE_TYPES = /^pulumi:(pulumi|providers):/;

export interface RunListener {
  readonly onEvent: (event: EngineEvent) => void;
  /** What providers and engine call errors, so far. */
  readonly errors: readonly string[];
  /** By the engine's last summary. */
  readonly changes: () => RunResult["changes"];
}

/** Listens to the events of one run, and passes on what they tell. */
export function listenToRun(onProgress: (event: EngineProgress) => void): RunListener {
  const errors: string[] = [];
  let changes: RunResult["changes"] = {};
  const translate = createEventTranslator((event) => {
    if (event.kind === "message" && event.severity === "error") errors.push(event.text);
    onProgress(event);
  });
  return {
    onEvent(event) {
      if (event.summaryEvent) changes = event.summaryEvent.resourceChanges ?? {};
      translate(event);
    },
    errors,
    changes: () => changes,
  };
}

/** Translates one run's events of the engine; keeps when each resource was begun. */
export function createEventTranslator(onProgress: (event: EngineProgress) => void): (event: EngineEvent) => void {
  const begunMs = new Map<string, number>();
  const started = (metadata: Metadata) => {
    begunMs.set(metadata.urn, performance.now());
    onProgress({ kind: "resource-started", ...named(metadata) });
  };
  const ended = (metadata: Metadata, failed: boolean) => {
    const seconds = (performance.now() - (begunMs.get(metadata.urn) ?? performance.now())) / 1_000;
    onProgress({ kind: "resource-ended", ...named(metadata), seconds: Math.round(seconds * 1_000) / 1_000, failed, outputs: metadata.new?.outputs ?? {}, id: metadata.new?.id ?? "", changed: changedProperties(metadata) });
  };
  return (event) => {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (resourcePreEvent && isOurs(resourcePreEvent.metadata)) started(resourcePreEvent.metadata);
    if (resOutputsEvent && isOurs(resOutputsEvent.metadata)) ended(resOutputsEvent.metadata, false);
    if (resOpFailedEvent && isOurs(resOpFailedEvent.metadata)) ended(resOpFailedEvent.metadata, true);
    if (diagnosticEvent) {
      const severity = severityOf(diagnosticEvent.severity);
      const text = diagnosticEvent.message.trimEnd();
      if (severity && text) onProgress({ kind: "message", severity, text });
    }
  };
}

interface ResourceState {
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface Metadata {
  readonly urn: string;
  readonly type: string;
  readonly op: string;
  /** As it is after the step; secrets are blotted out. */
  readonly new?: ResourceState | undefined;
  readonly old?: ResourceState | undefined;
}

function isOurs({ type }: Metadata): boolean {
  return !ENGINE_TYPES.test(type);
}

function named({ urn, type, op }: Metadata) {
  return { type, name: urn.split("::").at(-1) ?? urn, operation: op };
}

function severityOf(severity: string): "info" | "warning" | "error" | undefined {
  if (severity === "info" || severity === "info#err") return "info";
  return severity === "warning" || severity === "error" ? severity : undefined;
}
