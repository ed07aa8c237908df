import type { ApiName } from "./api.ts";

/** Whether what was asked for happens although it is not answered as it should be; if neither is given, it does not. */
export interface LateEffect {
  /** It has happened when the fault shows. */
  afterEffect?: boolean;
  /** It happens this long after the fault has shown, whether the client is still there or not. */
  effectAfterMs?: number;
}

/** How an answer is sent. */
export interface Sending {
  /** It is held back this long. */
  holdMs?: number;
  /** These are sent in place of the API's own; an empty text leaves one out. */
  headers?: Record<string, string>;
  /** The connection breaks after so many bytes of the body; the headers promise all of it. */
  cutAfterBytes?: number;
  /** The body ends, in good order, after so many bytes. */
  keepBytes?: number;
  /** The body comes in pieces of so many bytes (1 if left out), one every `dripEveryMs`. */
  dripBytes?: number;
  dripEveryMs?: number;
}

/** What is different in an answer's body: `data.*.content` is that field of every one of `data`. */
export interface Edit {
  path: string;
  /** Left out: the field is taken away. */
  value?: unknown;
}

/** What goes wrong with a request. */
export type Fault =
  /** The request arrives late (`before`, the default) or its answer does (`after`). */
  | { kind: "delay"; delayMs: number; when?: "before" | "after" }
  /** What was asked for happens, and the API's own answer comes, but edited, in part, late or slowly. */
  | ({ kind: "answer"; edits?: Edit[] } & Sending)
  /** An answer with this status, 200 and up. A text as body is sent as it is, anything else as JSON; left out, it is the API's error. */
  | ({ kind: "status"; status: number; retryAfterSeconds?: number; body?: unknown } & LateEffect & Sending)
  /** The connection is closed; nothing has happened. */
  | { kind: "drop-before" }
  /** The effect happens, then the connection is closed without an answer. */
  | { kind: "drop-after" }
  /** The connection is reset (RST) without an answer. */
  | ({ kind: "reset" } & LateEffect)
  /** Nothing is answered until the client gives up. */
  | ({ kind: "hang" } & LateEffect)
  /** 200 with a body that is no JSON; nothing has happened. */
  | { kind: "garbage" };

export interface FaultRule {
  api: ApiName;
  method?: string;
  /** The beginning of the path, or a regular expression for it. */
  path?: string;
  /** A text that the request's body has to hold: a host name, for example. */
  bodyHas?: string;
  /** How many requests it hits; 0 is all until it is cleared. Default 1. */
  times?: number;
  /** How many matching requests pass before the first is hit. */
  skip?: number;
  /** Sleeps this long after it was set. */
  afterMs?: number;
  /** Ends this long after it has woken. */
  forMs?: number;
  fault: Fault;
}

interface ArmedRule extends FaultRule {
  id: number;
  setAtMs: number;
  pattern: RegExp;
  seen: number;
  hits: number;
}

/** Rules are tried in the order in which they were set; the first that fits a request is used up by it. */
export class Faults {
  #rules: ArmedRule[] = [];
  #nextId = 1;

  /** Throws a SyntaxError if `path` is not a regular expression. */
  add(rule: FaultRule): number {
    const pattern = new RegExp(`^(?:${rule.path ?? ""})`);
    this.#rules.push({ ...rule, id: this.#nextId, setAtMs: Date.now(), pattern, seen: 0, hits: 0 });
    return this.#nextId++;
  }

  take(api: ApiName, method: string, path: string, body: string): Fault | undefined {
    for (const rule of this.#rules) {
      if (rule.api !== api || (rule.method !== undefined && rule.method !== method)) continue;
      if (!rule.pattern.test(path) || !body.includes(rule.bodyHas ?? "") || !isAwake(rule)) continue;
      const times = rule.times ?? 1;
      if (times !== 0 && rule.hits >= times) continue;
      rule.seen += 1;
      if (rule.seen <= (rule.skip ?? 0)) continue;
      rule.hits += 1;
      return rule.fault;
    }
    return undefined;
  }

  list(): (FaultRule & { id: number; hits: number })[] {
    return this.#rules.map(({ pattern: _pattern, setAtMs: _setAtMs, seen: _seen, ...rule }) => rule);
  }

  /** Whether there was such a rule. */
  remove(id: number): boolean {
    const before = this.#rules.length;
    this.#rules = this.#rules.filter((rule) => rule.id !== id);
    return this.#rules.length < before;
  }

  clear(): void {
    this.#rules = [];
  }
}

function isAwake(rule: ArmedRule): boolean {
  const ageMs = Date.now() - rule.setAtMs - (rule.afterMs ?? 0);
  return ageMs >= 0 && (rule.forMs === undefined || ageMs < rule.forMs);
}
