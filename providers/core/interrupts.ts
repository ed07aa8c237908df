/** What a terminal or a supervisor tells a process with: Ctrl-C, `kill`, and the end of the terminal itself. */
import { SECOND_MS } from "./time.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A terminal sends its Ctrl-C to npm and to what npm runs, and npm passes it on: for so long it is the same one. */
const SAME_MS = SECOND_MS;

/** @param handle gets each signal, and how many there have been with it */
export function onInterrupts(handle: (signal: NodeJS.Signals, count: number) => void): void {
  const lastMs = new Map<NodeJS.Signals, number>();
  let count = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (nowMs - (lastMs.get(signal) ?? -Infinity) < SAME_MS) return;
    lastMs.set(signal, nowMs);
    count += 1;
    handle(signal, count);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}
