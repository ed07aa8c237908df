import { monotonicMs } from "./time.ts";

/** So long the same answer serves. */
export interface Keeping {
  readonly keptMs: number;
  /** Of a failure; not at all unless given. */
  readonly failureKeptMs?: number;
}

/** Asks once in a while, for all who want to know, also at the same time. */
export function kept<T, Args extends readonly unknown[]>({ keptMs, failureKeptMs = 0 }: Keeping, ask: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  let known: { untilMs: number; readonly answer: Promise<T> } | undefined;
  return (...args) => {
    if (known && monotonicMs() < known.untilMs) return known.answer;
    const asked = (known = { untilMs: monotonicMs() + keptMs, answer: ask(...args) });
    asked.answer.catch(() => { asked.untilMs = monotonicMs() + failureKeptMs; });
    return asked.answer;
  };
}
