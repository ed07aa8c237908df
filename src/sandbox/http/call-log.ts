import type { ApiName } from "./api.ts";

export interface Call {
  at: string;
  api: ApiName;
  method: string;
  /** Without the query: names and addresses may be in it, secrets never are. */
  path: string;
  query: string;
  /** null: the connection was cut without an answer. */
  status: number | null;
  /** Whether the API did what was asked (also true if the answer was lost). */
  handled: boolean;
}

const MAX_CALLS = 5_000;

/** Counts every request, and remembers the recent ones. Never holds a header or a body. */
export class CallLog {
  #counts = new Map<string, { api: ApiName; method: string; pattern: string; count: number }>();
  #calls: Call[] = [];

  record(call: Call, pattern: string): void {
    const key = `${call.api} ${call.method} ${pattern}`;
    const known = this.#counts.get(key) ?? { api: call.api, method: call.method, pattern, count: 0 };
    known.count += 1;
    this.#counts.set(key, known);
    this.#calls.push(call);
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
  }

  get counts(): { api: ApiName; method: string; pattern: string; count: number }[] {
    return [...this.#counts.values()];
  }

  get recent(): Call[] {
    return [...this.#calls];
  }

  total(api: ApiName): number {
    return this.counts.filter((one) => one.api === api).reduce((sum, one) => sum + one.count, 0);
  }

  clear(): void {
    this.#counts = new Map();
    this.#calls = [];
  }
}
