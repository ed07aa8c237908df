import type { ApiName } from "./api.ts";

/** What goes wrong with a request. */
export type Fault =
  /** The request arrives late (`before`, the default) or its answer does (`after`). */
  | { kind: "delay"; delayMs: number; when?: "before" | "after" }
  /** An error instead of the effect, or, with `afterEffect`, an error although it happened. */
  | {
      kind: "status";
      status: number;
      retryAfterSeconds?: number;
      headers?: Record<string, string>;
      body?: unknown;
      afterEffect?: boolean;
    }
  /** The connection is cut; nothing has happened. */
  | { kind: "drop-before" }
  /** The effect happens, then the connection is cut without an answer. */
  | { kind: "drop-after" }
  /** Nothing happens and nothing is answered until the client gives up. */
  | { kind: "hang" }
  /** 200 with a body that is no JSON; nothing has happened. */
  | { kind: "garbage" };

export interface FaultRule {
  api: ApiName;
  method?: string;
  /** The beginning of the path, or a regular expression for it. */
  path?: string;
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

  take(api: ApiName, method: string, path: string): Fault | undefined {
    for (const rule of this.#rules) {
      if (rule.api !== api || (rule.method !== undefined && rule.method !== method)) continue;
      if (!rule.pattern.test(path) || !isAwake(rule)) continue;
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
