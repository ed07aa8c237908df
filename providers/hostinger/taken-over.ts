/**
 * What the resources that a run declares stand for, though another resource of the state stands for it as well. One that has
 * got another name in its program, or is replaced though nothing of it differs (`--replace`, `pulumi state taint`), takes over
 * what the one of before stands for, whose deletion comes later in the same run, or, where that fails, in the next: it must
 * leave that be.
 *
 * - `create` notes what it has come to stand for.
 * - Of what is there already, `diff` tells the id. But a refresh asks for differences as well, also in a run that destroys
 *   everything: only where `check` has seen the very same inputs before does the program declare the resource. What is
 *   replaced after all (`--replace` asks for no difference) is created with these inputs, and is noted no more.
 */
import { createHash } from "node:crypto";
import { whenEngineIsLeft } from "../core/engine-liveness.ts";
import { reportProgress } from "../core/progress.ts";
import { withoutProvider } from "./property-values.ts";

type Kind = "VM" | "post-install script" | "firewall" | "reverse DNS entry";
type Values = Record<string, unknown>;

/** By their inputs: what resources stand for that are declared, and were there before this run. */
const declared = new Map<string, Set<string>>();
/** What `create` of this run has come to stand for. */
const created = new Set<string>();

function forget(): void {
  declared.clear();
  created.clear();
}

/** By `check`: the program has a resource with these inputs. */
export function noteDeclared(kind: Kind, inputs: Values): void {
  declared.set(keyOf(kind, inputs), declared.get(keyOf(kind, inputs)) ?? new Set());
  whenEngineIsLeft(forget);
}

/**
 * By `diff` where nothing is to be replaced.
 *
 * @param id among those of its kind
 */
export function noteKept(kind: Kind, id: number | string, inputs: Values): void {
  declared.get(keyOf(kind, inputs))?.add(nameOf(kind, id));
}

/** By `create`, before anything else. */
export function noteCreating(kind: Kind, inputs: Values): void {
  declared.delete(keyOf(kind, inputs));
}

/** @param id among those of its kind */
export function noteTakenOver(kind: Kind, id: number | string): void {
  created.add(nameOf(kind, id));
  whenEngineIsLeft(forget);
}

/** Whether another resource of this run stands for it by now; the person is told. */
export function isAnothersNow(kind: Kind, id: number | string): boolean {
  const name = nameOf(kind, id);
  if (!created.has(name) && ![...declared.values()].some((names) => names.has(name))) return false;
  reportProgress(`${name} stays: another resource has taken it over`);
  return true;
}

function nameOf(kind: Kind, id: number | string): string {
  return `${kind} ${id}`;
}

/** Inputs hold secrets, which nothing has to keep; and the engine sends their properties in any order. */
function keyOf(kind: Kind, inputs: Values): string {
  return createHash("sha256").update(JSON.stringify([kind, withoutProvider(inputs)], inOrder)).digest("base64");
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
