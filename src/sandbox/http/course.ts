import type { Api } from "./api.ts";
import type { Edit, Fault, Sending } from "./faults.ts";
import type { ApiAnswer } from "./router.ts";

/** What becomes of one request. Every kind of fault is one of these. */
export interface Course {
  /** Before anything else. */
  delayMs: number;
  effect: "never" | "first" | { afterMs: number };
  /** `own`: what the API answers, which needs the effect first. */
  answer: "own" | "nothing" | "close" | "reset" | ApiAnswer;
  edits: readonly Edit[];
  sending: Sending;
}

const ORDINARY: Course = { delayMs: 0, effect: "first", answer: "own", edits: [], sending: {} };

export function courseOf(fault: Fault | undefined, api: Api): Course {
  switch (fault?.kind) {
    case undefined:
      return ORDINARY;
    case "delay":
      return fault.when === "after" ? { ...ORDINARY, sending: { holdMs: fault.delayMs } } : { ...ORDINARY, delayMs: fault.delayMs };
    case "answer":
      return { ...ORDINARY, edits: fault.edits ?? [], sending: fault };
    case "status":
      return { ...ORDINARY, effect: effectOf(fault), answer: madeUp(fault, api), sending: fault };
    case "garbage":
      return { ...ORDINARY, effect: "never", answer: { status: 200, body: "<html>not what you asked for</html>" } };
    case "drop-before":
      return { ...ORDINARY, effect: "never", answer: "close" };
    case "drop-after":
      return { ...ORDINARY, answer: "close" };
    case "reset":
      return { ...ORDINARY, effect: effectOf(fault), answer: "reset" };
    case "hang":
      return { ...ORDINARY, effect: effectOf(fault), answer: "nothing" };
  }
}

function effectOf(fault: { afterEffect?: boolean; effectAfterMs?: number }): Course["effect"] {
  if (fault.effectAfterMs !== undefined) return { afterMs: fault.effectAfterMs };
  return fault.afterEffect === true ? "first" : "never";
}

function madeUp(fault: Extract<Fault, { kind: "status" }>, api: Api): ApiAnswer {
  const retryAfter: Record<string, string> = fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  const body = fault.body === undefined ? api.errorOf(fault.status).body : fault.body;
  return { status: fault.status, body, headers: retryAfter };
}

/** The body with the edits made; fields that are not there on the way are not looked into. */
export function edited(body: unknown, edits: readonly Edit[]): unknown {
  if (edits.length === 0) return body;
  let copy: unknown = JSON.parse(JSON.stringify(body));
  for (const edit of edits) copy = edit.path === "" ? (edit.value ?? null) : editAt(copy, edit.path.split("."), edit);
  return copy;
}

function editAt(at: unknown, [field = "", ...rest]: string[], edit: Edit): unknown {
  if (typeof at !== "object" || at === null) return at;
  const holder = at as Record<string, unknown>;
  for (const key of field === "*" ? Object.keys(holder) : [field]) {
    if (rest.length > 0) holder[key] = editAt(holder[key], rest, edit);
    else if ("value" in edit) holder[key] = edit.value;
    else if (Array.isArray(at)) at.splice(Number(key), 1);
    else delete holder[key];
  }
  return at;
}
