/** The drift of one stack, property by property, from the events of a preview with refresh. */
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { StackRequest } from "../provisioning/engine.ts";
import { createRedactor } from "../provisioning/redact.ts";
import type { PreviewWithRefresh } from "./preview-events.ts";
import { isUnknown, shown } from "./shown-value.ts";

export interface PropertyDrift {
  readonly name: string;
  /** As text; `[secret]` for a secret. */
  readonly declared: string;
  readonly actual: string;
  /** `change in place`, `make it anew`, `take note of it`, `refused: …`, … */
  readonly whatUpWouldDo: string;
}

export interface ResourceDrift {
  /** Its name in the stack: `vm`. */
  readonly resource: string;
  /** Without its package: `VirtualMachine`. */
  readonly type: string;
  readonly properties: readonly PropertyDrift[];
  readonly whatUpWouldDo: string;
}

export interface StackDrift {
  readonly username: string;
  /** Only those that differ, or that `up` would change. */
  readonly resources: readonly ResourceDrift[];
  /** How many resources those are. */
  readonly changes: number;
  /** Why `up` would be refused. */
  readonly refusal: string | null;
}

/** Looks at what is really there and tells what differs. Changes nothing. Errors: of the engine, as a UserVpsError. */
export async function stackDrift(preview: PreviewWithRefresh, stack: StackRequest, signal?: AbortSignal): Promise<StackDrift> {
  const events: EngineEvent[] = [];
  const { refusal } = await preview(stack, (event) => events.push(event), signal);
  return driftFromEvents(stack.stackName, events, refusal?.message);
}

/** For a command line in CI: 0 none, 2 drift. An error is 1. */
export function exitCodeOf({ changes, refusal }: StackDrift): 0 | 2 {
  return changes > 0 || refusal !== null ? 2 : 0;
}

type StepMetadata = NonNullable<EngineEvent["resOutputsEvent"]>["metadata"];
type Values = Readonly<Record<string, unknown>>;

interface Look {
  readonly urn: string;
  readonly type: string;
  /** By the refresh: what was known, and what is there. */
  refreshed?: StepMetadata;
  /** By the preview: what `up` would do. */
  planned?: StepMetadata;
}

const ENGINE_TYPES = /^pulumi:(pulumi|providers):/;

/** Differ without anything having drifted. */
const NOISE: ReadonlySet<string> = new Set(["__provider", "createdOn", "modifiedOn", "commentModifiedOn", "tagsModifiedOn", "meta"]);

const ACTIONS: Readonly<Record<string, string>> = {
  same: "take note of it", update: "change in place", create: "make it anew", delete: "remove it",
  replace: "replace it", "create-replacement": "replace it", "delete-replaced": "replace it", read: "take note of it",
};

/** By the events of a preview with refresh. @param refusal why `up` would be refused */
export function driftFromEvents(username: string, events: readonly EngineEvent[], refusal: string | undefined): StackDrift {
  const redactor = createRedactor();
  const clean = (text: string) => redactor.redact(text);
  const looks = new Map<string, Look>();
  let refusedUrn: string | undefined;
  for (const { resOutputsEvent, resourcePreEvent, diagnosticEvent } of events) {
    if (refusal && diagnosticEvent?.severity === "error" && diagnosticEvent.urn && !ENGINE_TYPES.test(typeOf(diagnosticEvent.urn))) refusedUrn ??= diagnosticEvent.urn;
    const metadata = (resOutputsEvent ?? resourcePreEvent)?.metadata;
    if (!metadata || ENGINE_TYPES.test(metadata.type)) continue;
    const look: Look = looks.get(metadata.urn) ?? { urn: metadata.urn, type: metadata.type };
    looks.set(metadata.urn, look);
    if (String(metadata.op) !== "refresh") look.planned = metadata;
    else if (resOutputsEvent) look.refreshed = metadata;
  }
  const resources = [...looks.values()].flatMap((look) => {
    const drift = resourceDrift(look, whatUpWouldDo(look, refusal && clean(refusal), refusedUrn));
    return drift ? [drift] : [];
  });
  // The engine looks at several at a time, now in this order and now in that.
  resources.sort((a, b) => (a.resource < b.resource ? -1 : 1));
  return { username, resources, changes: resources.length, refusal: refusal ? clean(refusal) : null };
}

function whatUpWouldDo({ urn, planned }: Look, refusal: string | undefined, refusedUrn: string | undefined): string {
  if (refusal && urn === refusedUrn) return `refused: ${refusal}`;
  if (!planned) return refusal ? "nothing: `up` is refused before it comes to this" : "nothing";
  return ACTIONS[String(planned.op)] ?? String(planned.op);
}

function resourceDrift(look: Look, action: string): ResourceDrift | undefined {
  const { urn, type, planned } = look;
  const properties = [...differences(look)].map(([name, [declared, actual]]) => ({ name, declared, actual, whatUpWouldDo: action }));
  const onlyFollows = Object.values(valuesOf(planned?.new?.inputs)).some(isUnknown);
  if (properties.length === 0 && (!planned || planned.op === "same" || onlyFollows) && !action.startsWith("refused")) return undefined;
  return { resource: urn.slice(urn.lastIndexOf("::") + 2), type: type.slice(type.lastIndexOf(":") + 1), properties, whatUpWouldDo: action };
}

/** What the refresh found to differ, then what is declared otherwise by now; [declared, actual] by name. */
function differences({ refreshed, planned }: Look): Map<string, [declared: string, actual: string]> {
  const found = new Map<string, [string, string]>();
  const known = valuesOf(refreshed?.old?.outputs);
  const actual = valuesOf(refreshed?.new?.outputs);
  if (refreshed?.old && !refreshed.new) return found.set("exists", ["true", "false"]);
  for (const name of namesOf(known, actual)) add(name, known[name], actual[name]);
  if (planned && ["update", "replace", "create-replacement"].includes(String(planned.op))) {
    const there = { ...valuesOf(planned.old?.inputs), ...valuesOf(planned.old?.outputs) };
    const declared = valuesOf(planned.new?.inputs);
    for (const name of Object.keys(declared)) if (!found.has(name)) add(name, declared[name], there[name]);
  }
  return found;

  function add(name: string, declared: unknown, isThere: unknown): void {
    if (NOISE.has(name)) return;
    // What depends on a change elsewhere may come out the same. Two secrets that differ look alike: the engine hands out neither.
    const [a, b] = [shown(declared), shown(isThere)];
    if (!isUnknown(declared) && a !== b) found.set(name, [a, b]);
  }
}

function namesOf(...values: Values[]): Set<string> {
  return new Set(values.flatMap((one) => Object.keys(one)));
}

function valuesOf(values: unknown): Values {
  return (values ?? {}) as Values;
}

function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
