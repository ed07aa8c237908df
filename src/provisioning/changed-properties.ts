/** What a step of the engine changes of a resource, property by property, from its events: secrets are blotted out there. */
import { beginningOf } from "../../providers/core/cut-text.ts";
import type { ChangedProperty } from "../records/index.ts";

const LONGEST = 300;
const MOST = 50;

interface Step {
  readonly op: string;
  readonly old?: { readonly inputs?: Readonly<Record<string, unknown>>; readonly outputs?: Readonly<Record<string, unknown>> } | undefined;
  readonly new?: Step["old"];
}

/** Of `update` and of what takes the place of another; what is there for the first time has nothing before. */
export function changedProperties({ op, old, new: now }: Step): ChangedProperty[] {
  if (!/^(update|replace|create-replacement)$/.test(op) || !old || !now) return [];
  // What was declared tells more than what came of it; drift that an update mends shows in the outputs alone.
  const declared = differences(old.inputs ?? {}, now.inputs ?? {});
  const known = new Set(declared.map(({ name }) => name));
  return [...declared, ...differences(old.outputs ?? {}, now.outputs ?? {}).filter(({ name }) => !known.has(name))].slice(0, MOST);
}

function differences(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): ChangedProperty[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !name.startsWith("__"));
  return names
    .map((name) => ({ name, before: textOf(before[name]), after: textOf(after[name]) }))
    .filter((property) => property.before !== property.after)
    .map(({ name, before: was, after: is }) => ({ name, before: shortened(was), after: shortened(is) }));
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shortened(text: string | null): string | null {
  return text !== null && text.length > LONGEST ? `${beginningOf(text, LONGEST)}… (${text.length} characters)` : text;
}
