/** Values of the engine's events as text for people. */
import { shortened } from "../../providers/core/cut-text.ts";

/** Marks a secret in the engine's events; the value itself is cut out of them. */
const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";
/** Stands for a value that is not known before `up`. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const LONGEST = 300;

export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN;
}

/** Whether it is a secret, or holds one. */
export function holdsSecret(value: unknown): boolean {
  return isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(holdsSecret));
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && SECRET_SIGNATURE in value;
}

/** Secrets and values that are only known afterwards as what they are; objects with their keys in order. */
export function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "none";
  if (isSecret(value)) return "[secret]";
  if (isUnknown(value)) return "[known after up]";
  const text = typeof value === "string" ? value : JSON.stringify(value, inOrder);
  return shortened(text, LONGEST);
}

function inOrder(_key: string, value: unknown): unknown {
  if (isSecret(value)) return "[secret]";
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
